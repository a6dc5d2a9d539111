//! What happens to HDFS while an import is written and published: old or new, and the next run works.

use crate::proxy::{Proxy, Verdict, Way, holds};
use crate::services::Services;
use crate::world::{Kind, World};
use comptoir_batch::cli::Exit;
use comptoir_batch::import::{ImportError, ImportReport, import};
use comptoir_config::clock;
use comptoir_lake::{Lake, LakeError, LakeOptions, Retry};
use comptoir_model::ids::RunId;
use comptoir_model::manifest::Manifest;
use indicatif::ProgressBar;
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpListener;

/// For each call, so that a `NameNode` that is gone is not waited for long.
const LIMIT: Duration = Duration::from_secs(4);

async fn import_into(world: &World, lake: &Lake) -> Result<ImportReport, ImportError> {
    import_as(RunId::new(clock::now(), clock::random_u32()), world, lake).await
}

async fn import_as(run: RunId, world: &World, lake: &Lake) -> Result<ImportReport, ImportError> {
    let request = world.request("t", 2);
    let progress = ProgressBar::hidden();
    let importing = import(&world.source, lake, &request, run, clock::now, &progress);
    Box::pin(importing).await
}

fn lake(world: &World, url: &str) -> Lake {
    let options = LakeOptions {
        timeout: LIMIT,
        hadoop_conf_dir: world.hadoop_conf_dir.clone(),
    };
    Lake::open(url, options).unwrap()
}

fn name_node(world: &World) -> &str {
    world.lake_url.strip_prefix("hdfs://").unwrap()
}

fn through(world: &World, proxy: &Proxy) -> Lake {
    lake(world, &format!("hdfs://{}", proxy.address))
}

/// One row in the old import, and as many as these in the new one.
const NEW_ROWS: usize = 2000;

async fn an_old_import(world: &World) {
    world.sql("CREATE TABLE t (id INT PRIMARY KEY, note VARCHAR(50)); INSERT INTO t VALUES (1, 'old')").await;
    world.import(&world.request("t", 1)).await.unwrap();
    world.sql("DROP TABLE t").await;
    world.numbered_table(2000).await;
}

/// Readers have the old import or the new one, whole; the next run publishes the new one.
async fn old_or_new_and_the_next_run_works(world: &World) -> usize {
    let found = world.rows().await.len();
    assert!([1, NEW_ROWS].contains(&found), "{found} rows");
    world.import(&world.request("t", 2)).await.unwrap();
    assert_eq!(world.rows().await.len(), NEW_ROWS);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_write_is_told_where_and_the_old_import_stays() {
    World::with(Kind::MariaDb, async |world: &World| {
        an_old_import(world).await;
        let nobody = lake(world, &format!("hdfs://nobody@{}", name_node(world)));
        let error = import_into(world, &nobody).await.unwrap_err();
        assert!(
            matches!(error, ImportError::Lake(LakeError::PermissionDenied { .. })),
            "{error}"
        );
        assert_eq!((error.exit(), error.retry()), (Exit::Failed, Retry::CanNot));
        let said = error.to_string();
        assert!(
            said.contains("nobody") && said.contains("\nhint: check its owner and mode"),
            "{said}"
        );
        assert_eq!(old_or_new_and_the_next_run_works(world).await, 1);
    })
    .await;
}

fn administrate(arguments: &[&str]) {
    let services = Services::find();
    let class_path = format!(
        "{}:{}/lib/hadoop/*",
        services.get("HADOOP_CONF_DIR", "hdfs"),
        services.get("COMPTOIR_SERVICES_DIR", "hdfs")
    );
    let output = Command::new("java")
        .args([
            "-Xmx256m",
            "-cp",
            &class_path,
            "org.apache.hadoop.hdfs.tools.DFSAdmin",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_without_room_is_named_and_the_old_import_stays() {
    World::with(Kind::MariaDb, async |world: &World| {
        an_old_import(world).await;
        // Less than the block that the NameNode sets aside for a file.
        administrate(&["-setSpaceQuota", "1m", world.root.as_str()]);
        let error = import_into(world, &world.lake).await.unwrap_err();
        assert!(
            matches!(error, ImportError::Lake(LakeError::NoSpace { .. })),
            "{error}"
        );
        assert_eq!((error.exit(), error.retry()), (Exit::Failed, Retry::CanNot));
        let said = error.to_string();
        assert!(
            said.contains("quota") && said.contains("\nhint: free or add space"),
            "{said}"
        );
        assert_eq!(world.rows().await.len(), 1);
        administrate(&["-clrSpaceQuota", world.root.as_str()]);
        assert_eq!(old_or_new_and_the_next_run_works(world).await, 1);
    })
    .await;
}

/// Where the `NameNode` goes away: at a request that holds all of these texts.
const MOMENTS: [(&str, &[&str]); 5] = [
    ("before", &[]),
    ("at a part's first block", &["addBlock"]),
    ("at a part's end", &["complete", "part-m-"]),
    ("at the manifest", &["create", "_manifest"]),
    ("at the decision", &["rename", "intent-"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_namenode_that_goes_away_for_good_leaves_the_old_import() {
    World::with(Kind::MariaDb, async |world: &World| {
        an_old_import(world).await;
        for (moment, texts) in MOMENTS {
            let proxy = Proxy::before(name_node(world), move |way, piece| {
                let is_it = way == Way::ToServer && texts.iter().all(|text| holds(piece, text));
                if is_it {
                    Verdict::CutAll
                } else {
                    Verdict::Pass
                }
            })
            .await;
            let error = import_into(world, &through(world, &proxy)).await;
            let error = error
                .map(|report| panic!("{moment}: {report}"))
                .unwrap_err();
            assert_eq!(error.exit(), Exit::LakeUnreachable, "{moment}: {error}");
            assert_ne!(error.retry(), Retry::CanNot, "{moment}: {error}");
            assert_eq!(world.rows().await.len(), 1, "{moment}");
        }
        assert_eq!(old_or_new_and_the_next_run_works(world).await, 1);
    })
    .await;
}

/// The request that decides gets through, its answer does not.
fn loses_the_answer(verdict: Verdict) -> impl FnMut(Way, &mut [u8]) -> Verdict {
    let mut asked = false;
    let mut lost = false;
    move |way, piece| {
        asked |= way == Way::ToServer && holds(piece, "rename") && holds(piece, "intent-");
        if asked && !lost && way == Way::ToClient {
            lost = true;
            return verdict;
        }
        Verdict::Pass
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_whose_answer_is_lost_is_found_out_by_reading_back() {
    World::with(Kind::MariaDb, async |world: &World| {
        // The NameNode is there again at once: the import finds out that it decided.
        an_old_import(world).await;
        let proxy = Proxy::before(name_node(world), loses_the_answer(Verdict::CutThis)).await;
        let report = import_into(world, &through(world, &proxy)).await.unwrap();
        let (manifest, _) = world.published().await;
        assert_eq!((manifest.run, manifest.parts.len()), (report.run, 2));
        assert_eq!(old_or_new_and_the_next_run_works(world).await, NEW_ROWS);

        // It stays away: nobody can say now. The next run completes what was decided, and then
        // replaces it.
        world.sql("DELETE FROM t WHERE id > 1").await;
        world.import(&world.request("t", 1)).await.unwrap();
        world.sql("DROP TABLE t").await;
        world.numbered_table(2000).await;
        let proxy = Proxy::before(name_node(world), loses_the_answer(Verdict::CutAll)).await;
        let run = RunId::new(clock::now(), clock::random_u32());
        let error = import_as(run.clone(), world, &through(world, &proxy))
            .await
            .unwrap_err();
        assert_eq!(error.exit(), Exit::LakeUnreachable, "{error}");
        assert_ne!(error.retry(), Retry::CanNot, "{error}");
        old_or_new_and_the_next_run_works(world).await;
        let state = world.root.join(".comptoir").unwrap().join("sales").unwrap();
        let mut replaced = 0;
        for entry in world.lake.list(&state).await.unwrap() {
            let manifest = entry.path.join("_manifest-1").unwrap();
            if let Ok(bytes) = world.lake.read(&manifest).await {
                let manifest: Manifest = serde_json::from_slice(&bytes).unwrap();
                replaced += usize::from(manifest.run == run);
            }
        }
        assert_eq!(
            replaced, 1,
            "the run whose decision was unknown became the target in between"
        );
    })
    .await;
}

/// Where the shared `DataNode` takes blocks.
fn data_node_port() -> u16 {
    let services = Services::find();
    let directory = services.get("HADOOP_CONF_DIR", "hdfs");
    let site = std::fs::read_to_string(format!("{directory}/hdfs-site.xml")).unwrap();
    let (_, address) = site
        .split_once("<name>dfs.datanode.address</name><value>")
        .unwrap();
    let (address, _) = address.split_once('<').unwrap();
    let (_, port) = address.rsplit_once(':').unwrap();
    port.parse().unwrap()
}

/// `DatanodeIDProto.xferPort` as the `NameNode` sends it.
fn as_protobuf(port: u16) -> Vec<u8> {
    let mut bytes = vec![0x20];
    let mut rest = port;
    while rest >= 0x80 {
        bytes.push(0x80 | u8::try_from(rest & 0x7f).unwrap());
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

/// A free port of which messages are as long as with `like`.
async fn listener_like(like: u16) -> TcpListener {
    for port in like + 1..u16::MAX {
        if as_protobuf(port).len() == as_protobuf(like).len()
            && let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await
        {
            return listener;
        }
    }
    panic!("no port is free")
}

/// The client goes where the `NameNode` sends it: to a proxy, which is gone in the middle of a block.
#[tokio::test(flavor = "multi_thread")]
async fn a_datanode_that_goes_away_while_a_part_is_written_leaves_the_old_import() {
    World::with(Kind::MariaDb, async |world: &World| {
        an_old_import(world).await;
        let port = data_node_port();
        let listener = listener_like(port).await;
        let (own, elsewhere) = (
            as_protobuf(port),
            as_protobuf(listener.local_addr().unwrap().port()),
        );
        let mut passed = 0;
        let _data_node = Proxy::at(listener, &format!("127.0.0.1:{port}"), move |way, piece| {
            passed += if way == Way::ToServer { piece.len() } else { 0 };
            if passed > 10_000 {
                Verdict::CutAll
            } else {
                Verdict::Pass
            }
        });
        let name_node = Proxy::before(name_node(world), move |way, piece| {
            if way == Way::ToClient {
                for at in 0..piece.len().saturating_sub(own.len()) {
                    if piece[at..].starts_with(&own) {
                        piece[at..at + own.len()].copy_from_slice(&elsewhere);
                    }
                }
            }
            Verdict::Pass
        })
        .await;
        let error = import_into(world, &through(world, &name_node))
            .await
            .unwrap_err();
        assert_eq!(error.exit(), Exit::LakeUnreachable, "{error}");
        assert_ne!(error.retry(), Retry::CanNot, "{error}");
        assert_eq!(old_or_new_and_the_next_run_works(world).await, 1);
    })
    .await;
}
