//! The archive, the log and the warehouse are held against each other at intervals.

use super::shore::{Shore, on_both};
use crate::views::till::Till;
use crate::views::world::PATIENCE;
use comptoir_model::api::reconcile::ReconcileReport;
use comptoir_warehouse::{JobOutcome, full_look_job};
use std::time::Duration;
use tokio::time::Instant;

on_both! { everything_is_looked_at_while_records_come }

async fn everything_is_looked_at_while_records_come(shore: &Shore<'_>) {
    let mut till = Till::new(shore.world.partitions);
    shore.world.send(&till.mixed(200)).await;
    let views = shore.world.sink().await;
    shore.world.assert_counted(&till.sent).await;
    views.stop().await;
    // Of two sinks one looks at a time.
    let often = Some(Duration::from_millis(200));
    let (one, other) = (
        shore.sink_with(None, often).await,
        shore.sink_with(None, often).await,
    );
    let all_archived = |report: &ReconcileReport| {
        report.partitions.iter().all(|partition| {
            let archived = partition.archived.is_some_and(|end| end >= partition.next);
            archived || partition.next.0 == 0
        })
    };
    let report = look_until(shore, all_archived).await;
    assert!(report.complete, "{report:?}");
    assert_eq!(report.records, 200);
    assert_eq!(report.unchecked, [] as [&str; 0]);
    for partition in &report.partitions {
        let log = partition.log.unwrap();
        assert!(log.start.0 == 0 && log.end >= partition.next, "{report:?}");
    }

    shore
        .world
        .sql(
            "DELETE FROM dead_letters WHERE record_offset = \
             (SELECT lost FROM (SELECT MIN(record_offset) AS lost FROM dead_letters) AS letters)",
        )
        .await;
    let report = look_until(shore, |report| !report.complete).await;
    let kinds: Vec<_> = (report.differences.iter())
        .map(|difference| difference.kind.as_str())
        .collect();
    assert!(
        kinds.iter().all(|kind| *kind == "dead_letters"),
        "{report:?}"
    );
    one.stop().await;
    other.stop().await;
    let warehouse = shore.world.request().warehouse;
    let runs = warehouse.job_runs(Some(&full_look_job()), 100).await;
    let runs = runs.unwrap();
    assert!(
        runs.iter().any(|run| run.outcome == JobOutcome::Done),
        "{runs:?}"
    );
}

/// Waits for a look that is as wanted.
async fn look_until(
    shore: &Shore<'_>,
    wanted: impl Fn(&ReconcileReport) -> bool,
) -> ReconcileReport {
    let warehouse = shore.world.request().warehouse;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let looks = warehouse.full_looks().await.unwrap();
        if let Some(report) = looks.report.clone().filter(&wanted) {
            return report;
        }
        assert!(Instant::now() < deadline, "{looks:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
