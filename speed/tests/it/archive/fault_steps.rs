//! kill -9 behind every step of the archive sink, and in the middle of the table's upkeep.

use super::shore::{Shore, on_both};
use crate::counts::drawn;
use crate::views::fault_steps::is_killed_at;
use crate::views::reconcile::named;
use crate::views::till::{Sent, Till};
use crate::views::world::Kind;
use comptoir_bronze::{Snapshot, Sweep, Table};
use comptoir_config::clock;
use comptoir_config::fault::KILL_AT;
use comptoir_lake::{Lake, LakeOptions, LakePath};
use comptoir_speed::archive::ArchiveRequest;
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

on_both! {
    nothing_is_lost_whichever_step_an_archive_was_killed_behind
    nothing_is_lost_whichever_step_the_upkeep_was_killed_behind
}

const STEPS: [&str; 4] = [
    // The files of a part are closed, and no version names them.
    "archive-uploaded",
    // As seen by the table's log: the version is about to be made.
    "delta-files-written",
    // The version is made, and the writer does not know yet.
    "archive-committed",
    // A checkpoint is there that nothing points at.
    "delta-checkpoint-written",
];

impl Shore<'_> {
    /// What became of the records that were sent, by the table's rows and by all books.
    pub(crate) async fn look(&self, sent: &[Sent], part: &str) {
        let counts = self.counts(sent).await;
        self.world.judged(sent.len()).await;
        counts.reconciled(self.named().await).settle(part);
    }

    /// What is wrong with the table and what is counted from it.
    async fn named(&self) -> Vec<String> {
        let mut found = named(self.command(&["reconcile"]));
        if let Some(snapshot) = Snapshot::newest(&self.table).await.unwrap() {
            let rows = snapshot.verify_rows().await.unwrap();
            found.extend(rows.iter().map(ToString::to_string));
        }
        found
    }
}

async fn nothing_is_lost_whichever_step_an_archive_was_killed_behind(shore: &Shore<'_>) {
    let world = shore.world;
    let mut till = Till::new(world.partitions);
    // What the archive has is held against what this one counts.
    let views = world.sink().await;
    let draw = u32::try_from(till.draw(4)).unwrap();
    let is_local = world.kind == Kind::JsonlSqlite;
    for (turn, step) in drawn(&STEPS, is_local, draw).iter().enumerate() {
        // A group of its own each time: Kafka gives the partitions of a killed one away after 6 s.
        let group = format!("{}-archive-{turn}", world.unique);
        is_killed_at(step, shore.archive(&group), world, &mut till).await;
        assert_eq!(shore.named().await, [""; 0], "{step}, at once");
        let request = ArchiveRequest {
            group: format!("{group}-again"),
            ..shore.request()
        };
        let sink = Shore::sink_of(request).await;
        shore.look(&till.sent, step).await;
        sink.stop().await;
    }
    views.stop().await;
}

async fn nothing_is_lost_whichever_step_the_upkeep_was_killed_behind(shore: &Shore<'_>) {
    let world = shore.world;
    let mut till = Till::new(world.partitions);
    let (views, archive) = (world.sink().await, shore.sink().await);
    for _ in 0..3 {
        world.send(&till.mixed(60)).await;
        shore.archived(till.sent.len()).await;
    }
    // It goes on archiving beside.
    let mut compact = shore.command(&["archive", "compact"]);
    let killed = compact.env(KILL_AT, "delta-files-written").output();
    let killed = killed.unwrap().status;
    assert_eq!(killed.signal(), Some(Signal::KILL.as_raw()), "{killed}");
    world.send(&till.mixed(60)).await;
    shore.look(&till.sent, "compaction, files written").await;
    let joined = shore.table.compact().await.unwrap();
    assert!(joined.files_removed > joined.files_added, "{joined:?}");
    shore.look(&till.sent, "compaction, again").await;
    // What is not named is deleted at once: nobody may be about to name it.
    archive.stop().await;

    let mut vacuum = Command::new(std::env::current_exe().unwrap());
    let killed = vacuum
        .args(["--exact", "archive::fault_steps::the_process_that_vacuums"])
        .args(["--ignored", "--nocapture"])
        .env(KILL_AT, "delta-file-deleted:2")
        .env(LAKE, &shore.lake_url)
        .env(DIRECTORY, shore.directory.as_str())
        .output();
    let killed = killed.unwrap().status;
    assert_eq!(killed.signal(), Some(Signal::KILL.as_raw()), "{killed}");
    shore.look(&till.sent, "vacuum, two files deleted").await;
    let left = vacuum_now(&shore.table).await;
    assert!(left > 0, "it was killed when all was done");
    shore.look(&till.sent, "vacuum, again").await;
    let archive = shore.sink().await;
    world.send(&till.mixed(60)).await;
    shore.look(&till.sent, "and on").await;
    archive.stop().await;
    views.stop().await;
}

/// How many files it deleted.
async fn vacuum_now(table: &Table) -> usize {
    let deleted = table.vacuum(Duration::ZERO, clock::now(), Sweep::Delete);
    deleted.await.unwrap().len()
}

const LAKE: &str = "COMPTOIR_TEST_LAKE";
const DIRECTORY: &str = "COMPTOIR_TEST_DIRECTORY";

/// The command gives readers an hour at least.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is no test: it is the process that another one kills"]
async fn the_process_that_vacuums() {
    let Ok(lake) = std::env::var(LAKE) else {
        return;
    };
    let lake = Lake::open(&lake, LakeOptions::default()).unwrap();
    let directory = LakePath::parse(&std::env::var(DIRECTORY).unwrap()).unwrap();
    let table = Table::open(&lake, &directory, Duration::from_mins(1)).unwrap();
    vacuum_now(&table).await;
}
