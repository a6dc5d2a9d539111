//! Keeps the table small: joins its files, and deletes those that no version names any more.
//!
//! A commit every ten seconds leaves a file a partition and day: thousands a day. Of all processes
//! that archive, the one that holds the lock of the job does it, and the warehouse has a record of
//! each turn. A warehouse or a lake that is away puts it off.

use crate::sink::SinkError;
use comptoir_bronze::{Compacted, Snapshot, Sweep, Table};
use comptoir_config::{clock, host_name};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobEnd, JobOutcome, JobStart, Warehouse};
use std::time::Duration;
use tracing::{debug, info, warn};

/// Files that no version has named for so long go: longer than any query of an earlier version runs.
pub const VACUUM_AFTER: Duration = Duration::from_hours(7 * 24);

/// As which it is on record.
const JOB: &str = "archive.upkeep";

/// How often it looks whether a turn is due, at most.
const LOOK: Duration = Duration::from_mins(1);

pub(super) struct Upkeep {
    pub(super) table: Table,
    pub(super) warehouse: Warehouse,
    /// From the start of one turn to that of the next.
    pub(super) every: Duration,
}

struct Done {
    compacted: Compacted,
    deleted: usize,
}

impl Upkeep {
    /// Goes on until it is dropped, which is safe at any moment: what a turn has written without a
    /// commit is deleted by a later one.
    pub(super) async fn keep(self) {
        loop {
            tokio::time::sleep(self.every.min(LOOK)).await;
            match self.turn().await {
                Ok(None) => {}
                Ok(Some(Done { compacted, deleted })) => info!(
                    "joined {} files of {} into {}, and deleted {deleted} that no version names",
                    compacted.files_removed, self.table, compacted.files_added
                ),
                Err(error) => warn!("the archive's upkeep is put off: {error}"),
            }
        }
    }

    /// `None` where it is not due, or somebody else does it.
    async fn turn(&self) -> Result<Option<Done>, SinkError> {
        let job = JobName::parse(JOB).unwrap_or_else(|error| unreachable!("{error}"));
        let last = self.warehouse.job_runs(Some(&job), 1).await?;
        let now = clock::now();
        let is_due = last.first().is_none_or(|run| {
            // A clock that was set back does not put it off for long.
            now.duration_since(run.started_at).unsigned_abs() >= self.every
        });
        if !is_due || Snapshot::newest(&self.table).await?.is_none() {
            return Ok(None);
        }
        let host = host_name();
        let started = self
            .warehouse
            .start_job(&job, &host, std::process::id(), now);
        let JobStart::Started(lock) = started.await? else {
            debug!("another process does the archive's upkeep");
            return Ok(None);
        };
        let done = self.join_and_delete().await;
        let end = JobEnd {
            at: clock::now(),
            outcome: match done {
                Ok(_) => JobOutcome::Done,
                Err(_) => JobOutcome::Failed,
            },
            attempts: 1,
            output: None,
            error: done.as_ref().err().map(ToString::to_string),
        };
        lock.finish(&end).await?;
        done.map(Some)
    }

    async fn join_and_delete(&self) -> Result<Done, SinkError> {
        let compacted = self.table.compact().await?;
        let deleted = self.table.vacuum(VACUUM_AFTER, clock::now(), Sweep::Delete);
        Ok(Done {
            compacted,
            deleted: deleted.await?.len(),
        })
    }
}
