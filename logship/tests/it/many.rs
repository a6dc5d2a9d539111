//! Many logs in one process: found by patterns, taken up, ended, and sharing what is bounded.

use crate::sealing::{eager, text};
use crate::world::{DEADLINE, Running, World, append, on_both};
use comptoir_lake::LakeOptions;
use comptoir_logship::archive::Archive;
use comptoir_logship::seal::Times;
use comptoir_logship::seal::anchor::Anchor;
use comptoir_logship::ship::{Limits, Runs, ShipRequest};
use comptoir_logship::sources::{Files, Source};
use comptoir_model::api::logs::ShipState;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

on_both!(
    logs_that_match_are_shipped_taken_up_and_ended,
    few_places_for_open_pieces_serve_many_logs,
);

fn path(world: &World, name: &str) -> PathBuf {
    world.directory.path().join("log").join(name)
}

/// The source `shop`: the logs of a directory, and those one below it.
fn request(world: &World) -> ShipRequest {
    let directory = world.directory.path().join("log");
    let patterns = ["*.log", "*/*.log"].map(|pattern| format!("{}/{pattern}", directory.display()));
    ShipRequest {
        sources: vec![Source {
            name: "shop".to_owned(),
            files: Files::parse(&patterns, &["debug*".to_owned()]).unwrap(),
            directory: world.target_dir.join("shop").unwrap(),
            times: Times::default(),
            rotation: None,
            poll: None,
        }],
        ..world.request()
    }
}

/// What the archive of one of its logs has, all lives together.
async fn archived(world: &World, log: &str) -> Option<Vec<u8>> {
    let mut directory = world.target_dir.join("shop").unwrap();
    for part in log.split('/') {
        directory = directory.join(part).unwrap();
    }
    let archive = Archive::open(&world.lake, &directory).await.ok()?;
    let mut bytes = Vec::new();
    for life in archive.lives() {
        assert_eq!(life.gaps, []);
        bytes.extend(archive.read_life(life.sidecar.life).await.ok()?);
    }
    Some(bytes)
}

async fn holds(world: &World, log: &str, text: &str) {
    let waiting = async {
        while archived(world, log).await.as_deref() != Some(text.as_bytes()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(waited.is_ok(), "{log} never came to {text:?}");
}

/// Two logs of the same name, in one process with one anchor.
#[tokio::test(flavor = "multi_thread")]
async fn logs_that_match_are_sealed_and_verified_each_with_heads_of_its_own() {
    World::local()
        .run(async |world| {
            let anchors = world.directory.path().join("anchors");
            let (mut request, eager) = (request(world), eager(world));
            (request.limits, request.seal) = (eager.limits, eager.seal);
            let place = anchors.to_str().unwrap();
            request.seal.anchor = Some(Anchor::open(place, LakeOptions::default()).unwrap());
            for (directory, lines) in [("a", 0..400), ("b", 400..700)] {
                fs::create_dir(path(world, directory)).unwrap();
                append(&path(world, directory).join("access.log"), &text(lines));
            }
            let shipper = Running::start(request, world.lake.clone()).await;
            for directory in ["a", "b"] {
                let head = anchors
                    .join("shop")
                    .join(directory)
                    .join("access.log/head-00000001");
                let kept = async {
                    while !head.exists() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                };
                tokio::time::timeout(DEADLINE, kept).await.unwrap();
            }
            shipper.stop().await.unwrap();
            for directory in ["a", "b"] {
                let above = format!("{}/shop/{directory}", world.target_dir);
                let mut verify = world.program(&["audit", "verify", "--target-dir", &above]);
                verify
                    .arg("--anchor")
                    .arg(anchors.join("shop").join(directory));
                let output = verify.output().unwrap();
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(said.contains("nothing is missing or altered"), "{said}");
                assert!(said.contains("proved    up to manifest"), "{said}");
            }
        })
        .await;
}

async fn logs_that_match_are_shipped_taken_up_and_ended(world: &World) {
    append(&path(world, "a.log"), "a1\n");
    append(&path(world, "debug.log"), "not shipped\n");
    let mut shipper = Running::start(request(world), world.lake.clone()).await;
    holds(world, "a.log", "a1\n").await;
    // A new file, and one in a new directory.
    append(&path(world, "b.log"), "b1\n");
    fs::create_dir(path(world, "till")).unwrap();
    append(&path(world, "till/c.log"), "c1\n");
    holds(world, "b.log", "b1\n").await;
    holds(world, "till/c.log", "c1\n").await;
    let names = |sources: &[comptoir_model::api::logs::LogSource]| {
        sources
            .iter()
            .map(|source| source.name.clone())
            .collect::<Vec<_>>()
    };
    let three = ["shop/a.log", "shop/b.log", "shop/till/c.log"];
    shipper.until_all(|sources| names(sources) == three).await;
    // Rotation leaves the name to a new file; a deleted log ends once it was shipped.
    fs::rename(path(world, "a.log"), path(world, "a.log.1")).unwrap();
    append(&path(world, "a.log"), "a2\n");
    append(&path(world, "b.log"), "b2\n");
    holds(world, "b.log", "b1\nb2\n").await;
    fs::remove_file(path(world, "b.log")).unwrap();
    let two = ["shop/a.log", "shop/till/c.log"];
    shipper.until_all(|sources| names(sources) == two).await;
    holds(world, "a.log", "a1\na2\n").await;
    // A source that is not listed any more ends, another one begins.
    let mut other = request(world).sources;
    other[0].name = String::from("other");
    other[0].files = Files::parse(&[path(world, "a.log").display().to_string()], &[]).unwrap();
    other[0].directory = world.target_dir.join("other").unwrap();
    shipper.sources.send_replace(other);
    shipper
        .until_all(|sources| names(sources) == ["other"] && sources[0].bytes == 6)
        .await;
    shipper.stop().await.unwrap();
}

async fn few_places_for_open_pieces_serve_many_logs(world: &World) {
    let logs: Vec<String> = (0..12).map(|number| format!("{number:02}.log")).collect();
    let request = ShipRequest {
        open_pieces_max: 3,
        limits: Limits {
            // Only others make a piece end.
            piece_age: Duration::from_hours(1),
            ..Limits::of_many()
        },
        ..request(world)
    };
    for log in &logs {
        append(&path(world, log), &format!("first of {log}\n"));
    }
    let mut shipper = Running::start(request.clone(), world.lake.clone()).await;
    for round in ["second", "third"] {
        let sources = shipper
            .until_all(|sources| {
                let is_durable = |source: &comptoir_model::api::logs::LogSource| {
                    source.state == ShipState::Shipping && source.lag_bytes == 0 && source.bytes > 0
                };
                sources.len() == logs.len() && sources.iter().all(is_durable)
            })
            .await;
        let open: u64 = sources.iter().map(|source| source.pieces_open).sum();
        assert!(open <= 3, "{open} pieces are open");
        if round == "third" {
            break;
        }
        for log in &logs {
            append(&path(world, log), &format!("{round} of {log}\n"));
        }
        let length = fs::metadata(path(world, &logs[0])).unwrap().len();
        shipper
            .until_all(|sources| sources.iter().all(|source| source.bytes == length))
            .await;
    }
    shipper.stop().await.unwrap();
    // What a busy machine could not close in time is recovered by the next one.
    let once = ShipRequest {
        runs: Runs::Once,
        ..request
    };
    let shipper = Running::start(once, world.lake.clone()).await;
    shipper.ended().await.unwrap();
    for log in &logs {
        holds(world, log, &format!("first of {log}\nsecond of {log}\n")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_by_itself_ships_what_is_there() {
    World::local()
        .run(async |world| {
            append(&path(world, "a.log"), "a1\n");
            append(&path(world, "b.log.1"), "b1\n");
            append(&path(world, "b.log"), "b2");
            for more in ["", "a2\n"] {
                append(&path(world, "a.log"), more);
                let request = ShipRequest {
                    runs: Runs::Once,
                    ..request(world)
                };
                let shipper = Running::start(request, world.lake.clone()).await;
                shipper.ended().await.unwrap();
            }
            assert_eq!(archived(world, "a.log").await.unwrap(), b"a1\na2\n");
            assert_eq!(archived(world, "b.log").await.unwrap(), b"b1\nb2");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_reads_its_file_of_sources_and_says_what_is_wrong_in_it() {
    World::local()
        .run(async |world| {
            append(&path(world, "a.log"), "a1\n");
            let file = world.directory.path().join("logship.toml");
            let pattern = path(world, "*.log").display().to_string();
            let target = format!("{}/%{{source}}", world.target_dir);
            let good = format!(
                "target_dir = '{target}'\n[[source]]\nname = 'shop'\npaths = ['{pattern}']\n"
            );
            fs::write(&file, &good).unwrap();
            let file = file.to_str().unwrap();
            let run = |arguments: &[&str]| {
                let mut command = world.program(arguments);
                command.env_remove("COMPTOIR_LOGSHIP_SOURCE");
                command.output().unwrap()
            };
            for flag in ["--sources", "--config"] {
                let ended = run(&["ship", "--once", "--listen", "127.0.0.1:0", flag, file]);
                assert!(ended.status.success(), "{ended:?}");
            }
            assert_eq!(archived(world, "a.log").await.unwrap(), b"a1\n");
            fs::write(file, good.replace("paths", "pahts")).unwrap();
            let ended = run(&["ship", "--once", "--sources", file]);
            assert_eq!(ended.status.code(), Some(2), "{ended:?}");
            let said = String::from_utf8(ended.stderr).unwrap();
            assert!(
                said.contains("logship.toml:4: there is no key `pahts`"),
                "{said}"
            );
            assert!(said.contains("did you mean `paths`?"), "{said}");
        })
        .await;
}
