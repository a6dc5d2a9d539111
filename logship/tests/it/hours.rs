//! Directories of times: only segments go there, and nobody who reads, audits or expires can tell.

use crate::auditing::{Archived, Copy};
use crate::sealing::{eager, files_below, hourly, text};
use crate::world::{DEADLINE, Running, World, on_both};
use comptoir_config::clock;
use comptoir_lake::LakePath;
use comptoir_logship::archive::Archive;
use comptoir_logship::archive::manifest::Segment;
use comptoir_logship::seal::expire::{Mode, expire};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

on_both!(segments_go_to_the_directory_of_their_hour_and_leave_none_behind);

fn segments(archive: &Archive) -> Vec<Segment> {
    let sealed = archive.lives().flat_map(|life| &life.sealed);
    sealed.filter_map(|sealed| sealed.segment.clone()).collect()
}

/// The names in the log's directory that begin so.
async fn beside(world: &World, kind: &str) -> usize {
    let directory = world.target_dir.join("app.log").unwrap();
    let entries = world.lake.list(&directory).await.unwrap();
    let names = entries
        .iter()
        .filter(|entry| entry.name().starts_with(kind));
    names.count()
}

async fn segments_go_to_the_directory_of_their_hour_and_leave_none_behind(world: &World) {
    let began = clock::now();
    let written = text(0..1500);
    world.append(&written);
    let mut shipper = Running::start(hourly(eager(world)), world.lake.clone()).await;
    shipper.has_shipped(written.len() as u64).await;
    shipper.stop().await.unwrap();
    // A new owner seals the last piece, too.
    let shipper = Running::start(hourly(eager(world)), world.lake.clone()).await;
    let all_moved = async {
        loop {
            let pieces = beside(world, "piece-").await + beside(world, "_piece-").await;
            if pieces == 0 && beside(world, "segment-").await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, all_moved).await.unwrap();
    shipper.stop().await.unwrap();
    let archive = world.archive().await.unwrap();
    let life = archive.lives().next().unwrap().sidecar.life;
    assert!(archive.read_life(life).await.unwrap() == written.as_bytes());
    // The clock of the lake is that of this machine, and an hour may end meanwhile.
    let hours: BTreeSet<String> = [began, clock::now()]
        .map(|at| at.strftime("%Y/%m/%d/%H").to_string())
        .into();
    let directory = world.target_dir.join("app.log").unwrap();
    for segment in segments(&archive) {
        let own = segment.name.directory.as_ref().unwrap().to_string();
        assert!(hours.contains(&own), "{own} is none of {hours:?}");
        let path = LakePath::parse(&format!("{directory}/{}", segment.name)).unwrap();
        let length = world
            .lake
            .stat(&path)
            .await
            .unwrap()
            .map(|entry| entry.length);
        assert_eq!(length, Some(segment.bytes));
    }
    let audit = |arguments: &[&str]| {
        let output = world.program(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(audit(&["cat"]) == written);
    assert!(audit(&["audit", "verify"]).contains("nothing is missing or altered"));
    let errors = audit(&["audit", "search", "order 7 ", "--level", "error"]);
    assert_eq!(errors.lines().count(), 1, "{errors}");
    // All of it expires, and with it the directories.
    let settings = world.request().seal;
    let expiring = expire(
        &world.lake,
        &directory,
        &settings,
        Timestamp::MAX,
        Mode::Apply,
    );
    let expiry = expiring.await.unwrap();
    assert_eq!(expiry.deleted, segments(&archive).len() as u64);
    let year = began.strftime("%Y").to_string();
    let year = directory.join(&year).unwrap();
    assert_eq!(world.lake.stat(&year).await.unwrap(), None);
    assert!(audit(&["audit", "verify"]).contains("nothing is missing or altered"));
}

/// What both verifiers find.
fn found(archived: &Archived, copy: &Copy) -> BTreeSet<String> {
    let (report, _) = archived.verified(copy);
    let findings = report["findings"].as_array().unwrap().iter();
    let words = findings.map(|finding| {
        let (kind, file) = (finding["kind"].as_str(), finding["file"].as_str());
        format!("{} {}", kind.unwrap(), file.unwrap())
    });
    let found: BTreeSet<String> = words.collect();
    assert_eq!(archived.verify_in_python(copy), found, "{report}");
    found
}

/// Of a copy, by its place below the log's directory.
fn placed(copy: &Copy) -> Vec<String> {
    let segments = files_below(&copy.source(), "segment-").into_iter();
    segments.filter(|path| path.contains('/')).collect()
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// What is done to a copy, and what has to be found.
type Damage<'a> = (&'a str, Box<dyn Fn(&Copy) + 'a>, Vec<String>);

#[tokio::test(flavor = "multi_thread")]
async fn damages_in_directories_of_hours_are_named_and_a_crash_before_a_move_is_none() {
    let archived = Archived::hourly([text(0..700), text(700..1400)]).await;
    let whole = Copy::of(&archived);
    let segments = placed(&whole);
    assert!(segments.len() >= 3, "{segments:?}");
    let second = segments[1].clone();
    let own = |copy: &Copy| copy.path(&second);
    let beside = |copy: &Copy| copy.path(name(&second));
    let other = second.replace(".zst", "");
    let other = format!("{}-00000abc.zst", other.rsplit_once('-').unwrap().0);
    let damages: Vec<Damage> = vec![
        ("nothing", Box::new(|_| ()), vec![]),
        (
            "it was not moved yet",
            Box::new(|copy| fs::rename(own(copy), beside(copy)).unwrap()),
            vec![],
        ),
        (
            "it is gone",
            Box::new(|copy| fs::remove_file(own(copy)).unwrap()),
            vec![format!("missing {second}")],
        ),
        (
            "a bit of it",
            Box::new(|copy| Copy::flip(&own(copy), 300)),
            vec![format!("altered {second}")],
        ),
        (
            "it lies beside its directory as well",
            Box::new(|copy| {
                fs::copy(own(copy), beside(copy)).unwrap();
            }),
            vec![format!("doubled {}", name(&second))],
        ),
        (
            "it is there under another name",
            Box::new(|copy| {
                fs::copy(own(copy), copy.path(&other)).unwrap();
            }),
            vec![format!("doubled {other}")],
        ),
        (
            "it lies in a directory that no manifest names",
            Box::new(|copy| {
                fs::create_dir(copy.path("1999")).unwrap();
                let there = copy.path("1999").join(name(&second));
                fs::rename(own(copy), there).unwrap();
            }),
            vec![format!("missing {second}")],
        ),
    ];
    for (damage, damage_it, expected) in damages {
        let copy = whole.again();
        damage_it(&copy);
        let expected: BTreeSet<String> = expected.into_iter().collect();
        assert_eq!(found(&archived, &copy), expected, "{damage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_leaves_no_empty_directories_and_others_files_stay() {
    let old = |lines| text(lines).replace("2026-11-21", "2020-11-21");
    let archived = Archived::hourly([old(0..700), old(700..1400)]).await;
    let copy = Copy::of(&archived);
    let segments = placed(&copy);
    // One was never moved, and in its directory lies a file that is none of ours.
    let first = copy.path(&segments[0]);
    fs::rename(&first, copy.path(name(&segments[0]))).unwrap();
    let foreign = first.with_file_name("notes.txt");
    fs::write(&foreign, "kept").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = archived.world.program(&["audit"]);
        let lake = format!("file://{}", copy.0.path().display());
        command.args(arguments);
        command.args(["--lake", &lake, "--target-dir", "/logs"]);
        command.output().unwrap()
    };
    // An extract has the same directories.
    let extract = copy.0.path().join("extract");
    let output = run(&["extract", "--output", extract.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert!(extract.join("archive/app.log").join(&segments[0]).exists());
    let mut verify = archived.world.program(&["audit", "verify", "--json"]);
    let output = verify.arg(&extract).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    let key = archived.world.request().seal.key;
    let key = key.private().to_str().unwrap().to_owned();
    let all = ["expire", "--before", "2021-01-01T00:00:00Z", "--key", &key];
    let output = run(&all);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(found(&archived, &copy), BTreeSet::new());
    assert!(!copy.path(name(&segments[0])).exists());
    assert!(foreign.exists());
    // The next run finishes.
    fs::remove_file(&foreign).unwrap();
    assert!(run(&all).status.success());
    let year = Path::new(&segments[0]).iter().next().unwrap();
    assert!(!copy.source().join(year).exists());
}
