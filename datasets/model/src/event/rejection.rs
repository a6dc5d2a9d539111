//! Why a record is no event. The names of the reasons are stable: dead letters and metrics keep
//! them.

use super::read::{EVENT_BYTES_MAX, EVENT_DEPTH_MAX};
use super::words::Field;
use jiff::Timestamp;

/// Why a record can't be used. A retry never helps: the same record is always rejected, whatever
/// came before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the record is empty")]
    Empty,
    #[error("the record has {bytes} bytes, {EVENT_BYTES_MAX} are allowed")]
    TooLarge { bytes: u64 },
    #[error("byte {at} of the record is not UTF-8")]
    NotUtf8 { at: usize },
    #[error("byte {at} opens more than {EVENT_DEPTH_MAX} levels")]
    TooDeep { at: usize },
    #[error("the record is not JSON: {detail}")]
    NotJson { detail: String },
    #[error("the record is JSON, but not an object")]
    NotAnObject,
    #[error("{}: {flaw}", .field.as_str())]
    Field { field: Field, flaw: Flaw },
    /// The only reason that looks at more than the bytes; see `verdict`.
    #[error("event_time: {event_time} is more than 24 hours after the record's {record_time}")]
    TooFarAhead {
        event_time: Timestamp,
        record_time: Timestamp,
    },
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("is missing")]
    Missing,
    #[error("stands twice")]
    Repeated,
    #[error("`{value}` is not {expected}")]
    WrongType {
        value: String,
        expected: &'static str,
    },
    #[error("{chars} characters, 1 to {max} are allowed")]
    Length { chars: usize, max: usize },
    #[error("`{value}` holds a character that is not allowed")]
    Characters {
        value: String,
        allowed: &'static str,
    },
    #[error("`{value}` is not a time with its offset")]
    Time { value: String },
    #[error("`{value}` is not a plain number")]
    Number {
        value: String,
        allowed: &'static str,
    },
    #[error("`{value}` has more than two decimals")]
    Decimals { value: String },
    #[error("`{value}` is out of range")]
    Range { value: String, allowed: String },
    #[error("`{value}` is not a currency")]
    Currency { value: String },
    #[error("`{value}` is not one of the known values")]
    Unknown {
        value: String,
        known: &'static [&'static str],
    },
}

impl Rejection {
    /// The stable name of the reason.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::TooDeep { .. } => "too_deep",
            Self::NotJson { .. } => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::Field { flaw, .. } => flaw.reason(),
            Self::TooFarAhead { .. } => "too_far_ahead",
        }
    }

    /// The field at fault, where it is one.
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Field { field, .. } => Some(*field),
            Self::TooFarAhead { .. } => Some(Field::EventTime),
            _ => None,
        }
    }

    /// What the producer has to change.
    pub fn cure(&self) -> String {
        match self {
            Self::Empty => "send one JSON object a record".to_owned(),
            Self::TooLarge { .. } => "leave out what the schema does not ask for".to_owned(),
            Self::NotUtf8 { .. } => "encode the record as UTF-8".to_owned(),
            Self::TooDeep { .. } => "send flat fields: none of an event's own is nested".to_owned(),
            Self::NotJson { .. } => {
                "write it with a JSON library; NaN, Infinity and comments are not JSON".to_owned()
            }
            Self::NotAnObject => {
                "send one object a record, the events of an array one by one".to_owned()
            }
            Self::Field { flaw, .. } => flaw.cure(),
            Self::TooFarAhead { .. } => {
                "set the clock of the till, and send times with their offset from UTC".to_owned()
            }
        }
    }
}

impl Flaw {
    fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "missing_field",
            Self::Repeated => "repeated_field",
            Self::WrongType { .. } => "wrong_type",
            Self::Length { .. } => "bad_length",
            Self::Characters { .. } => "bad_characters",
            Self::Time { .. } => "bad_time",
            Self::Number { .. } => "bad_number",
            Self::Decimals { .. } => "too_many_decimals",
            Self::Range { .. } => "out_of_range",
            Self::Currency { .. } => "bad_currency",
            Self::Unknown { .. } => "unknown_value",
        }
    }

    fn cure(&self) -> String {
        match self {
            Self::Missing => "every event needs this field".to_owned(),
            Self::Repeated => "send each field once".to_owned(),
            Self::WrongType { expected, .. } => format!("send {expected}"),
            Self::Length { max, .. } => format!("send 1 to {max} characters"),
            Self::Characters { allowed, .. } | Self::Number { allowed, .. } => {
                format!("send {allowed}")
            }
            Self::Time { .. } => {
                "send RFC 3339 with seconds and offset, like 2026-11-21T14:00:00+01:00".to_owned()
            }
            Self::Decimals { .. } => {
                "round to two decimals, and print decimals rather than floats".to_owned()
            }
            Self::Range { allowed, .. } => format!("send {allowed}"),
            Self::Currency { .. } => "send three capital letters of ISO 4217, like EUR".to_owned(),
            Self::Unknown { known, .. } => format!("send one of {}", known.join(", ")),
        }
    }
}

/// The beginning of a value, fit for a message whatever it holds.
pub(super) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 40;
    let mut shown: String = text
        .chars()
        .take(CHARS_MAX)
        .collect::<String>()
        .escape_debug()
        .collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}
