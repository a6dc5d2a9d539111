//! The clock is set back and forth under both sinks: nothing is lost, and nothing doubled.

use crate::archive::shore::{Shore, on_both};
use crate::views::till::Till;
use crate::views::world::Process;
use comptoir_config::clock::{self, STEPPED_BY};
use jiff::SignedDuration;
use std::process::Command;

on_both! { nothing_is_lost_or_doubled_when_the_clock_is_set }

async fn nothing_is_lost_or_doubled_when_the_clock_is_set(shore: &Shore<'_>) {
    let world = shore.world;
    let mut till = Till::new(world.partitions);
    let file = world.directory.path().join("clock");
    let start = |mut command: Command| {
        command.env(STEPPED_BY, &file);
        // Both go by the clock.
        for every in ["ARCHIVE_UPKEEP_EVERY_S", "RECONCILE_EVERY_S"] {
            command.env(format!("COMPTOIR_{every}"), "1");
        }
        Process::start(command)
    };
    let views = start(world.program(&["views", "--listen", "127.0.0.1:0"]));
    let archive = start(shore.archive(&format!("{}-archive", world.unique)));
    for hours in [0, -3, 5, -26, 26, 0] {
        std::fs::write(&file, (hours * 3_600).to_string()).unwrap();
        world.send(&till.mixed(60)).await;
        world.judged(till.sent.len()).await;
        shore.archived(till.sent.len()).await;
        if hours == 5 {
            let committed = "SELECT MAX(updated_at_ms) FROM offsets WHERE sink = 'views'";
            let committed: i64 = world.rows(committed).await[0][0].parse().unwrap();
            let later = clock::now() + SignedDuration::from_hours(4);
            assert!(committed > later.as_millisecond(), "the clock was not set");
        }
    }
    world.look(&till.sent, "counted").await;
    shore.look(&till.sent, "archived").await;
    drop((views, archive));
}
