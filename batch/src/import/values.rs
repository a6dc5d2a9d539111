//! Values as Sqoop prints them by default. Pure.

use super::java;
use crate::database::{Raw, Storage};

/// The text of a value, `None` for NULL. What needs no change is not copied.
///
/// A value that is not what its column declares (`SQLite` allows that) keeps the text it has.
pub(super) fn text<'a>(
    raw: Raw<'a>,
    storage: Storage,
    scratch: &'a mut String,
) -> Option<&'a [u8]> {
    scratch.clear();
    match raw {
        Raw::Null => return None,
        Raw::Blob(bytes) => hex_bytes(bytes, scratch),
        Raw::Text(bytes) => return Some(from_text(bytes, storage, scratch)),
        Raw::Integer(number) => from_integer(number, storage, scratch),
        Raw::Real(number) => from_real(number, storage, scratch),
    }
    Some(scratch.as_bytes())
}

fn from_text<'a>(bytes: &'a [u8], storage: Storage, scratch: &'a mut String) -> &'a [u8] {
    match storage {
        Storage::Text | Storage::DateOrTime => return bytes,
        Storage::Integer | Storage::Decimal { .. } => return without_zero_fill(bytes),
        Storage::Binary => hex_bytes(bytes, scratch),
        Storage::DateTime => return date_time(bytes, scratch),
        Storage::Bits { width } => match (width, bits(bytes)) {
            (_, None) => return bytes,
            (1, Some(number)) => scratch.push_str(boolean(number != 0)),
            (_, Some(number)) => scratch.push_str(&number.to_string()),
        },
        Storage::Boolean => match parse::<i64>(bytes) {
            Some(number) => scratch.push_str(boolean(is_true(number))),
            None => return bytes,
        },
        Storage::Float => match parse(bytes) {
            Some(number) => scratch.push_str(&java::float(number)),
            None => return bytes,
        },
        Storage::Double => match parse(bytes) {
            Some(number) => scratch.push_str(&java::double(number)),
            None => return bytes,
        },
    }
    scratch.as_bytes()
}

fn from_integer(number: i64, storage: Storage, out: &mut String) {
    match storage {
        Storage::Boolean => out.push_str(boolean(is_true(number))),
        Storage::Decimal { scale } => pad_to_scale(out, &number.to_string(), scale),
        _ => out.push_str(&number.to_string()),
    }
}

/// `SQLite` keeps what was put into a column of numeric affinity as a double where it can: the
/// shortest digits that give the same double are what was put there, up to 15 of them.
fn from_real(number: f64, storage: Storage, out: &mut String) {
    match storage {
        Storage::Decimal { scale } if number.is_finite() => {
            pad_to_scale(out, &number.to_string(), scale);
        }
        _ => out.push_str(&java::double(number)),
    }
}

/// Adds the zeros that are missing behind the point; never takes a digit away.
fn pad_to_scale(out: &mut String, plain: &str, scale: usize) {
    let fraction = plain
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    out.push_str(plain);
    if fraction == 0 && scale > 0 {
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', scale.saturating_sub(fraction)));
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

/// ZEROFILL and YEAR print leading zeros.
fn without_zero_fill(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == b'0').count();
    let digit_follows = bytes.get(zeros).is_some_and(u8::is_ascii_digit);
    let superfluous = if digit_follows {
        zeros
    } else {
        zeros.saturating_sub(1)
    };
    &bytes[superfluous..]
}

/// `2003-02-24 00:00:00` with the fraction as short as can be, but never without one.
fn date_time<'a>(bytes: &'a [u8], scratch: &'a mut String) -> &'a [u8] {
    const SECONDS: usize = "2003-02-24 00:00:00".len();
    let (Some(whole), Some(fraction)) = (bytes.get(..SECONDS), bytes.get(SECONDS..)) else {
        return bytes;
    };
    let is_date_time = (whole.iter().zip(b"dddd-dd-dd dd:dd:dd")).all(|(byte, form)| match form {
        b'd' => byte.is_ascii_digit(),
        form => byte == form,
    });
    let Some(digits) = (match fraction {
        [] => Some(&b""[..]),
        [b'.', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Some(digits),
        _ => None,
    }) else {
        return bytes;
    };
    if !is_date_time {
        return bytes;
    }
    let kept = digits.len()
        - digits
            .iter()
            .rev()
            .take_while(|byte| **byte == b'0')
            .count();
    let ascii = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>()
    };
    scratch.push_str(&ascii(whole));
    scratch.push('.');
    scratch.push_str(&ascii(&digits[..kept]));
    if kept == 0 {
        scratch.push('0');
    }
    scratch.as_bytes()
}

/// `00 01 fe ff`
fn hex_bytes(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.extend([byte >> 4, byte & 15].map(|half| char::from(DIGITS[usize::from(half)])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(raw: Raw<'_>, storage: Storage) -> String {
        let mut scratch = String::new();
        let text = text(raw, storage, &mut scratch).unwrap_or(b"NULL");
        String::from_utf8(text.to_vec()).unwrap()
    }

    #[test]
    fn prints_what_mysql_sends_as_sqoop_does() {
        let decimal = Storage::Decimal { scale: 2 };
        for (sent, storage, text) in [
            (
                "2003-02-24 00:00:00",
                Storage::DateTime,
                "2003-02-24 00:00:00.0",
            ),
            (
                "2003-02-24 12:34:56.789010",
                Storage::DateTime,
                "2003-02-24 12:34:56.78901",
            ),
            (
                "2003-02-24 12:34:56.000",
                Storage::DateTime,
                "2003-02-24 12:34:56.0",
            ),
            ("2003-02-24", Storage::DateOrTime, "2003-02-24"),
            ("95.70", decimal, "95.70"),
            ("0.01", decimal, "0.01"),
            ("-0.50", decimal, "-0.50"),
            ("007", Storage::Integer, "7"),
            ("0000", Storage::Integer, "0"),
            ("0", Storage::Integer, "0"),
            ("007.50", decimal, "7.50"),
            ("000.50", decimal, "0.50"),
            ("1", Storage::Boolean, "true"),
            ("-1", Storage::Boolean, "true"),
            ("-2", Storage::Boolean, "false"),
            ("\u{1}", Storage::Bits { width: 1 }, "true"),
            ("\0", Storage::Bits { width: 1 }, "false"),
            ("\u{1}\0", Storage::Bits { width: 9 }, "256"),
            ("16777200", Storage::Float, "1.67772E7"),
            ("0.1", Storage::Double, "0.1"),
            ("\0\u{1}\u{7f}", Storage::Binary, "00 01 7f"),
            ("", Storage::Binary, ""),
            ("🚲 a,b", Storage::Text, "🚲 a,b"),
        ] {
            assert_eq!(
                printed(Raw::Text(sent.as_bytes()), storage),
                text,
                "{storage:?}"
            );
        }
        assert_eq!(printed(Raw::Null, Storage::Text), "NULL");
    }

    #[test]
    fn keeps_exact_decimals_from_sqlite() {
        let decimal = Storage::Decimal { scale: 2 };
        assert_eq!(printed(Raw::Text(b"10.10"), decimal), "10.10");
        assert_eq!(printed(Raw::Integer(10), decimal), "10.00");
        assert_eq!(printed(Raw::Real(10.1), decimal), "10.10");
        assert_eq!(printed(Raw::Real(0.125), decimal), "0.125");
        assert_eq!(
            printed(Raw::Integer(10), Storage::Decimal { scale: 0 }),
            "10"
        );
    }

    #[test]
    fn keeps_what_is_not_of_the_declared_type() {
        assert_eq!(printed(Raw::Text(b"yes"), Storage::Boolean), "yes");
        assert_eq!(
            printed(Raw::Text(b"next week"), Storage::DateTime),
            "next week"
        );
        assert_eq!(
            printed(Raw::Text(b"2003-02-24 00:00:00Z"), Storage::DateTime),
            "2003-02-24 00:00:00Z"
        );
        assert_eq!(printed(Raw::Integer(7), Storage::DateTime), "7");
        assert_eq!(printed(Raw::Real(0.5), Storage::Text), "0.5");
        assert_eq!(printed(Raw::Blob(&[255]), Storage::Text), "ff");
    }
}
