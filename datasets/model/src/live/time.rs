//! The grains of time that live figures are kept in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const SECONDS: i64 = 60;
const MINUTES: i64 = 15;

/// A minute, counted from the beginning of 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minute(pub i64);

impl Minute {
    /// The minute that a moment lies in.
    pub fn of(moment: Timestamp) -> Self {
        // Seconds before 1970 are cut towards zero, which is the second after.
        let second = moment.as_second() - i64::from(moment.subsec_nanosecond() < 0);
        Self(second.div_euclid(SECONDS))
    }

    /// Its first moment; `None` outside of the calendar.
    pub fn start(self) -> Option<Timestamp> {
        Timestamp::from_second(self.0.checked_mul(SECONDS)?).ok()
    }
}

/// A quarter of an hour, counted from the beginning of 1970 in UTC. Every time zone's days begin
/// with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuarterHour(pub i64);

impl QuarterHour {
    pub fn of(minute: Minute) -> Self {
        Self(minute.0.div_euclid(MINUTES))
    }

    /// Its first minute; `None` of a number that no minute has.
    pub fn start(self) -> Option<Minute> {
        self.0.checked_mul(MINUTES).map(Minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_in_the_minute_that_began_last() {
        let minute = |text: &str| Minute::of(text.parse().unwrap());
        assert_eq!(minute("1970-01-01T00:00:59.999Z"), Minute(0));
        assert_eq!(minute("1970-01-01T00:01:00Z"), Minute(1));
        assert_eq!(minute("1969-12-31T23:59:59.5Z"), Minute(-1));
        assert_eq!(minute("1969-12-31T23:59:00Z"), Minute(-1));
        assert_eq!(minute("1969-12-31T23:58:59.5Z"), Minute(-2));
    }

    #[test]
    fn fifteen_minutes_are_a_quarter_of_an_hour() {
        assert_eq!(QuarterHour::of(Minute(14)), QuarterHour(0));
        assert_eq!(QuarterHour::of(Minute(15)), QuarterHour(1));
        assert_eq!(QuarterHour::of(Minute(-1)), QuarterHour(-1));
        assert_eq!(QuarterHour(2).start(), Some(Minute(30)));
        assert_eq!(Minute(1).start().unwrap().as_second(), 60);
        assert_eq!(Minute(i64::MAX).start(), None);
    }
}
