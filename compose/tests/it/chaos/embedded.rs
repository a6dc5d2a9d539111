//! The launcher, with everything in it, killed again and again.

use super::world::World;
use super::{Moments, RATE, kills};
use std::time::Duration;

#[tokio::test]
async fn a_killed_launcher_counts_everything_once_and_ships_every_byte() {
    let world = World::embedded();
    let mut moments = Moments::new();
    let up = ["up", "--port", "0", "--no-browser", "--rate"];
    let under_load = [&up[..], &[RATE]].concat();
    let mut launcher = world.start("comptoir", &under_load);
    // Nothing is to be lost that was never there.
    world.counted_more_than(0, &mut launcher).await;
    for _ in 0..kills() {
        // From its first moment on.
        tokio::time::sleep(moments.below(Duration::from_secs(4))).await;
        launcher.assert_runs();
        launcher.kill_and_start_again();
    }
    launcher.kill();
    let quiet = [&up[..], &["0"]].concat();
    let mut launcher = world.start("comptoir", &quiet);
    let accepted = world
        .assert_counted_once(&mut launcher, "after the kills")
        .await;
    (world.assert_archive_counts(&mut [&mut launcher], "once it is archived")).await;
    assert!(launcher.end().await.success(), "{}", launcher.said());
    world.assert_log_is_archived("after the kills").await;
    eprintln!("{} kills, {accepted} events", kills());
}
