//! Whether a record counts: accepted, rejected or a duplicate.
//!
//! A verdict depends on nothing but the record's bytes, its timestamp, the mapping version and the
//! ids before it in its partition. So all sinks agree without talking to one another, and a sink
//! that starts again judges as if it had never stopped.

mod window;

pub use window::{DuplicateWindow, OutOfOrder, Reach};

use crate::event::{Event, Rejection, read_event};
use crate::ids::Offset;
use jiff::{SignedDuration, Timestamp};

/// How far the time of an event may lie ahead of its record's timestamp. Further, and it would
/// stand in the figures of a day that has not come.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// The rules by which bytes become an event. A new version starts at recorded offsets; what was
/// judged under an earlier one stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingVersion {
    /// `datasets/transactions.schema.json`, read by [`read_event`].
    V1,
}

impl MappingVersion {
    pub const NEWEST: Self = Self::V1;

    /// As it is stored beside the offsets where it starts.
    pub fn number(self) -> u32 {
        match self {
            Self::V1 => 1,
        }
    }

    /// `None` of a version that a newer program has written.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            _ => None,
        }
    }
}

/// One record of one partition, as a transport delivers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub offset: Offset,
    /// Given to the record when it was produced; see [`record_timestamp`].
    pub timestamp: Timestamp,
    /// Empty where the transport has a record without a value.
    pub bytes: &'a [u8],
}

/// The timestamp of a record from Kafka's milliseconds since 1970, which any producer can set to
/// anything: what lies outside of the calendar becomes its first or last moment. A record without
/// timestamp says -1, so its event lies too far ahead and is rejected.
pub fn record_timestamp(milliseconds: i64) -> Timestamp {
    let edge = if milliseconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_millisecond(milliseconds).unwrap_or(edge)
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all verdicts are accepted events: a box would be an allocation for each"
)]
pub enum Verdict<'a> {
    /// It counts, once.
    Accepted(Event<'a>),
    /// It becomes a dead letter.
    Rejected(Rejection),
    /// An event that was delivered before: it does not count again.
    Duplicate {
        /// Where the same id stood last, accepted or a duplicate itself.
        of: Offset,
    },
}

impl Verdict<'_> {
    /// The stable name, as the archive and the metrics spell it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Rejected(_) => "rejected",
            Self::Duplicate { .. } => "duplicate",
        }
    }
}

/// Judges the next record of a partition, and remembers its id for those that follow.
///
/// Records come in the order of their offsets, each once; an offset that is not above the last one
/// is refused, and nothing is remembered of it.
///
/// To rebuild the window of a partition whose next record lies at `next`, judge all records from
/// [`Reach::start`] of `next` on, each by the mapping version of its offset, and throw their
/// verdicts away: the first of them may be wrong, the window is right. A record whose bytes are
/// gone but whose id is known goes to [`DuplicateWindow::admit`] instead.
pub fn judge<'a>(
    record: Record<'a>,
    mapping: MappingVersion,
    window: &mut DuplicateWindow,
) -> Result<Verdict<'a>, OutOfOrder> {
    match read_record(record, mapping) {
        Err(rejection) => {
            window.pass(record.offset)?;
            Ok(Verdict::Rejected(rejection))
        }
        Ok(event) => Ok(match window.admit(record.offset, &event.event_id)? {
            None => Verdict::Accepted(event),
            Some(of) => Verdict::Duplicate { of },
        }),
    }
}

/// The part of a verdict that depends on no other record.
pub fn read_record(record: Record<'_>, mapping: MappingVersion) -> Result<Event<'_>, Rejection> {
    let event = match mapping {
        MappingVersion::V1 => read_event(record.bytes)?,
    };
    let event_time = event.event_time.timestamp();
    if event_time.duration_since(record.timestamp) > AHEAD_MAX {
        return Err(Rejection::TooFarAhead {
            event_time,
            record_time: record.timestamp,
        });
    }
    Ok(event)
}

#[cfg(test)]
mod tests;
