//! DATETIME, TIMESTAMP and TIME.

use super::ValueError;
use crate::import::dates::{Dates, Shown};

const DATE: usize = "2003-02-24".len();
const SECONDS: usize = "2003-02-24 00:00:00".len();

/// `java.sql.Timestamp.toString()`: the fraction as short as can be, but never without one.
pub(super) fn date_time<'a>(
    bytes: &'a [u8],
    dates: Dates,
    scratch: &'a mut Vec<u8>,
) -> Result<Option<&'a [u8]>, ValueError> {
    let Some(digits) = fraction(bytes) else {
        return Ok(Some(bytes));
    };
    let (date, time) = bytes[..SECONDS].split_at(DATE);
    match dates.show(date) {
        Shown::AsStored => scratch.extend_from_slice(date),
        Shown::Null => return Ok(None),
        Shown::Instead(date) => scratch.extend_from_slice(date.as_bytes()),
        Shown::Refused => return Err(ValueError::ZeroDate),
    }
    let zeros = digits
        .iter()
        .rev()
        .take_while(|byte| **byte == b'0')
        .count();
    let kept = &digits[..digits.len() - zeros];
    scratch.extend_from_slice(time);
    scratch.push(b'.');
    scratch.extend_from_slice(if kept.is_empty() { b"0" } else { kept });
    Ok(Some(scratch))
}

/// The digits behind the seconds; `None` where it is no date with a time.
fn fraction(bytes: &[u8]) -> Option<&[u8]> {
    let (whole, fraction) = bytes.split_at_checked(SECONDS)?;
    let is_date_time = whole
        .iter()
        .zip(b"dddd-dd-dd dd:dd:dd")
        .all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            form => byte == form,
        });
    match fraction {
        _ if !is_date_time => None,
        [] => Some(b""),
        [b'.', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Some(digits),
        _ => None,
    }
}

/// Java's time of day has no fraction, and ends before 24:00:00.
pub(super) fn time_of_day(bytes: &[u8]) -> Result<&[u8], ValueError> {
    match bytes {
        [b'-', ..] => Err(ValueError::Time),
        [tens, ones, b':', ..] if (*tens, *ones) < (b'2', b'4') => {
            Ok(bytes.split(|byte| *byte == b'.').next().unwrap_or(bytes))
        }
        _ => Err(ValueError::Time),
    }
}
