//! A record as a transport delivers it.

use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::{merge, verdict};
use jiff::Timestamp;
use std::fmt;

/// One record of one partition. Bytes are borrowed from the transport's buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub offset: Offset,
    pub timestamp: Timestamp,
    /// The dead letter that this record corrects: what the header `comptoir-replay-of` says.
    pub replay_of: Option<ReplayOf>,
    /// Empty where the record has no value. Of a record of more than [`Self::WHOLE_BYTES_MAX`] only
    /// the beginning, still longer than an event may be.
    pub bytes: &'a [u8],
    /// The length of the whole record; more than `bytes` holds only where it was cut.
    pub length: u64,
}

impl<'a> Record<'a> {
    /// A longer one is never loaded as a whole (Kafka's topics don't take one, by our settings).
    pub const WHOLE_BYTES_MAX: usize = 16 * 1024 * 1024;

    /// As `model::verdict::judge` takes it.
    pub fn judged(&self) -> verdict::Record<'a> {
        verdict::Record {
            offset: self.offset,
            timestamp: self.timestamp,
            bytes: self.bytes,
        }
    }
}

/// Where a dead letter lies. `Display` and [`Self::parse`] are the header's text:
/// `STREAM/PARTITION/OFFSET`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayOf {
    pub key: merge::PartitionKey,
    pub offset: Offset,
}

impl ReplayOf {
    pub const HEADER: &'static str = "comptoir-replay-of";

    pub fn new(stream: StreamId, partition: Partition, offset: Offset) -> Self {
        let key = merge::PartitionKey { stream, partition };
        Self { key, offset }
    }

    /// `None` of what we never write; such a header is ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, offset) = text.rsplit_once('/')?;
        let (stream, partition) = rest.rsplit_once('/')?;
        Some(Self::new(
            StreamId(stream.to_owned()),
            Partition(partition.parse().ok()?),
            Offset(offset.parse().ok()?),
        ))
    }
}

impl fmt::Display for ReplayOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let merge::PartitionKey { stream, partition } = &self.key;
        write!(f, "{}/{}/{}", stream.0, partition.0, self.offset.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letters_place_survives_its_text() {
        let place = ReplayOf::new(StreamId("a/b".to_owned()), Partition(3), Offset(70));
        assert_eq!(place.to_string(), "a/b/3/70");
        assert_eq!(ReplayOf::parse("a/b/3/70"), Some(place));
        for text in ["", "x/1", "x/y/1", "x/1/-1"] {
            assert_eq!(ReplayOf::parse(text), None, "{text}");
        }
    }
}
