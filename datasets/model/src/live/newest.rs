//! The newest accepted records, as they came.

use super::tally::{RECENT_MAX, Recent};
use crate::ids::Offset;
use crate::verdict::{MappingVersion, Record, read_record};
use jiff::Timestamp;
use std::collections::VecDeque;

/// Records are dropped so many at a time.
const CHUNK_RECORDS: usize = RECENT_MAX / 4;

/// Keeps bytes, not events: few of the records that come in a flood are ever asked for, and to
/// read those again is cheaper than to take all of them apart for keeping.
#[derive(Default)]
pub(super) struct Newest {
    /// The oldest first; all but the last are full. Without that one they hold enough.
    chunks: VecDeque<Chunk>,
}

#[derive(Default)]
struct Chunk {
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
        let is_full = |chunk: &Chunk| chunk.places.len() >= CHUNK_RECORDS;
        if self.chunks.back().is_none_or(is_full) {
            let chunk = self.next_chunk();
            self.chunks.push_back(chunk);
        }
        let Some(chunk) = self.chunks.back_mut() else {
            return;
        };
        chunk.bytes.extend_from_slice(record.bytes);
        chunk.places.push(Place {
            offset: record.offset,
            timestamp: record.timestamp,
            mapping,
            end: chunk.bytes.len(),
        });
    }

    /// How many of its events are asked for.
    pub(super) fn count(&self) -> usize {
        self.records().min(RECENT_MAX)
    }

    /// Those with the highest offsets, by offset.
    pub(super) fn events(&self) -> impl Iterator<Item = Recent<'_>> {
        let all = self.chunks.iter().flat_map(Chunk::records);
        let newest = all.skip(self.records() - self.count());
        newest.map(|(record, mapping)| Recent {
            offset: record.offset,
            event: read_record(record, mapping).expect("a record reads the same each time"),
        })
    }

    /// How many bytes the records have.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }

    /// Forgets all of them, and keeps some room.
    pub(super) fn clear(&mut self) {
        self.chunks.truncate(1);
        self.chunks.iter_mut().for_each(Chunk::clear);
    }

    fn records(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.places.len()).sum()
    }

    /// An empty one; the oldest, if it is not needed any more.
    fn next_chunk(&mut self) -> Chunk {
        if self.records() < RECENT_MAX + CHUNK_RECORDS {
            return Chunk::default();
        }
        let mut chunk = self.chunks.pop_front().unwrap_or_default();
        chunk.clear();
        chunk
    }
}

impl Chunk {
    fn records(&self) -> impl Iterator<Item = (Record<'_>, MappingVersion)> {
        let mut start = 0;
        self.places.iter().map(move |place| {
            let record = Record {
                offset: place.offset,
                timestamp: place.timestamp,
                bytes: &self.bytes[std::mem::replace(&mut start, place.end)..place.end],
            };
            (record, place.mapping)
        })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }
}
