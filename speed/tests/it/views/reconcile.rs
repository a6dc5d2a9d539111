//! `comptoir-speed reconcile`, as an operator calls it.

use super::till::Till;
use super::world::{Kind, World};
use comptoir_model::api::reconcile::ReconcileReport;

fn reconcile(world: &World, arguments: &[&str]) -> (i32, String) {
    let arguments: Vec<_> = ["reconcile"].iter().chain(arguments).copied().collect();
    let output = world.program(&arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), said)
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
    let (code, said) = reconcile(world, &["--json"]);
    assert_eq!(code, 1);
    let report: ReconcileReport = serde_json::from_str(&said).unwrap();
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
