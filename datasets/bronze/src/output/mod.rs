//! Tables that are replaced as a whole, or day by day: results of views.
//!
//! A version of such a table is one run of its view: rows, columns, and what the run says of itself
//! ([`OutputVersion::facts`]) are one commit. Readers of the table, ours and others, see a run as a
//! whole or not at all. Of two writers over one version, one wins and the other is told so.

mod columns;
mod commit;
mod files;
mod taken;

pub use files::OutputWriter;
pub use taken::taken_by_run;

use crate::error::Result;
use crate::snapshot::Snapshot;
use crate::table::Table;
use crate::upkeep::Sweep;
use comptoir_lake::{Lake, LakePath};
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use deltalake::datafusion::catalog::TableProvider;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The table property that says what the newest run says of itself. Foreign engines keep it and
/// look away.
const FACTS: &str = "comptoir.run";

/// So long readers of an earlier version have, as those of a replaced import.
const KEEP: Duration = Duration::from_hours(24);

/// A Delta table that a view's runs replace.
#[derive(Clone, Debug)]
pub struct OutputTable(Table);

/// One version of it.
pub struct OutputVersion(Snapshot);

/// Which rows a commit takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    All,
    /// Those of these days; the others stay as they are.
    Days(BTreeSet<Date>),
    /// Those of this day and all later ones, and of these others.
    From {
        first: Date,
        others: BTreeSet<Date>,
    },
}

impl Replaced {
    /// Whether rows of this day are replaced.
    pub fn has(&self, day: Date) -> bool {
        match self {
            Self::All => true,
            Self::Days(days) => days.contains(&day),
            Self::From { first, others } => day >= *first || others.contains(&day),
        }
    }
}

/// What a commit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputCommitted {
    pub version: u64,
    /// Of all data files of the version, in bytes.
    pub bytes: u64,
}

impl OutputTable {
    /// `call_limit` is the lake's own, for one call to it. Asks nobody.
    pub fn open(lake: &Lake, directory: &LakePath, call_limit: Duration) -> Result<Self> {
        Ok(Self(Table::open(lake, directory, call_limit)?))
    }

    /// One in the lake of another table. Asks nobody.
    pub fn beside(table: &Table, directory: &LakePath) -> Result<Self> {
        Ok(Self(table.other(directory)?))
    }

    /// The newest version; `None` where no run was ever published.
    pub async fn newest(&self) -> Result<Option<OutputVersion>> {
        let newest = Snapshot::newest(&self.0).await?;
        Ok(newest.map(OutputVersion))
    }

    /// Deletes files that no version of the last 24 h names, and those of killed runs. Answers how
    /// many.
    pub async fn tidy(&self, now: Timestamp) -> Result<usize> {
        let deleted = self.0.vacuum(KEEP, now, Sweep::Delete).await?;
        Ok(deleted.len())
    }
}

impl fmt::Display for OutputTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl OutputVersion {
    pub fn version(&self) -> u64 {
        self.0.version()
    }

    /// What the run that made it said; `None` where it was none of ours.
    pub fn facts(&self) -> Option<&str> {
        let configuration = self.0.state.metadata().configuration();
        configuration.get(FACTS).map(String::as_str)
    }

    /// Up to where the run that made it had taken the archive's events; `None` where it took none,
    /// or all of them at every run.
    pub fn taken(&self) -> Option<BTreeMap<PartitionKey, Offset>> {
        taken_by_run(self.facts()?)
    }

    /// As the data files say; `None` where a foreign one does not.
    pub fn rows(&self) -> Option<u64> {
        let log = self.0.state.log_data();
        let counted: Option<usize> = log.iter().map(|file| file.num_records()).sum();
        counted.and_then(|rows| u64::try_from(rows).ok())
    }

    /// Of all data files together, in bytes.
    pub fn bytes(&self) -> u64 {
        let log = self.0.state.log_data();
        let size = |file: deltalake::kernel::LogicalFileView| u64::try_from(file.size());
        log.iter().map(|file| size(file).unwrap_or(0)).sum()
    }

    /// The rows, for queries.
    pub async fn provider(&self) -> Result<Arc<dyn TableProvider>> {
        self.0.provider().await
    }
}
