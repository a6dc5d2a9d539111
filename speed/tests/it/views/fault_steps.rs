//! kill -9 behind every step of the views sink.

use super::recomputed::Figures;
use super::reconcile::named;
use super::till::{Sent, Till};
use super::world::{Kind, PATIENCE, Process, World, on_every_pair};
use crate::counts::drawn;
use comptoir_config::fault::KILL_AT;
use comptoir_speed::views::ViewsRequest;
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;
use tokio::time::Instant;

on_every_pair! { nothing_is_lost_whichever_step_the_sink_was_killed_behind }

const STEPS: [&str; 3] = [
    // A batch was collected and judged.
    "views-read",
    // All of it is written, in a transaction that is still open.
    "views-written",
    "views-committed",
];

impl World {
    /// What became of the records that were sent, by the warehouse's figures and by its books.
    pub(crate) async fn look(&self, sent: &[Sent], part: &str) {
        self.judged(sent.len()).await;
        let counts = (self.figures().await).counts(&Figures::recompute(sent));
        counts
            .reconciled(named(self.program(&["reconcile"])))
            .settle(part);
    }
}

async fn nothing_is_lost_whichever_step_the_sink_was_killed_behind(world: &World) {
    let mut till = Till::new(world.partitions);
    let is_local = world.kind == Kind::JsonlSqlite;
    let draw = u32::try_from(till.draw(3)).unwrap();
    for (turn, step) in drawn(&STEPS, is_local, draw).iter().enumerate() {
        // A group of its own each time: Kafka gives the partitions of a killed one away after 6 s.
        let group = format!("{}-{turn}", world.unique);
        let arguments = ["views", "--listen", "127.0.0.1:0", "--group", &group];
        // The first batch of a partition, or a later one.
        let at = format!("{step}:{}", 1 + till.draw(4));
        is_killed_at(&at, world.program(&arguments), world, &mut till).await;
        assert_eq!(
            named(world.program(&["reconcile"])),
            [""; 0],
            "{at}, at once"
        );
        let request = ViewsRequest {
            group: format!("{group}-again"),
            ..world.request()
        };
        let sink = world.sink_of(request).await;
        world.look(&till.sent, step).await;
        sink.stop().await;
    }
}

/// Sends records while a process works that kills itself behind a step.
pub(crate) async fn is_killed_at(at: &str, mut command: Command, world: &World, till: &mut Till) {
    command.env(KILL_AT, at);
    let mut process = Process::start(command);
    let producer = world.transport.producer().await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        world.send_by(&producer, &till.mixed(10)).await;
        if let Some(status) = process.0.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it never came to {at}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(
        status.signal(),
        Some(Signal::KILL.as_raw()),
        "{at}: {status}"
    );
}
