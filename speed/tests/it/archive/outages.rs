//! One store is away, and the sink of the other one goes on.

use super::shore::Shore;
use crate::views::outages::{Mode, Wire, through, through_a_wire};
use crate::views::till::Till;
use crate::views::world::Kind;
use comptoir_bronze::Table;
use comptoir_lake::{Lake, LakeOptions};
use comptoir_speed::archive::ArchiveRequest;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_views_sink_goes_on_while_the_lake_is_away() {
    Shore::with(Kind::KafkaMariaDb, async |shore: &Shore<'_>| {
        let world = shore.world;
        let mut till = Till::new(world.partitions);
        let server = shore.lake_url.trim_start_matches("hdfs://");
        let server = server.trim_end_matches('/').to_owned();
        let wire = Wire::to(server.clone()).await;
        let url = (shore.lake_url).replace(&server, &wire.address.to_string());
        let options = LakeOptions {
            timeout: Duration::from_secs(2),
            ..LakeOptions::default()
        };
        let lake = Lake::open(&url, options).unwrap();
        let table = Table::open(&lake, &shore.directory, Duration::from_secs(2)).unwrap();
        let request = ArchiveRequest {
            table,
            ..shore.request()
        };
        let (views, archive) = (world.sink().await, Shore::sink_of(request).await);
        world.send(&till.mixed(100)).await;
        shore.archived(100).await;
        wire.mode.send(Mode::Down).unwrap();
        for _ in 0..3 {
            world.send(&till.mixed(100)).await;
            world.judged(till.sent.len()).await;
        }
        // As `partition 1: …`.
        archive.says("partition ").await;
        world.assert_counted(&till.sent).await;
        assert_eq!(shore.archived_so_far().await, 100);
        wire.mode.send(Mode::Up).unwrap();
        shore.look(&till.sent, "and back").await;
        world.look(&till.sent, "counted").await;
        archive.stop().await;
        views.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_goes_on_while_the_warehouse_is_away() {
    Shore::with(Kind::KafkaMariaDb, async |shore: &Shore<'_>| {
        let world = shore.world;
        let mut till = Till::new(world.partitions);
        let (wire, views) = through_a_wire(world).await;
        let request = ArchiveRequest {
            warehouse: through(world, &wire),
            ..shore.request()
        };
        let archive = Shore::sink_of(request).await;
        world.send(&till.mixed(100)).await;
        world.judged(100).await;
        wire.mode.send(Mode::Down).unwrap();
        for _ in 0..3 {
            world.send(&till.mixed(100)).await;
            shore.archived(till.sent.len()).await;
        }
        views.says("waiting for the warehouse").await;
        assert_eq!(world.judged_so_far().await, 100);
        wire.mode.send(Mode::Up).unwrap();
        world.look(&till.sent, "and back").await;
        shore.look(&till.sent, "archived").await;
        archive.stop().await;
        views.stop().await;
    })
    .await;
}
