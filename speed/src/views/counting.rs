//! The records of a batch, judged and counted as they come: none is kept for it.

use super::names::{Named, Names};
use crate::sink::TakeError;
use crate::transport;
use comptoir_model::event::Rejection;
use comptoir_model::live::{Overflow, Tally};
use comptoir_model::verdict::{
    DuplicateWindow, MappingVersion, OutOfOrder, Reach, Record, Verdict, judge,
};
use comptoir_warehouse::NewName;
use jiff::Timestamp;

const MAPPING: MappingVersion = MappingVersion::NEWEST;

/// What is counted of one partition, and what that takes.
///
/// After an error it has to be thrown away: nothing is judged twice.
pub(super) struct Counting {
    window: DuplicateWindow,
    batch: Batch,
}

/// What a batch of judged records adds.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) tally: Tally,
    /// The timestamp of the last record.
    pub(super) latest: Option<Timestamp>,
    known: Names,
    names: Vec<Named>,
}

impl Counting {
    pub(super) fn new(reach: Reach) -> Self {
        Self {
            window: DuplicateWindow::new(reach),
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
        // Only the beginning of a giant record was loaded.
        if let Verdict::Rejected(Rejection::TooLarge { bytes }) = &mut verdict {
            *bytes = record.length;
        }
        Ok(self.batch.add(&judged, &verdict)?)
    }

    pub(super) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The batch was committed, or has to be collected again.
    pub(super) fn clear(&mut self) {
        self.batch.clear();
    }
}

impl Batch {
    /// Records come in the order of their offsets.
    pub(crate) fn add(
        &mut self,
        record: &Record<'_>,
        verdict: &Verdict<'_>,
    ) -> Result<(), Overflow> {
        if let Verdict::Accepted(event) = verdict {
            self.known.note(event, &mut self.names);
        }
        self.tally.add(record, MAPPING, verdict)?;
        self.latest = Some(record.timestamp);
        Ok(())
    }

    /// Names that were not sent before.
    pub(crate) fn names(&self) -> Vec<NewName<'_>> {
        (self.names.iter())
            .map(|named| NewName {
                kind: named.kind,
                id: &named.id,
                name: &named.name,
            })
            .collect()
    }

    /// Forgets everything but which names were sent.
    pub(crate) fn clear(&mut self) {
        self.tally.clear();
        self.names.clear();
        self.latest = None;
    }
}
