//! The warehouse: the relational database that serves the dashboard, on `SQLite`, `MariaDB` or
//! `MySQL`. Its schema and every statement that reads or writes it are here and nowhere else.
//!
//! - [`ViewsWriter`] is the views sink's side: a batch's totals, dead letters, gaps and position in
//!   one transaction that a second owner of the partition can't pass.
//! - [`BatchRun`] is the batch views' side: a run's coverage, its rows, and the switch to it.
//! - [`LiveReader`] is the dashboard's side: what changed since the last read, all of one moment.
//! - [`JobLock`] keeps two runs of one batch job apart, and records what came of each.
//! - [`JobCommand`] is a job that somebody asked for; one executor at a time has a [`Claim`] to it.
//! - [`ViewResultWriter`] loads what a batch view answers, and makes it the current result at once.
//! - [`Warehouse`] itself has the rest: migrations, transactions, dead letters and their replays,
//!   names, and the heartbeats of the platform's processes.
//!
//! Money is in hundredths, times in milliseconds or microseconds since 1970 in UTC, as the names of
//! the columns say.

mod commands;
mod dead_letters;
mod dialect;
mod error;
mod full_looks;
mod jobs;
mod journal;
mod live;
mod migrate;
mod names;
mod processes;
mod reconcile;
mod replays;
mod rows;
mod runs;
mod schema;
mod session;
mod transactions;
mod turns;
mod view_results;
mod views;
mod warehouse;

pub use commands::{Claim, CommandOutcome, CommandState, JobCommand, JobOffer};
pub use comptoir_database::{Limits, Login, Retry};
pub use dead_letters::{DeadLetterFilter, DeadLetterKey, StoredLetter};
pub use error::{Result, WarehouseError};
pub use full_looks::{FULL_LOOK_JOB, full_look_job};
pub use jobs::{JobEnd, JobHolder, JobLock, JobOutcome, JobOutput, JobRun, JobStart, JobState};
pub use live::{
    DeadLetterSummary, Grouped, LiveChange, LivePartition, LiveQuery, LiveReader, LiveStream,
    MinuteTotals, NewEvents, OlderTotals, Origin, PlaceTotals, QuarterTops, RecordedGap, Seen,
    SubjectTotals, Totals,
};
pub use names::NameKind;
pub use processes::{EXECUTOR, ProcessPhase, ProcessState};
pub use replays::{Replay, ReplayState};
pub use runs::{
    BatchFacts, BatchRun, Block, Holds, Loaded, Reading, RunVersion, Switched, ViewRunId,
};
pub use transactions::{StoredTransaction, TransactionCursor, TransactionFilter};
pub use view_results::{StoredViewResult, ViewResultWriter};
pub use views::{
    Committed, GenerationRow, NewName, PartitionId, Progress, ViewsBatch, ViewsPosition,
    ViewsWriter,
};
pub use warehouse::{SchemaVersion, Warehouse, WarehouseHealth};
