//! What can go wrong with the warehouse.

use crate::warehouse::SchemaVersion;
use comptoir_database::{DatabaseError, Retry};
use comptoir_model::ids::{JobName, RunId};
use comptoir_model::live::{Overflow, SketchError};
use comptoir_model::merge::PartitionKey;
use comptoir_model::view_result::ViewName;
use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, WarehouseError>;

#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    #[error("the warehouse: {0}")]
    Database(#[from] DatabaseError),
    #[error(
        "the warehouse: whether {what} was committed is unknown: {source}\nhint: read the position back"
    )]
    UnknownOutcome { what: String, source: DatabaseError },
    #[error(
        "the warehouse {url} has schema {found}, this program knows up to {known}\nhint: use the version of Comptoir that migrated it, or a newer one"
    )]
    NewerSchema {
        url: String,
        found: SchemaVersion,
        known: SchemaVersion,
    },
    #[error(
        "the warehouse {url} has no tables of this version yet (schema {found}, {known} is needed)\nhint: compose/up or any service that writes to it migrates it at its start"
    )]
    NotMigrated {
        url: String,
        found: SchemaVersion,
        known: SchemaVersion,
    },
    #[error(
        "the warehouse {url}: another process has been migrating it for {seconds} s\nhint: look for a session that hangs"
    )]
    MigrationLocked { url: String, seconds: u64 },
    #[error(
        "the warehouse: table `{table}` holds {what}\nhint: something else has written to it; rebuild the views"
    )]
    Damaged { table: &'static str, what: String },
    #[error("the warehouse: minute {minute} of {counted_in}: {source}")]
    Sketch {
        /// A partition, or a run.
        counted_in: String,
        minute: i64,
        source: SketchError,
    },
    #[error("the warehouse: {0}")]
    Overflow(#[from] Overflow),
    #[error("the warehouse: {partition} is not known\nhint: ask for its position first")]
    UnknownPartition { partition: String },
    #[error("the warehouse: {0} does not fit 63 bits")]
    TooLarge(&'static str),
    #[error("the warehouse: offset {} of {key} is no dead letter", .offset)]
    NoDeadLetter { key: PartitionKey, offset: u64 },
    #[error(
        "the job `{job}` was taken over by another process, this one changes nothing any more\nhint: its session at the warehouse ended, or it stood still for too long; the other one goes on"
    )]
    JobTakenOver { job: JobName },
    #[error(
        "the view `{view}`: its run {run} was given up by a newer one, and changes nothing any more"
    )]
    ViewTakenOver { view: ViewName, run: RunId },
    #[error("the lock file {path}: {source}")]
    LockFile {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl WarehouseError {
    /// `CanHelp`: nothing was written, the same call may be made again (a deadlock, a lock that was
    /// waited for in vain, a server that is away). `Unknown`: a commit got no answer.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::UnknownOutcome { .. } => Retry::Unknown,
            Self::MigrationLocked { .. } | Self::NotMigrated { .. } => Retry::CanHelp,
            Self::NewerSchema { .. }
            | Self::Damaged { .. }
            | Self::Sketch { .. }
            | Self::Overflow(_)
            | Self::UnknownPartition { .. }
            | Self::TooLarge(_)
            | Self::NoDeadLetter { .. }
            | Self::JobTakenOver { .. }
            | Self::ViewTakenOver { .. }
            | Self::LockFile { .. } => Retry::CanNot,
        }
    }
}
