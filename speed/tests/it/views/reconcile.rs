//! `comptoir-speed reconcile`, as an operator calls it.

use super::till::Till;
use super::world::{Kind, World};
use comptoir_model::api::reconcile::ReconcileReport;
use std::process::Command;

/// What the command names; nothing where everything agrees.
pub(crate) fn named(mut reconcile: Command) -> Vec<String> {
    let output = reconcile.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    if output.status.success() && said.contains(" 0 differences") {
        return Vec::new();
    }
    let complaint = String::from_utf8(output.stderr).unwrap();
    said.lines()
        .chain(complaint.lines())
        .map(str::to_owned)
        .collect()
}

fn reconcile(world: &World, arguments: &[&str]) -> (i32, String) {
    let arguments: Vec<_> = ["reconcile"].iter().chain(arguments).copied().collect();
    let output = world.program(&arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), said)
}

fn json(world: &World, arguments: &[&str], expected_code: i32) -> ReconcileReport {
    let (code, said) = reconcile(world, &[&["--json"], arguments].concat());
    assert_eq!(code, expected_code, "{said}");
    serde_json::from_str(&said).unwrap()
}

async fn a_damaged_bucket_is_named_and_fails_the_command(world: &World) {
    let mut till = Till::new(world.partitions);
    let sink = world.sink().await;
    world.send(&till.mixed(200)).await;
    world.assert_counted(&till.sent).await;
    drop(sink);
    let (code, said) = reconcile(world, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("complete"), "{said}");
    assert!(said.ends_with(": 200 records, 0 differences\n"), "{said}");
    let report = json(world, &[], 0);
    for partition in &report.partitions {
        let log = partition.log.unwrap();
        assert_eq!(log.start.0, 0);
        assert!(partition.next <= log.end, "{partition:?}");
        assert_eq!(partition.dead_letters, partition.rejected);
    }
    let rejected: u64 = report
        .partitions
        .iter()
        .map(|partition| partition.rejected)
        .sum();
    assert!(rejected > 0);
    assert_eq!(report.unchecked, [] as [&str; 0]);
    // A partition that has some: the one for replays has none.
    world
        .sql(
            "UPDATE buckets SET net = net + 100 WHERE partition_id = \
             (SELECT id FROM (SELECT MIN(partition_id) AS id FROM buckets) AS counted)",
        )
        .await;
    let (code, said) = reconcile(world, &[]);
    assert_eq!(code, 1);
    assert!(said.contains("200 records, 1 difference\nbuckets: partition "));
    let report = json(world, &[], 1);
    assert!(!report.complete);
    assert_eq!(report.differences.len(), 1);
    assert_eq!(report.differences[0].kind, "buckets");
    assert!(report.differences[0].partition.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_bucket_is_found_in_a_file() {
    World::with(
        Kind::JsonlSqlite,
        a_damaged_bucket_is_named_and_fails_the_command,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_bucket_is_found_on_a_server() {
    World::with(
        Kind::KafkaMariaDb,
        a_damaged_bucket_is_named_and_fails_the_command,
    )
    .await;
}

async fn an_offset_that_was_moved_is_named(world: &World) {
    let mut till = Till::new(world.partitions);
    let sink = world.sink().await;
    world.send(&till.mixed(200)).await;
    world.assert_counted(&till.sent).await;
    drop(sink);
    assert!(json(world, &[], 0).complete);
    // Everything else agrees with it: only the log knows better.
    for statement in [
        "UPDATE offsets SET next_offset = next_offset + 100000 WHERE next_offset > 0",
        "UPDATE generations SET counted_to = counted_to + 100000",
    ] {
        world.sql(statement).await;
    }
    let report = json(world, &[], 1);
    let counted = report.partitions.iter();
    let counted = counted.filter(|partition| partition.accepted > 0);
    assert_eq!(report.differences.len(), counted.count(), "{report:?}");
    for difference in &report.differences {
        assert_eq!(difference.kind, "log_end");
        assert!(difference.detail.contains("the log ends at"));
    }
    // A log that can't be asked is not held against it, and not passed over in silence.
    let report = json(world, &["--topic", "nobody-has-it"], 0);
    assert_eq!(report.unchecked.len(), 1, "{report:?}");
    assert!(report.unchecked[0].starts_with("the log: "), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_behind_the_logs_end_is_named_of_files() {
    World::with(Kind::JsonlSqlite, an_offset_that_was_moved_is_named).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_behind_the_logs_end_is_named_of_kafka() {
    World::with(Kind::KafkaMariaDb, an_offset_that_was_moved_is_named).await;
}
