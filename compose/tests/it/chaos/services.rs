//! Each process alone, on real services, killed one after the other at random.

use super::world::World;
use super::{Moments, RATE, kills};
use crate::launcher::eventually;
use crate::real_services::env;
use std::time::Duration;

const LIVE_RUN: [&str; 3] = ["views", "run", "live"];

#[tokio::test]
async fn killed_processes_count_everything_once_and_ship_every_byte() {
    let world = World::on_services(&env(), "kills").await;
    let mut moments = Moments::new();
    let simulate = ["simulate", "--steady", "--rate", RATE];
    let mut processes = [
        world.start("comptoir-speed", &["views"]),
        world.start("comptoir-speed", &simulate),
        world.start("comptoir-speed", &["archive"]),
        world.start("comptoir-logship", &["ship"]),
        world.start("comptoir-web", &[]),
    ];
    world.counted_more_than(0, &mut processes[0]).await;
    for _ in 0..kills() {
        let mut live_run = world.start("comptoir-batch", &LIVE_RUN);
        tokio::time::sleep(moments.below(Duration::from_secs(2))).await;
        live_run.kill();
        let killed = moments.pick(&mut processes);
        killed.assert_runs();
        killed.kill_and_start_again();
    }
    let [mut views, mut simulator, mut archive, mut logship, mut web] = processes;
    assert!(simulator.end().await.success(), "{}", simulator.said());
    let accepted = world
        .assert_counted_once(&mut views, "after the kills")
        .await;
    eventually("a live run that covers everything", async || {
        let mut run = world.start("comptoir-batch", &LIVE_RUN);
        let covers_all = run.exit().await.success() && world.stored().await.by_sinks == 0;
        covers_all.then_some(())
    })
    .await;
    world
        .assert_archive_counts(&mut [&mut views, &mut archive], "once it is archived")
        .await;
    for process in [&mut views, &mut archive, &mut logship, &mut web] {
        assert!(process.end().await.success(), "{}", process.said());
    }
    world.assert_log_is_archived("after the kills").await;
    eprintln!("{} kills, {accepted} events", kills());
    world.remove().await;
}
