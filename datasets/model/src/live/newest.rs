//! The newest accepted records, as they came.

use super::tally::{RECENT_MAX, Recent};
use crate::ids::Offset;
use crate::verdict::{MappingVersion, Record, read_record};
use jiff::Timestamp;

/// Records are dropped some at a time, so that one costs nothing for being followed by many.
const SURPLUS_MAX: usize = RECENT_MAX / 4;

/// Keeps bytes, not events: few of the records that come in a flood are ever asked for, and to
/// read those again is cheaper than to take all of them apart for keeping.
#[derive(Default)]
pub(super) struct Newest {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

struct Place {
    offset: Offset,
    timestamp: Timestamp,
    mapping: MappingVersion,
    /// In `bytes`; it begins where the one before ends.
    end: usize,
}

impl Newest {
    /// Records come by their offsets.
    pub(super) fn push(&mut self, record: &Record<'_>, mapping: MappingVersion) {
        if self.places.len() >= RECENT_MAX + SURPLUS_MAX {
            self.drop_first(self.places.len() - RECENT_MAX);
        }
        self.bytes.extend_from_slice(record.bytes);
        self.places.push(Place {
            offset: record.offset,
            timestamp: record.timestamp,
            mapping,
            end: self.bytes.len(),
        });
    }

    /// Those with the highest offsets, at most [`RECENT_MAX`], by offset.
    pub(super) fn events(&self) -> impl ExactSizeIterator<Item = Recent<'_>> {
        let first = self.places.len().saturating_sub(RECENT_MAX);
        let mut start = self.end_before(first);
        self.places[first..].iter().map(move |place| {
            let record = Record {
                offset: place.offset,
                timestamp: place.timestamp,
                bytes: &self.bytes[std::mem::replace(&mut start, place.end)..place.end],
            };
            let event = read_record(record, place.mapping);
            Recent {
                offset: place.offset,
                event: event.expect("a record reads the same each time"),
            }
        })
    }

    /// How many bytes the records have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets all of them, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    fn drop_first(&mut self, count: usize) {
        let bytes = self.end_before(count);
        self.bytes.drain(..bytes);
        self.places.drain(..count);
        for place in &mut self.places {
            place.end -= bytes;
        }
    }

    fn end_before(&self, number: usize) -> usize {
        number
            .checked_sub(1)
            .map_or(0, |before| self.places[before].end)
    }
}
