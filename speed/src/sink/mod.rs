//! What every sink does alike: partitions come and go, each is read, judged and committed on a
//! thread of its own, by decisions that are pure (`plan`). What is kept of the records, and where,
//! is the sink's own: `Sink` and `PartitionSink`.
//!
//! A batch and the position behind it go into the store together, so that a crash at any moment
//! leaves either all of it or nothing, and a second owner of the partition can't pass it. Nothing
//! ends because a neighbour is away: a judged batch is kept and tried again, and reading stops
//! until it is in.

mod error;
mod freshness;
mod gaps;
mod http;
mod metrics;
mod plan;
mod pulse;
mod run;
mod status;
mod upkeep;
mod worker;

pub use error::SinkError;
pub(crate) use plan::Limits;
pub(crate) use run::{Running, run};
pub(crate) use upkeep::{Upkeep, keep_up};

use crate::transport;
use comptoir_model::ids::Offset;
use comptoir_model::live::Overflow;
use comptoir_model::merge::{Gaps, PartitionKey, Span};
use comptoir_model::verdict::OutOfOrder;
use comptoir_warehouse::{PartitionId, Progress};
use jiff::Timestamp;
use tokio::runtime::Handle;

/// One kind of sink, for a whole process.
pub(crate) trait Sink: Send + Sync {
    type Partition: PartitionSink;

    /// Of its metrics, threads and heartbeat.
    const NAME: &'static str;
    /// What it does with records, as in `counting`.
    const DOING: &'static str;
    /// What it writes to.
    const STORE: &'static str;
    const WAREHOUSE: WarehouseRole;

    /// `owner` names this process.
    fn partition(&self, key: &PartitionKey, owner: &str, runtime: &Handle) -> Self::Partition;
}

/// What the warehouse is to a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WarehouseRole {
    /// It holds the sink's figures and positions: nothing goes on without it.
    Store,
    /// It is told that the process lives; work goes on without it.
    Register,
}

/// One partition of a sink: judges records into a batch, and gets the batch into the store, once.
/// It blocks.
pub(crate) trait PartitionSink: Send + 'static {
    fn limits(&self) -> Limits;

    /// Forgets the batch and the ids before it, and asks the store where the partition stands.
    fn open(&mut self) -> Result<Opened, StoreFault>;

    /// Where the partition stands in the store.
    fn position(&mut self) -> Result<Offset, StoreFault>;

    /// What the warehouse calls the partition, where it holds the positions.
    fn warehouse_id(&self) -> Option<PartitionId> {
        None
    }

    /// A record that is in the store already: only its id matters.
    fn remember(&mut self, record: &transport::Record<'_>) -> Result<(), OutOfOrder>;

    /// Takes the ids of records that are gone from the log out of the store, if it has them.
    fn recall(&mut self, gone: Span) -> Result<Recalled, StoreFault>;

    fn take(&mut self, record: &transport::Record<'_>) -> Result<(), TakeError>;

    /// The records that were to come next are gone.
    fn lose(&mut self, lost: Span);

    /// What the batch takes in memory.
    fn bytes(&self) -> usize;

    /// The timestamp of its last record.
    fn latest(&self) -> Option<Timestamp>;

    fn counts(&self) -> BatchCounts;

    /// May be called again with the same batch, unless it succeeded.
    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, StoreFault>;

    /// The batch was committed, or has to be collected again.
    fn clear(&mut self);
}

#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) next: Offset,
    pub(crate) gaps: Gaps,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recalled {
    All,
    Nothing,
}

/// What is committed beside the records of the batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commit<'a> {
    pub(crate) span: Span,
    pub(crate) gaps: &'a Gaps,
    pub(crate) progress: Progress,
    pub(crate) now: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Committed {
    Applied,
    /// Nothing was done: another owner has moved the position.
    GivenUp,
}

/// What a batch holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchCounts {
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) duplicates: u64,
    /// Of the rejected ones.
    pub(crate) reasons: Vec<&'static str>,
    /// That it writes or adds to.
    pub(crate) rows: u64,
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreFault {
    /// Nothing was done.
    #[error("{0}")]
    NotDone(String),
    /// It may have been done: the store has to be read.
    #[error("{0}")]
    Unknown(String),
}

/// Why a record can't be taken. The batch has to be collected again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TakeError {
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
    #[error(transparent)]
    Overflow(#[from] Overflow),
    #[error("{0}")]
    Encoding(String),
}
