//! Records that no till should send, and that some do.

use comptoir_sample::Draw;

/// How a record is damaged. Each way leads to a reason of its own for its rejection, or nearly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    Truncated,
    NotUtf8,
    Empty,
    NotAnObject,
    TooDeep,
    NotANumber,
    MissingField,
    RepeatedField,
    NegativeAmount,
    TooManyDecimals,
    HugeAmount,
    BadTime,
    FarAway,
    UnknownStatus,
    NoUnits,
    LongName,
}

impl Damage {
    pub(super) const ALL: [Self; 16] = [
        Self::Truncated,
        Self::NotUtf8,
        Self::Empty,
        Self::NotAnObject,
        Self::TooDeep,
        Self::NotANumber,
        Self::MissingField,
        Self::RepeatedField,
        Self::NegativeAmount,
        Self::TooManyDecimals,
        Self::HugeAmount,
        Self::BadTime,
        Self::FarAway,
        Self::UnknownStatus,
        Self::NoUnits,
        Self::LongName,
    ];

    pub(super) fn draw(draw: &mut Draw) -> Self {
        *draw.pick(&Self::ALL)
    }

    /// Damages a sound record as [`super::record`] writes it.
    pub(super) fn apply(self, record: &mut Vec<u8>) {
        match self {
            Self::Truncated => record.truncate(record.len() / 2),
            Self::NotUtf8 => set(record, "city", b"\"Z\xfcrich\""),
            Self::Empty => record.clear(),
            Self::NotAnObject => {
                record.insert(0, b'[');
                record.push(b']');
            }
            Self::TooDeep => {
                let receipt = format!("{{\"receipt\":{}{},", "[".repeat(20), "]".repeat(20));
                record.splice(..1, receipt.into_bytes());
            }
            Self::NotANumber => set(record, "amount", b"NaN"),
            Self::MissingField => set(record, "product_id", b"null"),
            Self::RepeatedField => {
                record.splice(..1, *b"{\"quantity\":1,");
            }
            Self::NegativeAmount => set(record, "amount", b"\"-12.50\""),
            Self::TooManyDecimals => set(record, "amount", b"0.30000000000000004"),
            Self::HugeAmount => set(record, "amount", b"123456789012345678901234567890"),
            Self::BadTime => set(record, "event_time", b"\"21/11/2026 14:00\""),
            Self::FarAway => set(record, "event_time", b"\"9999-12-31T23:59:59Z\""),
            Self::UnknownStatus => set(record, "status", b"\"PAID\""),
            Self::NoUnits => set(record, "quantity", b"0"),
            Self::LongName => {
                let name = format!("\"{}\"", "Assortment ".repeat(12).trim_end());
                set(record, "product_name", name.as_bytes());
            }
        }
    }
}

/// Replaces the value of a field of a flat record without escapes in its keys.
fn set(record: &mut Vec<u8>, field: &str, json: &[u8]) {
    let key = format!("\"{field}\":");
    let found = record
        .windows(key.len())
        .position(|window| window == key.as_bytes());
    let Some(start) = found.map(|at| at + key.len()) else {
        return;
    };
    let (mut in_string, mut escaped) = (false, false);
    let length = record[start..].iter().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'}' if !in_string => return true,
            _ => {}
        }
        false
    });
    if let Some(length) = length {
        record.splice(start..start + length, json.iter().copied());
    }
}
