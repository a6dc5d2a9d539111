//! Processes that are killed at any moment.

use super::shore::{Shore, on_both};
use crate::views::till::Till;
use crate::views::world::Kind;
use std::time::Duration;

on_both! { the_archive_is_exact_through_kills }

/// Raised by the long tests. Kafka gives the partitions of a killed process away after seconds only.
fn kills(kind: Kind) -> usize {
    let usually = if kind == Kind::JsonlSqlite { 5 } else { 2 };
    std::env::var("COMPTOIR_TEST_KILLS").map_or(usually, |kills| kills.parse().unwrap())
}

async fn the_archive_is_exact_through_kills(shore: &Shore<'_>) {
    let mut till = Till::new(shore.world.partitions);
    for _ in 0..kills(shore.world.kind) {
        let before = shore.archived_so_far().await;
        let process = shore.process();
        shore.world.send(&till.mixed(150)).await;
        // Only an owner that archives is worth killing. Kafka waits for the last one first.
        shore.archived(before + 1).await;
        for _ in 0..3 {
            shore.world.send(&till.mixed(150)).await;
            let pause = Duration::from_millis(till.draw(200));
            tokio::time::sleep(pause).await;
        }
        process.kill();
    }
    let _process = shore.process();
    shore.world.send(&till.mixed(50)).await;
    shore.assert_archived(&till.sent).await;
}
