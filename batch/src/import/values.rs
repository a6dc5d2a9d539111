//! Values as Sqoop prints them. Pure.

mod moment;

use super::dates::{Dates, Shown};
use super::java::{self, Version};
use crate::database::Raw;
use crate::encode::without_zero_fill;

/// How the values of a column are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printer {
    AsIs,
    /// Binary columns that were mapped to a text.
    BytesAsText,
    /// Whole numbers, without zeros in front.
    Number,
    /// The same, but nothing beyond 2^63-1, as in Java.
    Long,
    /// With all digits of its scale.
    Decimal {
        scale: usize,
    },
    /// `BigDecimal.toString()`: `1E-30`.
    ScientificDecimal,
    Boolean,
    Bits(BitsAs),
    Float(Version),
    Double(Version),
    DateTime(Dates),
    Date(Dates),
    /// As `java.sql.Time` can be: within a day, in whole seconds.
    TimeOfDay,
    /// YEAR as JDBC's string for it: `2003-01-01`.
    FirstOfJanuary,
    /// `00 01 fe ff`
    Hex,
}

/// How BIT(n) is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BitsAs {
    Number,
    /// `true` unless it is zero.
    Boolean,
    /// As JDBC's driver reads the first byte: -1 and above zero are true, but the digit `0` (48) is
    /// false.
    JavaBoolean,
    /// The first byte, -128 to 127.
    SignedByte,
}

/// A value that its column's type in Java can't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ValueError {
    #[error("a number beyond 9223372036854775807 is no Java Long")]
    Long,
    #[error("a time below 0 or from 24:00:00 on is no java.sql.Time")]
    Time,
    #[error("it holds the date 0000-00-00, which zeroDateTimeBehavior=exception refuses")]
    ZeroDate,
}

/// The text of a value, `None` for NULL. What needs no change is not copied.
///
/// A value that is not what its column declares (`SQLite` allows that) keeps the text it has.
pub(super) fn text<'a>(
    raw: Raw<'a>,
    printer: Printer,
    scratch: &'a mut Vec<u8>,
) -> Result<Option<&'a [u8]>, ValueError> {
    scratch.clear();
    match raw {
        Raw::Null => return Ok(None),
        Raw::Text(bytes) => return from_text(bytes, printer, scratch),
        Raw::Blob(bytes) if printer == Printer::BytesAsText => return Ok(Some(bytes)),
        Raw::Blob(bytes) => hex_bytes(bytes, scratch),
        Raw::Integer(number) => from_integer(number, printer, scratch),
        Raw::Real(number) => from_real(number, printer, scratch),
    }
    Ok(Some(scratch))
}

fn from_text<'a>(
    bytes: &'a [u8],
    printer: Printer,
    scratch: &'a mut Vec<u8>,
) -> Result<Option<&'a [u8]>, ValueError> {
    match printer {
        Printer::AsIs | Printer::BytesAsText => return Ok(Some(bytes)),
        Printer::Long if parse::<i64>(bytes).is_none() && parse::<u64>(bytes).is_some() => {
            return Err(ValueError::Long);
        }
        Printer::Number | Printer::Long | Printer::Decimal { .. } => {
            return Ok(Some(without_zero_fill(bytes)));
        }
        Printer::ScientificDecimal => match std::str::from_utf8(without_zero_fill(bytes)) {
            Ok(plain) => scratch.extend_from_slice(java::big_decimal(plain).as_bytes()),
            Err(_) => return Ok(Some(bytes)),
        },
        Printer::Hex => hex_bytes(bytes, scratch),
        Printer::DateTime(dates) => return moment::date_time(bytes, dates, scratch),
        Printer::Date(dates) => match dates.show(bytes) {
            Shown::AsStored => return Ok(Some(bytes)),
            Shown::Null => return Ok(None),
            Shown::Instead(date) => scratch.extend_from_slice(date.as_bytes()),
            Shown::Refused => return Err(ValueError::ZeroDate),
        },
        Printer::TimeOfDay => return moment::time_of_day(bytes).map(Some),
        Printer::FirstOfJanuary => match parse::<u16>(bytes) {
            Some(year) => scratch.extend_from_slice(format!("{:04}-01-01", year.max(1)).as_bytes()),
            None => return Ok(Some(bytes)),
        },
        Printer::Bits(shown) => match (bits(bytes), bytes.first()) {
            (Some(number), Some(first)) => print_bits(number, *first, shown, scratch),
            _ => return Ok(Some(bytes)),
        },
        Printer::Boolean => match parse(bytes) {
            Some(number) => scratch.extend_from_slice(boolean(is_true(number)).as_bytes()),
            None => return Ok(Some(bytes)),
        },
        Printer::Float(version) => match parse(bytes) {
            Some(number) => scratch.extend(java::float_of(version, number).bytes()),
            None => return Ok(Some(bytes)),
        },
        Printer::Double(version) => match parse(bytes) {
            Some(number) => scratch.extend(java::double_of(version, number).bytes()),
            None => return Ok(Some(bytes)),
        },
    }
    Ok(Some(scratch))
}

fn print_bits(number: u64, first: u8, shown: BitsAs, out: &mut Vec<u8>) {
    let first = first.cast_signed();
    match shown {
        BitsAs::Number => out.extend(number.to_string().bytes()),
        BitsAs::Boolean => out.extend_from_slice(boolean(number != 0).as_bytes()),
        BitsAs::JavaBoolean => {
            let is_true = is_true(first.into()) && first != b'0'.cast_signed();
            out.extend_from_slice(boolean(is_true).as_bytes());
        }
        BitsAs::SignedByte => out.extend(first.to_string().bytes()),
    }
}

fn from_integer(number: i64, printer: Printer, out: &mut Vec<u8>) {
    match printer {
        Printer::Boolean => out.extend_from_slice(boolean(is_true(number)).as_bytes()),
        Printer::Decimal { scale } => pad_to_scale(out, &number.to_string(), scale),
        _ => out.extend(number.to_string().bytes()),
    }
}

/// `SQLite` keeps what was put into a column of numeric affinity as a double where it can: the
/// shortest digits that give the same double are what was put there, up to 15 of them.
fn from_real(number: f64, printer: Printer, out: &mut Vec<u8>) {
    match printer {
        Printer::Decimal { scale } if number.is_finite() => {
            pad_to_scale(out, &number.to_string(), scale);
        }
        _ => out.extend(java::double(number).bytes()),
    }
}

/// Adds the zeros that are missing behind the point; never takes a digit away.
fn pad_to_scale(out: &mut Vec<u8>, plain: &str, scale: usize) {
    let fraction = plain
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    out.extend_from_slice(plain.as_bytes());
    if fraction == 0 && scale > 0 {
        out.push(b'.');
    }
    out.extend(std::iter::repeat_n(b'0', scale.saturating_sub(fraction)));
}

/// How `MySQL`'s driver for Java reads a TINYINT(1): -2 is false.
fn is_true(number: i64) -> bool {
    number > 0 || number == -1
}

fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn parse<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// BIT(n) has at most 64 bits.
fn bits(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| {
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    })
}

/// `00 01 fe ff`
fn hex_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend([byte >> 4, byte & 15].map(|half| DIGITS[usize::from(half)]));
    }
}

#[cfg(test)]
mod tests;
