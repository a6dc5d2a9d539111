//! What a table needs beside commits: a look back, fewer files, and no files that nobody names.

use crate::archive::NOTE;
use crate::draft::archive_properties;
use crate::error::{BronzeError, Result};
use crate::table::Table;
use comptoir_lake::{Entry, EntryKind, LakeError, Recursive};
use deltalake::DeltaTable;
use deltalake::operations::vacuum::VacuumMode;
use futures::TryStreamExt;
use jiff::Timestamp;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

/// A file that is as big is left alone by compaction. It is made in memory, beside a sink that may
/// be catching up.
const COMPACT_TO_BYTES: NonZeroU64 = NonZeroU64::new(64 * 1024 * 1024).expect("it is not 0");

/// How names end that a file has before its rename.
const TEMPORARY: &str = ".tmp";

/// One version of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub version: u64,
    pub at: Option<Timestamp>,
    /// In Delta's words: `WRITE`, `OPTIMIZE`.
    pub operation: String,
    /// What an archive committed, for each partition; `null` of other operations.
    pub note: serde_json::Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub files_removed: u64,
    pub files_added: u64,
}

/// What becomes of files that are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    Delete,
    /// They are only named.
    Look,
}

impl Table {
    /// The newest versions first, at most so many.
    pub async fn history(&self, most: usize) -> Result<Vec<Change>> {
        let table = self.loaded().await?;
        let newest = table.version().unwrap_or_default();
        let infos = self.within("reading", table.history(Some(most)).try_collect::<Vec<_>>());
        let change = |(version, mut info): (u64, deltalake::kernel::CommitInfo)| Change {
            version,
            at: (info.timestamp).and_then(|at| Timestamp::from_millisecond(at).ok()),
            operation: info.operation.take().unwrap_or_default(),
            note: info.info.remove(NOTE).unwrap_or_default(),
        };
        let versions = (0..=newest).rev();
        Ok(versions.zip(infos.await?).map(change).collect())
    }

    /// Joins the small files of each day. Rows and positions stay; readers of earlier versions are
    /// not disturbed. It takes as long as there is to join, while archives go on committing.
    pub async fn compact(&self) -> Result<Compacted> {
        let table = self.loaded().await?;
        let compacting = table
            .optimize()
            .with_target_size(COMPACT_TO_BYTES)
            .with_max_concurrent_tasks(1)
            .with_writer_properties(archive_properties());
        let (_, metrics) = (compacting.await).map_err(|cause| self.failed("compacting", cause))?;
        Ok(Compacted {
            files_removed: metrics.num_files_removed,
            files_added: metrics.num_files_added,
        })
    }

    /// Deletes files that no version names any more, or that a killed writer left behind, once they
    /// are older than `age`: whoever reads an earlier version has so long. Answers with their
    /// names.
    pub async fn vacuum(&self, age: Duration, now: Timestamp, sweep: Sweep) -> Result<Vec<String>> {
        let table = self.loaded().await?;
        let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX / 1_000);
        let vacuuming = table
            .vacuum()
            .with_mode(VacuumMode::Full)
            .with_retention_period(chrono::Duration::seconds(seconds))
            .with_enforce_retention_duration(false)
            .with_dry_run(sweep == Sweep::Look);
        let (_, metrics) = (vacuuming.await).map_err(|cause| self.failed("vacuuming", cause))?;
        let mut files = metrics.files_deleted;
        for left in self.temporaries().await? {
            let oldest = now.as_second().saturating_sub(seconds);
            if left.modified.as_second() > oldest {
                continue;
            }
            if sweep == Sweep::Delete {
                self.lake.delete(&left.path, Recursive::No).await?;
            }
            files.push(left.path.to_string());
        }
        Ok(files)
    }

    /// Files under the names that they have before their rename, which Delta does not look at.
    async fn temporaries(&self) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        let mut open = vec![self.directory.clone()];
        while let Some(directory) = open.pop() {
            let entries = match self.lake.list(&directory).await {
                // It was emptied and deleted meanwhile.
                Err(LakeError::NotFound { .. }) => continue,
                listed => listed?,
            };
            for entry in entries {
                let is_temporary =
                    entry.name().starts_with('.') && entry.name().ends_with(TEMPORARY);
                match entry.kind {
                    EntryKind::Directory => open.push(entry.path),
                    EntryKind::File if is_temporary => found.push(entry),
                    EntryKind::File => {}
                }
            }
        }
        Ok(found)
    }

    async fn loaded(&self) -> Result<DeltaTable> {
        if self.load().await?.is_none() {
            return Err(BronzeError::NoTable {
                table: self.to_string(),
            });
        }
        let load = async {
            let mut table = DeltaTable::new(Arc::clone(&self.log));
            table.load().await?;
            Ok(table)
        };
        self.within("loading", load).await
    }
}
