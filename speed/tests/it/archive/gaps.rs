//! What the log does not have any more.

use super::shore::Shore;
use crate::views::gaps::{REACH, of_partition_0, split};
use crate::views::till::Till;
use crate::views::world::Kind;

const GAPS: &str = "SELECT _verdict, _offset, _end_offset FROM bronze \
                    WHERE _end_offset IS NOT NULL ORDER BY 1, 2";

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_gone_are_a_hole_and_nothing_else_is_missing() {
    Shore::with(Kind::KafkaMariaDb, async |shore: &Shore<'_>| {
        let mut till = Till::new(shore.world.partitions);
        shore.world.send(&till.mixed(300)).await;
        let first = of_partition_0(&till.sent) / 2;
        shore.world.delete_before(first).await;
        let (_, kept) = split(&till.sent, first);
        let sink = shore.sink().await;
        shore.archived(kept.len()).await;
        assert_eq!(shore.archived_so_far().await, kept.len());
        let wanted = [
            format!("blind {first} {}", first + REACH),
            format!("hole 0 {first}"),
        ];
        assert_eq!(shore.query(GAPS).await, wanted);
        sink.stop().await;
        // Nothing is recorded anew, and what is behind the hole is there.
        let sink = shore.sink().await;
        let more = till.mixed(50);
        shore.world.send(&more).await;
        shore.archived(kept.len() + more.len()).await;
        assert_eq!(shore.query(GAPS).await, wanted);
        sink.stop().await;
    })
    .await;
}

/// Other than the warehouse, the archive has the ids itself.
#[tokio::test(flavor = "multi_thread")]
async fn ids_that_retention_removed_are_read_from_the_archive() {
    Shore::with(Kind::KafkaMariaDb, async |shore: &Shore<'_>| {
        let mut till = Till::new(shore.world.partitions);
        shore.world.send(&till.mixed(300)).await;
        let sink = shore.sink().await;
        shore.assert_archived(&till.sent).await;
        sink.stop().await;
        shore.world.delete_before(of_partition_0(&till.sent)).await;
        // All of it once more: duplicates, though the log does not have the ids any more.
        let mut all = till.sent.clone();
        all.extend(till.sent.clone());
        shore.world.send(&till.sent).await;
        let sink = shore.sink().await;
        shore.assert_archived(&all).await;
        assert!(shore.query(GAPS).await.is_empty());
        sink.stop().await;
    })
    .await;
}
