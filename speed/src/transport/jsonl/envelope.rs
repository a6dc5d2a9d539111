//! A line of a partition's file: timestamp, headers and value of one record, as JSON.
//!
//! `{"t":1763733600000,"h":{"comptoir-replay-of":"…"},"v":"…"}`, with `"b64"` instead of `"v"` where
//! the value is not UTF-8. Milliseconds since 1970; `h` is left out where it is empty.

use crate::transport::record::{Record, ReplayOf};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use comptoir_model::ids::Offset;
use comptoir_model::verdict::record_timestamp;
use jiff::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Envelope<'a> {
    t: i64,
    #[serde(borrow, default)]
    h: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow)]
    v: Option<Cow<'a, str>>,
    #[serde(borrow)]
    b64: Option<Cow<'a, str>>,
}

/// A record's line without its newline; what had to be unescaped goes into `Opened`.
pub(super) struct Opened<'a> {
    timestamp: Timestamp,
    replay_of: Option<ReplayOf>,
    value: Cow<'a, [u8]>,
    /// Where it is not that of `value`.
    length: Option<u64>,
}

impl<'a> Opened<'a> {
    /// A line that is no envelope is a record whose value is the line, without a timestamp.
    pub(super) fn whole(line: &'a [u8]) -> Self {
        match serde_json::from_slice(line).ok().and_then(opened) {
            Some(opened) => opened,
            None => Self {
                timestamp: record_timestamp(-1),
                replay_of: None,
                value: Cow::Borrowed(line),
                length: None,
            },
        }
    }

    /// The beginning of a line of `length` bytes that is too long to be opened.
    pub(super) fn cut(head: &'a [u8], length: u64) -> Self {
        Self {
            timestamp: record_timestamp(leading_milliseconds(head).unwrap_or(-1)),
            replay_of: None,
            value: Cow::Borrowed(head),
            length: Some(length),
        }
    }

    pub(super) fn record(&self, offset: Offset) -> Record<'_> {
        Record {
            offset,
            timestamp: self.timestamp,
            replay_of: self.replay_of.clone(),
            bytes: &self.value,
            length: self.length.unwrap_or(self.value.len() as u64),
        }
    }
}

fn opened(envelope: Envelope<'_>) -> Option<Opened<'_>> {
    let value = match (envelope.v, envelope.b64) {
        (Some(Cow::Borrowed(text)), None) => Cow::Borrowed(text.as_bytes()),
        (Some(Cow::Owned(text)), None) => Cow::Owned(text.into_bytes()),
        (None, Some(text)) => Cow::Owned(BASE64_STANDARD.decode(text.as_bytes()).ok()?),
        (None, None) | (Some(_), Some(_)) => return None,
    };
    Some(Opened {
        timestamp: record_timestamp(envelope.t),
        replay_of: (envelope.h.get(ReplayOf::HEADER)).and_then(|text| ReplayOf::parse(text)),
        value,
        length: None,
    })
}

/// Our own lines begin with the time.
fn leading_milliseconds(head: &[u8]) -> Option<i64> {
    let rest = head.strip_prefix(b"{\"t\":")?;
    let end = rest.iter().position(|byte| *byte == b',')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

/// Appends the line of a record, newline included.
pub(super) fn write_line(
    line: &mut Vec<u8>,
    timestamp: Timestamp,
    replay_of: Option<&ReplayOf>,
    value: &[u8],
) -> serde_json::Result<()> {
    line.extend_from_slice(b"{\"t\":");
    serde_json::to_writer(&mut *line, &timestamp.as_millisecond())?;
    if let Some(place) = replay_of {
        line.extend_from_slice(b",\"h\":");
        let headers = BTreeMap::from([(ReplayOf::HEADER, place.to_string())]);
        serde_json::to_writer(&mut *line, &headers)?;
    }
    if let Ok(text) = std::str::from_utf8(value) {
        line.extend_from_slice(b",\"v\":");
        serde_json::to_writer(&mut *line, text)?;
    } else {
        line.extend_from_slice(b",\"b64\":");
        serde_json::to_writer(&mut *line, &BASE64_STANDARD.encode(value))?;
    }
    line.extend_from_slice(b"}\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::ids::{Partition, StreamId};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_value_survives(
            value in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..50),
                any::<String>().prop_map(String::into_bytes),
            ],
            milliseconds in -1_000_000_i64..10_000_000_000_000,
            corrects in any::<bool>(),
        ) {
            let place = corrects
                .then(|| ReplayOf::new(StreamId("s\"".to_owned()), Partition(1), Offset(2)));
            let mut line = Vec::new();
            write_line(&mut line, record_timestamp(milliseconds), place.as_ref(), &value).unwrap();
            prop_assert_eq!(line.pop(), Some(b'\n'));
            prop_assert!(!line.contains(&b'\n'));
            let opened = Opened::whole(&line);
            let record = opened.record(Offset(7));
            prop_assert_eq!(record.bytes, &value);
            prop_assert_eq!(record.length, value.len() as u64);
            prop_assert_eq!(record.replay_of, place);
            prop_assert_eq!(record.timestamp, record_timestamp(milliseconds));
        }
    }

    #[test]
    fn a_line_that_is_no_envelope_is_a_record_without_a_time() {
        for line in [
            &b"{}"[..],
            b"",
            b"{\"t\":1,\"v\":\"a\",\"b64\":\"YQ==\"}",
            b"\xff",
        ] {
            let opened = Opened::whole(line);
            let record = opened.record(Offset(0));
            assert_eq!(
                (record.bytes, record.timestamp),
                (line, record_timestamp(-1))
            );
        }
    }

    #[test]
    fn a_line_that_is_too_long_keeps_its_time_and_its_length() {
        let opened = Opened::cut(b"{\"t\":1763733600000,\"v\":\"aaaa", 99_000_000);
        let record = opened.record(Offset(0));
        assert_eq!(record.timestamp.as_millisecond(), 1_763_733_600_000);
        assert_eq!(record.length, 99_000_000);
    }
}
