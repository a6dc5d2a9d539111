//! The table stays small by itself.

use super::shore::{Shore, on_both};
use crate::views::till::Till;
use crate::views::world::PATIENCE;
use comptoir_model::ids::JobName;
use comptoir_warehouse::JobOutcome;
use std::time::Duration;
use tokio::time::Instant;

on_both! { small_files_are_joined_while_records_come }

async fn small_files_are_joined_while_records_come(shore: &Shore<'_>) {
    let mut till = Till::new(shore.world.partitions);
    let sink = shore.sink().await;
    for _ in 0..4 {
        shore.world.send(&till.mixed(50)).await;
        shore.archived(till.sent.len()).await;
    }
    sink.stop().await;
    let job = JobName::parse("archive.upkeep").unwrap();
    let warehouse = shore.world.request().warehouse;
    assert_eq!(warehouse.job_runs(Some(&job), 1).await.unwrap(), []);
    assert_eq!(turns(shore).await, 0);

    // Of two sinks one does it at a time; both go on archiving.
    let often = Some(Duration::from_millis(500));
    let (one, other) = (
        shore.sink_with(often, None).await,
        shore.sink_with(often, None).await,
    );
    let deadline = Instant::now() + PATIENCE;
    while turns(shore).await < 2 {
        assert!(Instant::now() < deadline, "no small files were joined");
        shore.world.send(&till.mixed(20)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    shore.assert_archived(&till.sent).await;
    one.stop().await;
    other.stop().await;
    shore.assert_archived(&till.sent).await;
    let runs = warehouse.job_runs(Some(&job), 100).await.unwrap();
    assert!(
        runs.iter().any(|run| run.outcome == JobOutcome::Done),
        "{runs:?}"
    );
}

/// How often files were joined.
async fn turns(shore: &Shore<'_>) -> usize {
    let history = shore.table.history(1_000).await.unwrap();
    let joined = history.iter();
    joined
        .filter(|change| change.operation == "OPTIMIZE")
        .count()
}
