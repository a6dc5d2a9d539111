//! A lake that fails, on a private HDFS that may be stopped and killed.

#[path = "../../../datasets/lake/tests/it/faults/cluster.rs"]
mod cluster;

use crate::kills::random;
use crate::sealing::eager;
use crate::world::{DEADLINE, Running, World};
use crate::writer::{Rotation, Writer};
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
            // Sealing meets the same faults.
            let mut shipper = Running::start(eager(world), world.lake.clone()).await;
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
async fn a_full_hdfs_is_waited_for_and_loses_nothing() {
    let cluster = cluster().await;
    world(&cluster)
        .run(async |world| {
            let mut random = random();
            let mut writer = Writer::new(&world.log(), "every file begins alike\n");
            let mut shipper = Running::start(eager(world), world.lake.clone()).await;
            for rotation in [Rotation::Rename, Rotation::CopyTruncate] {
                writer.write(300, &mut random);
                shipper.has_shipped(writer.bytes()).await;
                // Less than one block.
                let directory = world.target_dir.as_str();
                cluster.administer(&["-setSpaceQuota", "1", directory]);
                // The open piece has its block already: the next one has no room.
                let filling = async {
                    loop {
                        writer.write(50, &mut random);
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        let source = shipper.board.sources().remove(0);
                        if source.state == ShipState::WaitingForLake {
                            return source;
                        }
                    }
                };
                let source = tokio::time::timeout(DEADLINE, filling).await.unwrap();
                let problem = source.problem.unwrap();
                assert!(problem.contains("there is no room for"), "{problem}");
                writer.rotate(rotation, &mut random);
                writer.write(100, &mut random);
                cluster.administer(&["-clrSpaceQuota", directory]);
                shipper.has_shipped(writer.bytes()).await;
            }
            writer.is_archived(world).await;
            shipper.stop().await.unwrap();
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
            request.sources[0].directory = "/user/sqoop/not-ours/app.log".parse().unwrap();
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
