//! A warehouse that was lost is filled again from the archive, and goes on live.

use super::shore::{Shore, on_both};
use crate::views::gaps::of_partition_0;
use crate::views::till::Till;
use crate::views::world::Kind;
use comptoir_speed::rebuild::{Rebuilt, rebuild};
use comptoir_warehouse::Warehouse;

on_both! { a_lost_warehouse_comes_back_and_goes_on }

async fn a_lost_warehouse_comes_back_and_goes_on(shore: &Shore<'_>) {
    let world = shore.world;
    let mut till = Till::new(world.partitions);
    world.send(&till.mixed(500)).await;
    let archive = shore.sink().await;
    shore.archived(500).await;
    // The views sink has counted some of it, or nothing: the rest comes from the archive.
    let views = world.sink().await;
    world.assert_counted(&till.sent).await;
    let recent = "SELECT COUNT(*) FROM recent";
    let (before, letters) = (world.rows(recent).await, dead_letters(shore).await);
    views.stop().await;
    lose(shore).await;
    let rebuilt = fill(shore).await;
    assert_eq!((rebuilt.partitions, rebuilt.records), (3, 500));
    world.assert_counted(&till.sent).await;
    assert_eq!(world.rows(recent).await, before);
    assert_eq!(dead_letters(shore).await, letters);
    // Again: nothing is left to do.
    assert_eq!(fill(shore).await.records, 0);
    world.assert_counted(&till.sent).await;
    // It goes on live, and knows the ids before.
    let mut again = till.sent[..200].to_vec();
    again.extend(till.mixed(200));
    world.send(&again).await;
    let views = world.sink().await;
    let mut all = till.sent[..500].to_vec();
    all.extend(again);
    world.assert_counted(&all).await;
    views.stop().await;
    archive.stop().await;
}

pub(super) async fn fill(shore: &Shore<'_>) -> Rebuilt {
    let world = shore.world;
    let warehouse = Warehouse::clone(&world.request().warehouse);
    let source = (world.transport.kind(), world.topic.as_str());
    rebuild(&shore.table, &warehouse, source).await.unwrap()
}

/// Everything that the views sink has written.
pub(super) async fn lose(shore: &Shore<'_>) {
    for table in [
        "offsets",
        "generations",
        "generation_net",
        "gaps",
        "buckets",
        "minutes",
        "tops",
        "quarters",
        "names",
        "dead_letters",
        "recent",
        "progress",
        "stream_partitions",
        "streams",
    ] {
        shore.world.sql(&format!("DELETE FROM {table}")).await;
    }
}

async fn dead_letters(shore: &Shore<'_>) -> Vec<Vec<String>> {
    let letters = "SELECT p.partition_number, d.record_offset, d.reason FROM dead_letters d \
                   JOIN stream_partitions p ON p.id = d.partition_id ORDER BY 1, 2";
    shore.world.rows(letters).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_archive_lost_stays_a_gap_of_its_own() {
    Shore::with(Kind::KafkaMariaDb, async |shore: &Shore<'_>| {
        let world = shore.world;
        let mut till = Till::new(world.partitions);
        world.send(&till.mixed(300)).await;
        let first = of_partition_0(&till.sent) / 2;
        world.delete_before(first).await;
        let archive = shore.sink().await;
        let (_, kept) = crate::views::gaps::split(&till.sent, first);
        shore.archived(kept.len()).await;
        archive.stop().await;
        fill(shore).await;
        let gaps = "SELECT kind, start_offset, end_offset FROM gaps ORDER BY 1, 2";
        let lost = world.rows(gaps).await;
        assert!(
            lost.contains(&["lost".to_owned(), "0".to_owned(), first.to_string()].into()),
            "{lost:?}"
        );
        // The hole is a generation of its own: what lies behind it can be covered.
        let ends = "SELECT COUNT(*) FROM generations g JOIN stream_partitions p \
                    ON p.id = g.partition_id WHERE p.partition_number = 0 \
                    AND g.end_offset IS NOT NULL";
        assert!(world.rows(ends).await[0][0].parse::<u32>().unwrap() >= 2);
        assert_eq!(world.judged_so_far().await, kept.len());
    })
    .await;
}
