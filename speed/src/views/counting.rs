//! The records of a batch, judged and counted as they come: none is kept for it.

use super::names::{Named, Names};
use crate::sink::TakeError;
use crate::transport;
use comptoir_model::event::Rejection;
use comptoir_model::live::Tally;
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, OutOfOrder, Reach, Verdict, judge};
use jiff::Timestamp;

const MAPPING: MappingVersion = MappingVersion::NEWEST;

/// What is counted of one partition, and what that takes.
///
/// After an error it has to be thrown away: nothing is judged twice.
pub(super) struct Counting {
    window: DuplicateWindow,
    names: Names,
    batch: Batch,
}

/// What a batch adds.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) tally: Tally,
    pub(super) names: Vec<Named>,
    /// The timestamp of the last record.
    pub(super) latest: Option<Timestamp>,
}

impl Counting {
    pub(super) fn new(reach: Reach) -> Self {
        Self {
            window: DuplicateWindow::new(reach),
            names: Names::default(),
            batch: Batch::default(),
        }
    }

    /// A record that was counted before: only its id matters.
    pub(super) fn remember(&mut self, record: &transport::Record<'_>) -> Result<(), OutOfOrder> {
        judge(record.judged(), MAPPING, &mut self.window).map(drop)
    }

    pub(super) fn count(&mut self, record: &transport::Record<'_>) -> Result<(), TakeError> {
        let judged = record.judged();
        let mut verdict = judge(judged, MAPPING, &mut self.window)?;
        match &mut verdict {
            Verdict::Accepted(event) => self.names.note(event, &mut self.batch.names),
            // Only the beginning of a giant record was loaded.
            Verdict::Rejected(Rejection::TooLarge { bytes }) => *bytes = record.length,
            Verdict::Rejected(_) | Verdict::Duplicate { .. } => {}
        }
        self.batch.tally.add(&judged, MAPPING, &verdict)?;
        self.batch.latest = Some(record.timestamp);
        Ok(())
    }

    pub(super) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The batch was committed, or has to be collected again.
    pub(super) fn clear(&mut self) {
        self.batch.tally.clear();
        self.batch.names.clear();
        self.batch.latest = None;
    }
}
