//! Dates and times as Java's driver for `MySQL` gives them to Sqoop: milliseconds since 1970 in a
//! virtual machine whose time zone is UTC. Pure.
//!
//! `java.util` counts days before 1582-10-15 in the Julian calendar, and takes a month or a day 0
//! for the one before the first: so the ten days that the reform left out, and dates with zeros,
//! move. Zero dates are NULL (`zeroDateTimeBehavior=convertToNull`).

use super::held::JavaTime;
use super::values::{self, DateFields};

/// What is no such value: a TIME that is none of a day, or a text that is no date.
pub(crate) fn milliseconds(bytes: &[u8], class: JavaTime) -> Option<i64> {
    match class {
        JavaTime::Date => Some(day(bytes)? * DAY),
        // The fraction is lost.
        JavaTime::Time => Some(values::time_of_day(bytes)? / 1_000_000 * 1000),
        JavaTime::Timestamp => {
            let date = day(bytes.get(..10)?)?;
            let time = match bytes.get(10) {
                None => 0,
                Some(_) => values::time_of_day(bytes.get(11..)?)?,
            };
            Some(date * DAY + time / 1000)
        }
    }
}

/// Whether the driver makes NULL of it.
pub(crate) fn is_zero_date(bytes: &[u8]) -> bool {
    bytes.starts_with(b"0000-00-00")
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// 1582-10-15, the first day of the Gregorian calendar.
const REFORM: i64 = -141_427;

fn day(bytes: &[u8]) -> Option<i64> {
    let date = values::date_fields(bytes)?;
    // Lenient: month 0 is the December before, day 0 the last of the month before.
    let months = date.year * 12 + date.month - 1;
    let first = DateFields {
        year: months.div_euclid(12),
        month: months.rem_euclid(12) + 1,
        day: 1,
    };
    let offset = date.day - 1;
    let gregorian = values::days_from_civil(first) + offset;
    if gregorian >= REFORM {
        return Some(gregorian);
    }
    let julian = days_from_julian(first) + offset;
    Some(julian)
}

/// Days from 1970-01-01 of a date in the Julian calendar.
fn days_from_julian(date: DateFields) -> i64 {
    let year = date.year - i64::from(date.month <= 2);
    let month_from_march = (date.month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    // 1970-01-01 is 1969-12-19 in the Julian calendar.
    year * 365 + year.div_euclid(4) + day_of_year - 719_470
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_java_does() {
        // From the golden files of Sqoop, and `new java.util.GregorianCalendar(…)` in UTC.
        for (text, class, expected) in [
            ("1970-01-01", JavaTime::Date, 0),
            ("1582-10-15", JavaTime::Date, -12_219_292_800_000),
            // The day before in Java's calendar.
            ("1582-10-04", JavaTime::Date, -12_219_379_200_000),
            // A day that never was.
            ("1582-10-05", JavaTime::Date, -12_219_292_800_000),
            ("0001-01-01", JavaTime::Date, -62_135_769_600_000),
            ("2024-00-00", JavaTime::Date, 1_701_302_400_000),
            ("12:34:56.789", JavaTime::Time, 45_296_000),
            ("1970-01-01 00:00:00.123456", JavaTime::Timestamp, 123),
            ("1969-12-31 23:59:59.5", JavaTime::Timestamp, -500),
        ] {
            assert_eq!(
                milliseconds(text.as_bytes(), class),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(milliseconds(b"24:00:00", JavaTime::Time), None);
    }
}
