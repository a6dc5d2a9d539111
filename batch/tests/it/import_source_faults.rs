//! What happens to the source while it is read: an import ends, or shows one moment all the same.

use crate::proxy::{Proxy, Verdict, Way, holds};
use crate::world::{Kind, World};
use comptoir_batch::cli::Exit;
use comptoir_batch::import::{ImportError, ImportReport, ImportRequest, Selection, Source, import};
use comptoir_config::clock;
use comptoir_lake::{EntryKind, Retry};
use comptoir_model::ids::RunId;
use indicatif::ProgressBar;

/// More than what lies in buffers between the server and us.
const LONG_ANSWER: &str = "SELECT id, REPEAT('x', 5000) AS big FROM t WHERE $CONDITIONS";
const ROWS: u32 = 10_000;

/// Of which the rows are what passes.
const ENOUGH: usize = 500_000;

fn server(world: &World) -> String {
    let url = world.source.url.to_string();
    let (server, _) = url
        .strip_prefix("mysql://")
        .unwrap()
        .split_once('/')
        .unwrap();
    server.to_owned()
}

/// The same database, through a proxy that can read what passes.
fn through(world: &World, proxy: &Proxy) -> Source {
    let url = world.source.url.to_string();
    let url = url.replace(&server(world), &proxy.address.to_string());
    let url = format!("{url}?useSSL=false");
    Source {
        url: url.parse().unwrap(),
        login: world.source.login.clone(),
    }
}

pub(crate) async fn import_from(
    world: &World,
    source: &Source,
    request: &ImportRequest,
) -> Result<ImportReport, ImportError> {
    let run = RunId::new(clock::now(), clock::random_u32());
    let progress = ProgressBar::hidden();
    let importing = import(source, &world.lake, request, run, clock::now, &progress);
    Box::pin(importing).await
}

fn long_request(world: &World) -> ImportRequest {
    let mut request = world.request("t", 2);
    request.split.column = Some("id".to_owned());
    request.selection = Selection::Query(LONG_ANSWER.to_owned());
    request
}

/// Holds up the first answer that is long.
async fn proxy_that_stops_in_the_middle(world: &World) -> Proxy {
    let mut passed = 0;
    Proxy::before(&server(world), move |way, piece| {
        let before = passed;
        passed += if way == Way::ToClient { piece.len() } else { 0 };
        if before < ENOUGH && passed >= ENOUGH {
            Verdict::HoldUp
        } else {
            Verdict::Pass
        }
    })
    .await
}

/// Holds up the statement that reads the rows of `t`, before the server sees it.
async fn proxy_that_stops_before_the_rows(world: &World) -> Proxy {
    let mut seen = false;
    Proxy::before(&server(world), move |way, piece| {
        if way == Way::ToClient || seen || !holds(piece, "SELECT 0, `id`") {
            return Verdict::Pass;
        }
        seen = true;
        Verdict::HoldUp
    })
    .await
}

/// The old import is whole, nothing is left of the failed one, and the next one works.
async fn nothing_is_half_published(world: &World, rows_before: usize) {
    assert_eq!(world.rows().await.len(), rows_before);
    let state = world.root.join(".comptoir").unwrap().join("sales").unwrap();
    let left: Vec<_> = (world.lake.list(&state).await.unwrap().into_iter())
        .filter(|entry| entry.kind == EntryKind::Directory)
        .filter(|entry| !entry.path.file_name().unwrap().starts_with("old-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let report = world.import(&world.request("t", 2)).await.unwrap();
    assert_eq!(world.rows().await.len() as u64, report.rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_goes_away_while_it_is_read_ends_the_import() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world.numbered_table(ROWS).await;
            world.import(&world.request("t", 2)).await.unwrap();

            let proxy = proxy_that_stops_in_the_middle(world).await;
            let (source, request) = (through(world, &proxy), long_request(world));
            let cutting = async {
                proxy.held_up().await;
                proxy.cut();
            };
            let (failed, ()) = tokio::join!(import_from(world, &source, &request), cutting);
            let error = failed.unwrap_err();
            assert_eq!(
                (error.exit(), error.retry()),
                (Exit::SourceUnreachable, Retry::CanHelp),
                "{error}"
            );
            assert!(error.to_string().contains("\nhint: "), "{error}");
            nothing_is_half_published(world, ROWS as usize).await;

            let proxy = proxy_that_stops_in_the_middle(world).await;
            let source = through(world, &proxy);
            let killing = async {
                proxy.held_up().await;
                kill_one_reader(world).await;
                proxy.go_on();
            };
            let (failed, ()) = tokio::join!(import_from(world, &source, &request), killing);
            let error = failed.unwrap_err();
            assert_eq!(error.retry(), Retry::CanHelp, "{kind:?}: {error}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
            nothing_is_half_published(world, ROWS as usize).await;
        })
        .await;
    }
}

/// As an administrator would.
async fn kill_one_reader(world: &World) {
    let mut database = world.writer().await;
    let (_, name) = world
        .source
        .url
        .to_string()
        .rsplit_once('/')
        .map(|(server, name)| (server.to_owned(), name.to_owned()))
        .unwrap();
    let sql = format!(
        "SELECT id FROM information_schema.processlist WHERE db = '{name}' AND info LIKE 'SELECT id, REPEAT%'"
    );
    let readers = database
        .fetch_all("looking for readers", &sql)
        .await
        .unwrap();
    let reader = readers
        .first()
        .expect("somebody reads")
        .get(0)
        .unwrap()
        .to_text()
        .unwrap();
    database
        .execute("killing", &format!("KILL CONNECTION {reader}"))
        .await
        .unwrap();
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_altered_before_it_is_read_ends_the_import() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
        let alters = [
                "TRUNCATE t",
                "ALTER TABLE t MODIFY note VARCHAR(60) CHARACTER SET latin1",
                "DROP TABLE t; CREATE TABLE t (id INT PRIMARY KEY, note VARCHAR(50)); INSERT INTO t VALUES (1, 'new')",
            ];
            let alters = if kind == Kind::MySql { &alters[..1] } else { &alters };
            for alter in alters {
            world.sql("DROP TABLE IF EXISTS t").await;
            world.numbered_table(100).await;
            world.import(&world.request("t", 2)).await.unwrap();
            let proxy = proxy_that_stops_before_the_rows(world).await;
            let source = through(world, &proxy);
            let altering = async {
                proxy.held_up().await;
                world.sql(alter).await;
                proxy.go_on();
            };
            // Without bounds to ask for, nobody has touched the table inside the snapshot.
            let request = world.request("t", 1);
            let (failed, ()) = tokio::join!(import_from(world, &source, &request), altering);
            let error = failed.map(|report| panic!("{alter}: {report}")).unwrap_err();
            assert_eq!((error.exit(), error.retry()), (Exit::Failed, Retry::CanHelp), "{alter}: {error}");
            let said = error.to_string();
            assert!(said.contains("reading `t`") && said.contains("\nhint: the table was altered"), "{said}");
            nothing_is_half_published(world, 100).await;
        }
    })
    .await;
    }
}

/// Who reads a table holds it: the others wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_can_not_be_altered_while_it_is_read() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(ROWS).await;
        for (proxy, request) in [
            (
                proxy_that_stops_in_the_middle(world).await,
                long_request(world),
            ),
            // The bounds were asked for inside the snapshot.
            (
                proxy_that_stops_before_the_rows(world).await,
                world.request("t", 2),
            ),
        ] {
            let source = through(world, &proxy);
            let altering = async {
                proxy.held_up().await;
                let mut database = world.writer().await;
                for alter in ["TRUNCATE t", "ALTER TABLE t ADD more INT", "DROP TABLE t"] {
                    let refused = database
                        .execute("altering", &format!("SET lock_wait_timeout = 0; {alter}"))
                        .await;
                    assert!(refused.unwrap_err().is_locked_out(), "{alter}");
                }
                proxy.go_on();
            };
            let (report, ()) = tokio::join!(import_from(world, &source, &request), altering);
            assert_eq!(report.unwrap().rows, u64::from(ROWS));
            assert_eq!(world.rows().await.len(), ROWS as usize);
        }
    })
    .await;
}
