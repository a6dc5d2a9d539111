//! Several processes that share a topic.

use super::till::Till;
use super::world::{Kind, World, on_every_pair};
use rdkafka::admin::{AdminOptions, NewPartitions};
use rustix::process::Signal;
use std::time::Duration;

on_every_pair! { two_processes_share_the_partitions_and_hand_them_over }

const OWNERS: &str = "SELECT COUNT(DISTINCT owner) FROM progress";

async fn two_processes_share_the_partitions_and_hand_them_over(world: &World) {
    let mut till = Till::new(world.partitions);
    let first = world.process();
    world.send(&till.mixed(200)).await;
    world.judged(200).await;
    let second = world.process();
    world.until(OWNERS, "2").await;
    world.send(&till.mixed(300)).await;
    world.judged(500).await;
    // One ends in order, and another one comes.
    second.signal(Signal::TERM);
    world.send(&till.mixed(200)).await;
    let third = world.process();
    world.send(&till.mixed(200)).await;
    first.kill();
    world.send(&till.mixed(100)).await;
    world.assert_counted(&till.sent).await;
    drop(third);
}

/// An owner that sleeps while others count changes nothing when it wakes.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_owner_that_wakes_changes_nothing() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let mut till = Till::new(world.partitions);
        let sleeper = world.process();
        world.send(&till.mixed(300)).await;
        world.judged(300).await;
        world.send(&till.mixed(500)).await;
        // In the middle of it.
        tokio::time::sleep(Duration::from_millis(till.draw(200))).await;
        sleeper.signal(Signal::STOP);
        let second = world.process();
        world.send(&till.mixed(300)).await;
        world.assert_counted(&till.sent).await;
        sleeper.signal(Signal::CONT);
        for _ in 0..5 {
            world.send(&till.mixed(100)).await;
            world.assert_counted(&till.sent).await;
        }
        drop(second);
        world.send(&till.mixed(100)).await;
        world.assert_counted(&till.sent).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_added_are_counted_from_their_first_record_on() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let mut before = Till::new(world.partitions);
        let sink = world.sink().await;
        world.send(&before.mixed(200)).await;
        world.judged(200).await;
        let more = NewPartitions::new(&world.topic, 5);
        let admin = world.admin();
        let added = admin.create_partitions([&more], &AdminOptions::new());
        for result in added.await.unwrap() {
            result.unwrap();
        }
        let mut after = Till::new(5);
        world.send(&after.mixed(300)).await;
        let all = [before.sent, after.sent].concat();
        world.assert_counted(&all).await;
        sink.stop().await;
    })
    .await;
}
