//! DATE, DATETIME and TIMESTAMP, counted in milliseconds as Java does.

use super::{BoundError, integer};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use std::num::{NonZeroU32, NonZeroU64};

pub(super) fn days(
    min: &str,
    max: &str,
    ranges: NonZeroU32,
    limit_s: Option<NonZeroU64>,
) -> Result<Vec<String>, BoundError> {
    let points = between(parse(min)?, parse(max)?, ranges, limit_s);
    let days = points
        .into_iter()
        .map(|point| format!("'{}'", point.date()));
    Ok(days.collect())
}

pub(super) fn moments(
    min: &str,
    max: &str,
    ranges: NonZeroU32,
    limit_s: Option<NonZeroU64>,
) -> Result<Vec<String>, BoundError> {
    let (min, max) = (parse(min)?, parse(max)?);
    let mut points = between(min, max, ranges, limit_s);
    // Milliseconds would cut off the end of the last second.
    if let [first, .., last] = points.as_mut_slice() {
        (*first, *last) = (min, max);
    }
    let moments = points.into_iter().map(|point| {
        let (date, time) = (point.date(), point.time());
        format!("'{date} {time}'")
    });
    Ok(moments.collect())
}

fn between(
    min: DateTime,
    max: DateTime,
    ranges: NonZeroU32,
    limit_s: Option<NonZeroU64>,
) -> Vec<DateTime> {
    let limit_ms =
        limit_s.map(|limit| limit.saturating_mul(const { NonZeroU64::new(1000).unwrap() }));
    let points = integer::points(millis(min), millis(max), ranges, limit_ms);
    points.into_iter().map(from_millis).collect()
}

/// Since 1970, as if in UTC.
fn millis(moment: DateTime) -> i128 {
    let since = moment.duration_since(EPOCH);
    since.as_millis()
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Of a point between two moments, and so one itself.
fn from_millis(millis: i128) -> DateTime {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    EPOCH.saturating_add(SignedDuration::from_millis(millis))
}

/// A date or a moment as the server prints it. Zero dates stand for the days they are sorted
/// between.
fn parse(bound: &str) -> Result<DateTime, BoundError> {
    let wrong = || BoundError {
        bound: bound.to_owned(),
        expected: "date",
    };
    let (date, time) = bound.split_once([' ', 'T']).unwrap_or((bound, "00:00:00"));
    let mut numbers = date.split('-').map(|part| part.parse::<i16>().ok());
    let mut next = || numbers.next().flatten().ok_or_else(wrong);
    let (year, month, day) = (next()?, next()?, next()?);
    let small = |number: i16| i8::try_from(number.max(1)).map_err(|_| wrong());
    let date = Date::new(year.max(1), small(month)?, small(day)?).map_err(|_| wrong())?;
    let time = time.parse().map_err(|_| wrong())?;
    Ok(date.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

    #[test]
    fn cuts_days_at_midnight() {
        assert_eq!(
            days("2024-01-01", "2024-01-04", TWO, None).unwrap(),
            ["'2024-01-01'", "'2024-01-02'", "'2024-01-04'"]
        );
    }

    #[test]
    fn keeps_the_fractions_of_the_ends() {
        assert_eq!(
            moments(
                "2024-01-01 00:00:00.000001",
                "2024-01-01 00:00:10.000001",
                TWO,
                None
            )
            .unwrap(),
            [
                "'2024-01-01 00:00:00.000001'",
                "'2024-01-01 00:00:05'",
                "'2024-01-01 00:00:10.000001'"
            ]
        );
    }

    #[test]
    fn a_limit_counts_seconds() {
        let limit = NonZeroU64::new(86_400);
        let points = days("2024-01-01", "2024-01-05", TWO, limit).unwrap();
        assert_eq!(points.len(), 5);
    }

    #[test]
    fn zero_dates_are_bounds_too() {
        assert!(days("0000-00-00", "2024-05-00", TWO, None).is_ok());
        assert_eq!(
            moments("x", "2024-01-01", TWO, None).unwrap_err().bound,
            "x"
        );
    }
}
