//! A lake that fails, on a private HDFS that may be stopped and killed.

#[path = "../../../datasets/lake/tests/it/faults/cluster.rs"]
mod cluster;

use crate::world::{Running, World};
use cluster::{Cluster, cluster};
use comptoir_model::api::logs::ShipState;
use rustix::process::Signal;
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(3);

fn world(cluster: &Cluster) -> World {
    let lake = cluster.lake(None, LIMIT);
    World::new(TempDir::new().unwrap(), lake, cluster.url(None))
}

async fn ships(world: &World, shipper: &mut Running, text: &str) {
    world.append(text);
    let length = std::fs::metadata(world.log()).unwrap().len();
    shipper
        .until(|source| source.bytes == length && source.state == ShipState::Shipping)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datanode_that_is_killed_or_hangs_loses_nothing() {
    let cluster = cluster().await;
    world(&cluster)
        .run(async |world| {
            let mut shipper = world.ship().await;
            ships(world, &mut shipper, "one\n").await;
            for (fault, text) in [(Signal::KILL, "two\n"), (Signal::STOP, "three\n")] {
                if fault == Signal::KILL {
                    cluster.kill("datanode").await;
                } else {
                    cluster.signal("datanode", fault);
                }
                world.append(text);
                let source = shipper
                    .until(|source| source.state == ShipState::WaitingForLake)
                    .await;
                assert!(source.problem.is_some());
                cluster.repair();
                ships(world, &mut shipper, "and on\n").await;
            }
            shipper.stop().await.unwrap();
            world.holds(&["one\ntwo\nand on\nthree\nand on\n"]).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn safe_mode_and_a_namenode_that_is_away_are_waited_for() {
    let cluster = cluster().await;
    world(&cluster)
        .run(async |world| {
            let mut shipper = world.ship().await;
            ships(world, &mut shipper, "one\n").await;
            cluster.safe_mode("enter");
            // The open piece may still take it; the next one can't be created.
            world.append("two\n");
            let source = shipper
                .until(|source| source.state == ShipState::WaitingForLake)
                .await;
            assert!(source.problem.unwrap().contains("safe mode"));
            cluster.safe_mode("leave");
            ships(world, &mut shipper, "three\n").await;
            cluster.kill("namenode").await;
            world.append("four\n");
            shipper
                .until(|source| source.state == ShipState::WaitingForLake)
                .await;
            cluster.repair();
            ships(world, &mut shipper, "five\n").await;
            shipper.stop().await.unwrap();
            world.holds(&["one\ntwo\nthree\nfour\nfive\n"]).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_may_not_be_written_is_said_and_waited_for() {
    let cluster = cluster().await;
    world(&cluster)
        .run(async |world| {
            world.append("one\n");
            let mut request = world.request();
            request.target_dir = "/user/sqoop/not-ours".parse().unwrap();
            let lake = cluster.lake(Some("nobody"), LIMIT);
            let mut shipper = Running::start(request, lake).await;
            let source = shipper
                .until(|source| source.state == ShipState::WaitingForLake)
                .await;
            assert!(source.problem.unwrap().contains("permission denied"));
            shipper.stop().await.unwrap();
        })
        .await;
}
