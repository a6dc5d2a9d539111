//! Dates as spreadsheets and tills write them.

use jiff::civil::{Date, DateTime, Time};
use std::fmt;

/// Which number comes first in `2/3/2024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    MonthFirst,
    DayFirst,
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MonthFirst => "M/D/Y",
            Self::DayFirst => "D/M/Y",
        })
    }
}

/// A text that looks like a date, maybe with a time; it need not exist in the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateLike {
    day: DayLike,
    time: Option<TimeLike>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DayLike {
    YearFirst { year: i16, month: i8, day: i8 },
    YearLast { first: i8, second: i8, year: i16 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimeLike {
    hour: i8,
    minute: i8,
    second: i8,
    microsecond: i32,
}

impl DateLike {
    /// `2024-02-03`, `2/3/2024`, `03.02.2024`, each also with `H:MM[:SS[.ffffff]][ AM|PM]` behind
    /// a space or a `T`. Years have four digits.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (day, time) = match text.split_once([' ', 'T']) {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        Some(Self {
            day: DayLike::read(day)?,
            time: match time {
                Some(time) => Some(TimeLike::read(time)?),
                None => None,
            },
        })
    }

    /// Whether the order decides what it means.
    pub(crate) fn depends_on_order(self) -> bool {
        matches!(self.day, DayLike::YearLast { .. })
    }

    pub(crate) fn has_fraction(self) -> bool {
        self.time.is_some_and(|time| time.microsecond != 0)
    }

    /// The moment, where the calendar and the clock have it.
    pub(crate) fn moment(self, order: DateOrder) -> Option<DateTime> {
        let (year, month, day) = match (self.day, order) {
            (DayLike::YearFirst { year, month, day }, _) => (year, month, day),
            (
                DayLike::YearLast {
                    first,
                    second,
                    year,
                },
                DateOrder::MonthFirst,
            ) => (year, first, second),
            (
                DayLike::YearLast {
                    first,
                    second,
                    year,
                },
                DateOrder::DayFirst,
            ) => (year, second, first),
        };
        // MySQL's dates begin with the year 1000.
        let date = Date::new(year, month, day)
            .ok()
            .filter(|date| date.year() >= 1000)?;
        let time = match self.time {
            None => Time::midnight(),
            Some(time) => {
                let nanosecond = time.microsecond * 1000;
                Time::new(time.hour, time.minute, time.second, nanosecond).ok()?
            }
        };
        Some(date.to_datetime(time))
    }
}

impl DayLike {
    fn read(text: &str) -> Option<Self> {
        let separator = text.chars().find(|char| !char.is_ascii_digit())?;
        if !['-', '/', '.'].contains(&separator) {
            return None;
        }
        let mut parts = text.split(separator);
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        match (first.len(), third.len()) {
            (4, _) => Some(Self::YearFirst {
                year: digits(first, 4)?,
                month: digits(second, 2)?,
                day: digits(third, 2)?,
            }),
            (_, 4) => Some(Self::YearLast {
                first: digits(first, 2)?,
                second: digits(second, 2)?,
                year: digits(third, 4)?,
            }),
            _ => None,
        }
    }
}

impl TimeLike {
    fn read(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let (clock, half) = match upper.trim_end().split_once(' ') {
            Some((clock, half)) => (clock, Some(half)),
            None => (upper.as_str(), None),
        };
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut parts = clock.split(':');
        let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
        let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
        if parts.next().is_some() || fraction.len() > 6 {
            return None;
        }
        let hour = match half {
            Some("AM") if hour == 12 => 0,
            Some("PM") if hour < 12 => hour + 12,
            None | Some("AM" | "PM") => hour,
            Some(_) => return None,
        };
        Some(Self {
            hour,
            minute,
            second,
            microsecond: match fraction {
                "" => 0,
                fraction => digits(&format!("{fraction:0<6}"), 6)?,
            },
        })
    }
}

/// One to `longest` digits.
fn digits<N: std::str::FromStr>(text: &str, longest: usize) -> Option<N> {
    let fits = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{DayFirst, MonthFirst};

    fn moment(text: &str, order: DateOrder) -> Option<String> {
        let moment = DateLike::read(text)?.moment(order)?;
        Some(moment.strftime("%Y-%m-%d %H:%M:%S%.f").to_string())
    }

    #[test]
    fn reads_what_is_commonly_written() {
        for (text, order, expected) in [
            ("2/24/2003 0:00", MonthFirst, "2003-02-24 00:00:00"),
            ("2/3/2024", MonthFirst, "2024-02-03 00:00:00"),
            ("2/3/2024", DayFirst, "2024-03-02 00:00:00"),
            ("31.12.2024 23:59", DayFirst, "2024-12-31 23:59:00"),
            ("2024-02-29T12:30:05.25", DayFirst, "2024-02-29 12:30:05.25"),
            ("2/24/2003 12:00:00 AM", MonthFirst, "2003-02-24 00:00:00"),
            ("2/24/2003 1:05 pm", MonthFirst, "2003-02-24 13:05:00"),
        ] {
            assert_eq!(moment(text, order).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn knows_an_impossible_date_from_no_date() {
        for text in [
            "2/30/2024",
            "2023-02-29",
            "13/13/2024",
            "1/1/2024 25:00",
            "1/1/0000",
        ] {
            assert!(DateLike::read(text).is_some(), "{text}");
            assert_eq!(moment(text, MonthFirst), None, "{text}");
        }
        for text in [
            "",
            "1-2",
            "2/24/03",
            "1/2/2024/5",
            "a/b/2024",
            "1/2/2024 x",
            "+1/2/2024",
        ] {
            assert_eq!(DateLike::read(text), None, "{text}");
        }
    }
}
