//! The time of an event.

use super::rejection::{Flaw, excerpt};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// The year of an event, as it is written.
pub const YEAR_FIRST: u16 = 2000;
pub const YEAR_LAST: u16 = 2099;

/// Days from the beginning of 1970 to that of 2000.
const DAYS_TO_2000: i64 = 10_957;
/// Days of a year without leap day that lie before each month.
const DAYS_BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_OF: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// When an event happened; the offset it was written with is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime(Timestamp);

impl EventTime {
    /// Reads `2026-11-21T14:00:00.5+01:00`: RFC 3339 with capital `T` and `Z`, up to nine decimals
    /// of a second, no leap second, in the years 2000 to 2099 as written.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let bad_time = || Flaw::Time {
            value: excerpt(text),
        };
        let written = Written::read(text.as_bytes()).ok_or_else(bad_time)?;
        if !(i64::from(YEAR_FIRST)..=i64::from(YEAR_LAST)).contains(&written.year) {
            return Err(Flaw::Range {
                value: excerpt(text),
                allowed: format!("a year from {YEAR_FIRST} to {YEAR_LAST}"),
            });
        }
        written.moment().map(Self).ok_or_else(bad_time)
    }

    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl Serialize for EventTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The numbers of a time of the right shape; what they say is left to the calendar. The shape is
/// narrower than what other readers of RFC 3339 take, so that every reader of the schema agrees.
struct Written {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i32,
    /// Of the offset, to the east.
    offset_hour: i64,
    offset_minute: i64,
}

impl Written {
    fn read(text: &[u8]) -> Option<Self> {
        let (head, rest) = text.split_first_chunk::<19>()?;
        let separators = [head[4], head[7], head[10], head[13], head[16]];
        if separators != *b"--T::" {
            return None;
        }
        let (nanosecond, offset) = match rest.strip_prefix(b".") {
            None => (0, rest),
            Some(rest) => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if !(1..=9).contains(&digits) {
                    return None;
                }
                let decimals = number(&rest[..digits])?;
                let unit = 10_i64.pow(u32::try_from(9 - digits).ok()?);
                (i32::try_from(decimals * unit).ok()?, &rest[digits..])
            }
        };
        let (offset_hour, offset_minute) = match *offset {
            [b'Z'] => (0, 0),
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let sign = if sign == b'-' { -1 } else { 1 };
                (sign * number(&[h1, h2])?, sign * number(&[m1, m2])?)
            }
            _ => return None,
        };
        let written = Self {
            year: number(&head[..4])?,
            month: number(&head[5..7])?,
            day: number(&head[8..10])?,
            hour: number(&head[11..13])?,
            minute: number(&head[14..16])?,
            second: number(&head[17..19])?,
            nanosecond,
            offset_hour,
            offset_minute,
        };
        (written.second < 60 && offset_hour.abs() < 24).then_some(written)
    }

    /// Of the years that events have: every fourth of them is a leap year.
    fn moment(&self) -> Option<Timestamp> {
        let month = usize::try_from(self.month - 1).ok()?;
        let leap = self.year % 4 == 0;
        let days = DAYS_OF.get(month)? + i64::from(leap && month == 1);
        let exists = (1..=days).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.offset_minute.abs() < 60;
        if !exists {
            return None;
        }
        let years = self.year - i64::from(YEAR_FIRST);
        let day = DAYS_TO_2000
            + years * 365
            + (years + 3) / 4
            + DAYS_BEFORE[month]
            + i64::from(leap && month > 1)
            + self.day
            - 1;
        let hour = day * 24 + self.hour - self.offset_hour;
        let second = (hour * 60 + self.minute - self.offset_minute) * 60 + self.second;
        Timestamp::new(second, self.nanosecond).ok()
    }
}

/// Of at most nine digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then_some(number * 10 + i64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The calendar again, from a library that knows it.
        #[test]
        fn reads_what_a_calendar_reads(
            text in "20[0-9]{2}-([01][0-9])-([0-3][0-9])T([0-2][0-9]):([0-6][0-9]):([0-5][0-9])\
                (\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-6][0-9])"
        ) {
            let read = EventTime::parse(&text).ok().map(EventTime::timestamp);
            prop_assert_eq!(read, text.parse::<Timestamp>().ok());
        }
    }

    #[test]
    fn every_day_of_the_century_follows_the_one_before() {
        let day = 24 * 60 * 60;
        let mut expected = 946_684_800;
        for year in YEAR_FIRST..=YEAR_LAST {
            for month in 1..=12 {
                for date in 1..=31 {
                    let text = format!("{year}-{month:02}-{date:02}T00:00:00Z");
                    if let Ok(time) = EventTime::parse(&text) {
                        assert_eq!(time.timestamp().as_second(), expected, "{text}");
                        expected += day;
                    }
                }
            }
        }
        assert_eq!(expected, 4_102_444_800);
    }
}
