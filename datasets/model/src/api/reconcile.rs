//! Whether what is served equals what was counted: `GET /api/v1/reconcile`.

use super::AsOf;
use super::live::GapInfo;
use crate::ids::{Offset, Partition, StreamId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcileReport {
    /// In one sentence: `complete up to 2026-11-21T13:42:30Z: 5210 records, 0 differences`.
    pub verdict: String,
    /// No difference, and nothing was lost.
    pub complete: bool,
    /// The event time up to which every partition from which more may come has been seen.
    pub fresh_through: Option<Timestamp>,
    /// Everything below the offsets of `as_of`, whatever became of it.
    pub records: u64,
    pub differences: Vec<DifferenceInfo>,
    pub partitions: Vec<ReconciledPartition>,
    /// What the views sink lost, or judged without all ids before it; oldest first.
    pub gaps: Vec<GapInfo>,
    pub as_of: AsOf,
}

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceInfo {
    /// Stable: `position`, `open_generation`, `out_of_line`, `buckets`, `run`, `coverage`,
    /// `archive`, `rows`.
    pub kind: String,
    /// `None` where it is not of one partition.
    pub stream: Option<StreamId>,
    pub partition: Option<Partition>,
    /// For people.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciledPartition {
    pub stream: StreamId,
    pub partition: Partition,
    pub next: Offset,
    /// The batch side counts everything below.
    pub covered: Offset,
    pub sealed_generations: u64,
    pub accepted: u64,
    /// Each is a dead letter.
    pub rejected: u64,
    pub duplicates: u64,
    pub differences: u64,
}
