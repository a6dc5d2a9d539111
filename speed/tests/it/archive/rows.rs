//! What is archived.

use super::shore::{Shore, on_both};
use crate::views::till::Till;
use comptoir_speed::archive::ArchiveRequest;
use std::time::Duration;

on_both! { every_record_is_archived_once full_files_go_ahead_of_their_commit a_restart_knows_the_ids_before_it another_life_of_the_topic_begins_at_zero }

async fn every_record_is_archived_once(shore: &Shore<'_>) {
    let mut till = Till::new(shore.world.partitions);
    let sink = shore.sink().await;
    for _ in 0..3 {
        shore.world.send(&till.mixed(400)).await;
        shore.archived(till.sent.len()).await;
    }
    shore.assert_archived(&till.sent).await;
    let (status, said) = sink.get("/readyz").await;
    assert_eq!(status, 200, "{said}");
    let (_, metrics) = sink.get("/metrics").await;
    assert!(
        metrics.contains("comptoir_archive_records_total{verdict=\"accepted\"}"),
        "{metrics}"
    );
    sink.stop().await;
}

async fn full_files_go_ahead_of_their_commit(shore: &Shore<'_>) {
    let mut till = Till::new(shore.world.partitions);
    let request = ArchiveRequest {
        every: Duration::from_hours(1),
        ..shore.request()
    };
    let sink = Shore::sink_of(request).await;
    // The first commit of each partition is soon.
    shore.world.send(&till.mixed(100)).await;
    shore.archived(100).await;
    let files = shore.more_files_than(0).await;
    shore.world.send(&till.mixed(400)).await;
    shore.more_files_than(files).await;
    assert_eq!(shore.archived_so_far().await, 100);
    sink.stop().await;
    assert!(
        shore.archived_so_far().await > 100,
        "what was collected is in"
    );
    let sink = shore.sink().await;
    shore.assert_archived(&till.sent).await;
    sink.stop().await;
}

async fn a_restart_knows_the_ids_before_it(shore: &Shore<'_>) {
    let mut till = Till::new(shore.world.partitions);
    shore.world.send(&till.mixed(400)).await;
    let sink = shore.sink().await;
    shore.archived(400).await;
    sink.stop().await;
    let mut all = till.sent.clone();
    let mut again = till.sent.clone();
    again.extend(till.mixed(100));
    shore.world.send(&again).await;
    all.extend(again);
    let sink = shore.sink().await;
    shore.assert_archived(&all).await;
    // What was collected is committed when a sink is stopped in order.
    let last = till.mixed(50);
    shore.world.send(&last).await;
    all.extend(last);
    sink.stop().await;
    let _sink = shore.sink().await;
    shore.assert_archived(&all).await;
}

async fn another_life_of_the_topic_begins_at_zero(shore: &Shore<'_>) {
    let mut till = Till::new(shore.world.partitions);
    let sink = shore.sink().await;
    shore.world.send(&till.mixed(100)).await;
    shore.archived(100).await;
    shore.world.create_topic_anew().await;
    shore.world.send(&till.mixed(100)).await;
    shore.archived(200).await;
    let lives = shore
        .query("SELECT count(DISTINCT _stream) FROM bronze")
        .await;
    assert_eq!(lives, ["2"]);
    sink.stop().await;
}
