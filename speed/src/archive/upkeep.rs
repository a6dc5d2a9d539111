//! Keeps the table small: joins its files, deletes those that no version names any more, and lets
//! rows go that were kept for their time.
//!
//! A commit every ten seconds leaves a file a partition and day: thousands a day. What a turn has
//! written without a commit is deleted by a later one.

use super::retention::{self, Keeping};
use crate::sink::{SinkError, Upkeep};
use comptoir_bronze::{Snapshot, Sweep, Table};
use comptoir_config::clock;
use std::time::Duration;

/// Files that no version has named for so long go: longer than any query of an earlier version runs.
pub const VACUUM_AFTER: Duration = Duration::from_hours(7 * 24);

pub(super) struct SmallFiles {
    pub(super) table: Table,
    /// `None`: rows stay for ever.
    pub(super) keeping: Option<Keeping>,
}

impl Upkeep for SmallFiles {
    const JOB: &'static str = "archive.upkeep";

    async fn is_of_use(&self) -> Result<bool, SinkError> {
        Ok(Snapshot::newest(&self.table).await?.is_some())
    }

    async fn turn(&self) -> Result<String, SinkError> {
        let table = &self.table;
        let compacted = table.compact().await?;
        let deleted = table.vacuum(VACUUM_AFTER, clock::now(), Sweep::Delete);
        let mut done = format!(
            "joined {} files of {table} into {}, and deleted {} that no version names",
            compacted.files_removed,
            compacted.files_added,
            deleted.await?.len()
        );
        if let Some(keeping) = &self.keeping {
            let forgot = keeping.forget(clock::now(), Sweep::Delete).await?;
            done = format!("{done}; {}", retention::told(&forgot, Sweep::Delete));
        }
        Ok(done)
    }
}
