//! Whether what is served equals what was counted: `GET /api/v1/reconcile`.

mod full;

pub use full::{FullLook, FullLooks};

use super::AsOf;
use super::live::{GapInfo, GapKind};
use crate::ids::{Offset, Partition, StreamId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileReport {
    /// In one sentence: `complete up to 2026-11-21T13:42:30Z: 5210 records, 0 differences`.
    pub verdict: String,
    /// No difference, and nothing was lost.
    pub complete: bool,
    /// The event time up to which every partition from which more may come has been seen.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub fresh_through: Option<Timestamp>,
    /// Everything below the offsets of `as_of`, whatever became of it.
    pub records: u64,
    pub differences: Vec<DifferenceInfo>,
    pub partitions: Vec<ReconciledPartition>,
    /// What the views sink lost, or judged without all ids before it; oldest first.
    pub gaps: Vec<GapInfo>,
    /// What was not looked at, or too long ago, and why.
    pub unchecked: Vec<String>,
    /// The API looks at the warehouse alone, and takes the log and the archive from this look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<FullLook>,
    pub as_of: AsOf,
}

impl ReconcileReport {
    /// Says in `verdict` and `complete` what the other fields come to.
    #[must_use]
    pub fn summed_up(mut self) -> Self {
        let found = self.differences.len();
        let lost = self.gaps.iter().filter(|gap| gap.kind == GapKind::Lost);
        let lost = lost.count();
        self.complete = found == 0 && lost == 0;
        let complete = if self.complete {
            "complete"
        } else {
            "not complete"
        };
        let up_to =
            (self.fresh_through).map_or_else(String::new, |fresh| format!(" up to {fresh}"));
        let differences = if found == 1 {
            "difference"
        } else {
            "differences"
        };
        let lost = match lost {
            0 => String::new(),
            lost => format!(", {lost} runs of offsets lost"),
        };
        let records = self.records;
        self.verdict = format!("{complete}{up_to}: {records} records, {found} {differences}{lost}");
        self
    }
}

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DifferenceInfo {
    /// Stable: `position`, `open_generation`, `out_of_line`, `buckets`, `dead_letters`, `run`,
    /// `coverage`, `archive`, `rows`; and of full looks, which also read the lake and ask the log,
    /// `archive_file`, `archive_position`, `log_end` and `log_start`.
    pub kind: String,
    /// `None` where it is not of one partition.
    pub stream: Option<StreamId>,
    pub partition: Option<Partition>,
    /// For people.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconciledPartition {
    pub stream: StreamId,
    pub partition: Partition,
    /// The next offset of the views sink.
    pub next: Offset,
    /// The next offset of the archive, when it was looked at; `None` where it was not, or has nothing.
    pub archived: Option<Offset>,
    /// What the log held when it was asked; `None` where it was not, or the stream has ended.
    pub log: Option<LogBounds>,
    /// The batch side counts everything below.
    pub covered: Offset,
    pub sealed_generations: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Those of the rejected records that are stored, or were for as long as they are kept: all of them.
    pub dead_letters: u64,
    pub duplicates: u64,
    pub differences: u64,
}

/// The offsets of the records that a log still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogBounds {
    /// Of the first one.
    pub start: Offset,
    /// Behind the last one.
    pub end: Offset,
}
