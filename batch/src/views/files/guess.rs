//! Which type the values of a CSV column have, all of them together. Pure.

use super::csv::plain_time;
use crate::encode::values;
use datafusion::arrow::datatypes::{DataType, TimeUnit};

/// What is still possible after the values that were seen.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a type that is still possible"
)]
pub(super) struct Guess {
    seen: bool,
    boolean: bool,
    integer: bool,
    /// The most digits before and behind the point.
    decimal: Option<(u8, u8)>,
    date: bool,
    time: bool,
}

/// Digits that every decimal type holds.
const DIGITS_MAX: u8 = 38;

/// Digits that 64 bits always hold.
const INTEGER_DIGITS_MAX: u8 = 18;

impl Default for Guess {
    fn default() -> Self {
        Self {
            seen: false,
            boolean: true,
            integer: true,
            decimal: Some((0, 0)),
            date: true,
            time: true,
        }
    }
}

impl Guess {
    /// Takes a value into account that is not NULL.
    pub(super) fn see(&mut self, value: &[u8]) {
        self.seen = true;
        self.boolean &= matches!(value, b"true" | b"false");
        let digits = digits(value);
        self.integer &= digits.is_some_and(|(whole, fraction)| {
            fraction == 0 && whole <= INTEGER_DIGITS_MAX && !value.contains(&b'.')
        });
        self.decimal = self.decimal.zip(digits).and_then(widest);
        self.date &= value.len() == 10 && values::days(value).is_some();
        self.time &= value.len() >= 19 && values::date_time(&plain_time(value)).is_some();
    }

    /// Takes the values of another file's column into account.
    pub(super) fn also(&mut self, other: Self) {
        if !other.seen {
            return;
        }
        self.seen = true;
        self.boolean &= other.boolean;
        self.integer &= other.integer;
        self.decimal = self.decimal.zip(other.decimal).and_then(widest);
        self.date &= other.date;
        self.time &= other.time;
    }

    /// A column without a value is one of texts.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self { seen: false, .. } => DataType::Utf8,
            Self { boolean: true, .. } => DataType::Boolean,
            Self { integer: true, .. } => DataType::Int64,
            Self {
                decimal: Some((whole, fraction)),
                ..
            } => DataType::Decimal128(whole + fraction, fraction.cast_signed()),
            Self { date: true, .. } => DataType::Date32,
            Self { time: true, .. } => DataType::Timestamp(TimeUnit::Microsecond, None),
            _ => DataType::Utf8,
        }
    }
}

/// What holds numbers of both.
fn widest((most, found): ((u8, u8), (u8, u8))) -> Option<(u8, u8)> {
    let (whole, fraction) = (most.0.max(found.0), most.1.max(found.1));
    (whole + fraction <= DIGITS_MAX).then_some((whole, fraction))
}

/// Before and behind the point. A number with zeros in front is a code, such as that of a post
/// office.
fn digits(value: &[u8]) -> Option<(u8, u8)> {
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let mut parts = value.splitn(2, |byte| *byte == b'.');
    let (whole, fraction) = (parts.next()?, parts.next());
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let is_code = whole.len() > 1 && whole.first() == Some(&b'0');
    if !is_number(whole) || is_code || !fraction.is_none_or(is_number) {
        return None;
    }
    let fraction = fraction.map_or(0, <[u8]>::len);
    Some((
        u8::try_from(whole.len()).ok()?,
        u8::try_from(fraction)
            .ok()
            .filter(|digits| *digits <= DIGITS_MAX)?,
    ))
    .filter(|(whole, _)| *whole <= DIGITS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_narrowest_type_of_all_its_values() {
        let time = DataType::Timestamp(TimeUnit::Microsecond, None);
        for (values, expected) in [
            (&["1", "-20", "0"][..], DataType::Int64),
            (&["1", "-20.50", "0.125"], DataType::Decimal128(5, 3)),
            (&["1234567890123456789"], DataType::Decimal128(19, 0)),
            (&["01", "20"], DataType::Utf8),
            (&["1", "1e3"], DataType::Utf8),
            (&["1.", ".5"], DataType::Utf8),
            (&["2024-02-29"], DataType::Date32),
            (&["2023-02-29"], DataType::Utf8),
            (&["2024-02-29", "2024-02-29 10:00:00"], DataType::Utf8),
            (&["2024-02-29T10:00:00Z", "2024-02-29 10:00:00.5"], time),
            (&["true", "false"], DataType::Boolean),
            (&[], DataType::Utf8),
        ] {
            let mut guess = Guess::default();
            for value in values {
                guess.see(value.as_bytes());
            }
            assert_eq!(guess.data_type(), expected, "{values:?}");
        }
        let mut long = Guess::default();
        long.see("9".repeat(39).as_bytes());
        assert_eq!(long.data_type(), DataType::Utf8);
        let mut longest = Guess::default();
        longest.see("9".repeat(300).as_bytes());
        assert_eq!(longest.data_type(), DataType::Utf8);
    }
}
