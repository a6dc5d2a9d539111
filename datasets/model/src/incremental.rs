//! What an incremental import remembers for its next run. It lies in the manifest of the target, so
//! it is published with the rows that it speaks of.

use crate::ids::RunId;
use crate::row_checksum::RowChecksum;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a gap of integer keys is read again: a transaction that took a key and stays open
/// longer than this is not waited for.
pub const KEEP_GAPS: SignedDuration = SignedDuration::from_hours(24);

/// Where the last run of an incremental import ended, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncrementalState {
    /// The run that left it. Imports that only add parts carry it on unchanged.
    pub run: RunId,
    pub mode: IncrementalMode,
    /// The column that tells which rows are new.
    pub column: String,
    /// The highest value of the column that the run took for complete, as the server prints it:
    /// included by [`IncrementalMode::Append`], excluded by [`IncrementalMode::LastModified`].
    pub ceiling: String,
    pub start: Start,
    /// Integers below the ceiling that no row had: a transaction that was still open may bring them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// The rows that were read from `start` on, and that the next run will meet again. One that is
    /// there twice stands here twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlap: Vec<RowChecksum>,
}

/// Which column tells, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncrementalMode {
    /// A column that grows with each new row.
    Append,
    /// A column with the time of the last change.
    LastModified,
}

impl IncrementalMode {
    /// As the flag `--incremental` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::LastModified => "lastmodified",
        }
    }
}

/// From where a run reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    After(String),
    /// This value included.
    From(String),
}

/// Integers from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub first: i128,
    pub last: i128,
    /// When it was seen first.
    pub since: Timestamp,
}

impl Gap {
    /// Whether a late row may still fill it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now.duration_since(self.since) < KEEP_GAPS
    }
}
