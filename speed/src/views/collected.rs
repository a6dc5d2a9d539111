//! The records of one batch, copied out of the transport's buffers: the tally borrows from them
//! until it is committed, however often that has to be tried.

use crate::transport;
use comptoir_model::ids::Offset;
use comptoir_model::verdict;
use jiff::Timestamp;

/// What an empty batch keeps to be filled again; a batch of one giant record is not kept.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Collected {
    bytes: Vec<u8>,
    records: Vec<Place>,
}

struct Place {
    offset: Offset,
    timestamp: Timestamp,
    /// In `bytes`; it begins where the one before ends.
    end: usize,
    /// Of the whole record, of which `bytes` may have the beginning only.
    length: u64,
}

impl Collected {
    pub(super) fn push(&mut self, record: &transport::Record<'_>) {
        self.bytes.extend_from_slice(record.bytes);
        self.records.push(Place {
            offset: record.offset,
            timestamp: record.timestamp,
            end: self.bytes.len(),
            length: record.length,
        });
    }

    /// Each record with its whole length.
    pub(super) fn records(&self) -> impl Iterator<Item = (verdict::Record<'_>, u64)> {
        let mut start = 0;
        self.records.iter().map(move |place| {
            let bytes = &self.bytes[std::mem::replace(&mut start, place.end)..place.end];
            let record = verdict::Record {
                offset: place.offset,
                timestamp: place.timestamp,
                bytes,
            };
            (record, place.length)
        })
    }

    /// The timestamp of the last record.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.records.last().map(|place| place.timestamp)
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_pushed() {
        let mut collected = Collected::default();
        let texts: [&[u8]; 3] = [b"one", b"", b"three"];
        for (offset, bytes) in (7..).zip(texts) {
            collected.push(&transport::Record {
                offset: Offset(offset),
                timestamp: Timestamp::UNIX_EPOCH,
                replay_of: None,
                bytes,
                length: 9,
            });
        }
        let records: Vec<_> = collected.records().collect();
        let bytes: Vec<_> = records.iter().map(|(record, _)| record.bytes).collect();
        assert_eq!(bytes, texts);
        assert_eq!(records[2].0.offset, Offset(9));
        assert_eq!(records[2].1, 9);
        collected.clear();
        assert_eq!(collected.records().count(), 0);
    }
}
