//! Dates that no calendar has: what `MySQL` keeps, and what Java makes of them. Pure.

use jiff::civil::Date;

/// What becomes of 0000-00-00: JDBC's `zeroDateTimeBehavior`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZeroDates {
    /// It stays as the server prints it.
    #[default]
    Keep,
    /// `convertToNull`
    Null,
    /// `round`: 0001-01-01.
    Round,
    /// `exception`
    Refuse,
}

/// How all other dates are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Calendar {
    /// As they are stored.
    #[default]
    Stored,
    /// Java's: a missing month or day counts back from the next one (2024-00-00 is 2023-11-30), and
    /// the ten days that 1582 left out are moved behind them.
    Java,
}

/// How dates are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) zero: ZeroDates,
    pub(super) calendar: Calendar,
}

/// What is printed for a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    AsStored,
    Null,
    /// Ten characters in its place.
    Instead(String),
    Refused,
}

const ZERO: &[u8] = b"0000-00-00";

impl Dates {
    /// Whether every date is printed as it is stored.
    pub(super) fn are_as_stored(self) -> bool {
        self == Self::default()
    }

    /// What is printed for `date`, ten characters of the server.
    pub(super) fn show(self, date: &[u8]) -> Shown {
        if date == ZERO {
            return match self.zero {
                ZeroDates::Keep if self.calendar == Calendar::Java => java_day(date),
                ZeroDates::Keep => Shown::AsStored,
                ZeroDates::Null => Shown::Null,
                ZeroDates::Round => Shown::Instead("0001-01-01".to_owned()),
                ZeroDates::Refuse => Shown::Refused,
            };
        }
        match self.calendar {
            Calendar::Stored => Shown::AsStored,
            Calendar::Java => java_day(date),
        }
    }
}

/// The day that `java.util.GregorianCalendar` counts to.
fn java_day(date: &[u8]) -> Shown {
    let Some((year, month, day)) = numbers(date) else {
        return Shown::AsStored;
    };
    let (year, month) = if month == 0 {
        (year - 1, 12)
    } else {
        (year, month)
    };
    let (year, month, day) = match (day, month) {
        (0, 1) => (year - 1, 12, 31),
        (0, _) => (year, month - 1, days_in(year, month - 1)),
        _ => (year, month, day),
    };
    let day = if (year, month) == (1582, 10) && (5..15).contains(&day) {
        day + 10
    } else {
        day
    };
    // Java counts 1 BC, 2 BC and prints no era.
    let year = if year < 1 { 1 - year } else { year };
    let shown = format!("{year:04}-{month:02}-{day:02}");
    if shown.as_bytes() == date {
        Shown::AsStored
    } else {
        Shown::Instead(shown)
    }
}

fn numbers(date: &[u8]) -> Option<(i16, i8, i8)> {
    let text = std::str::from_utf8(date).ok()?;
    let mut parts = text.split('-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Some((year, month, day))
}

/// Before October 1582 each fourth year is a leap year.
fn days_in(year: i16, month: i8) -> i8 {
    let julian_leap = (year, month) < (1582, 10) && month == 2 && year.rem_euclid(4) == 0;
    let days = Date::new(year, month, 1).map_or(31, Date::days_in_month);
    if julian_leap { 29 } else { days }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(dates: Dates, date: &str) -> String {
        match dates.show(date.as_bytes()) {
            Shown::AsStored => date.to_owned(),
            Shown::Null => "null".to_owned(),
            Shown::Instead(text) => text,
            Shown::Refused => "refused".to_owned(),
        }
    }

    #[test]
    fn keeps_what_is_stored_by_default() {
        for date in ["0000-00-00", "2024-00-00", "1582-10-10", "2024-05-06"] {
            assert_eq!(shown(Dates::default(), date), date);
        }
        assert!(Dates::default().are_as_stored());
    }

    #[test]
    fn counts_like_java_if_asked_to() {
        let java = Dates {
            zero: ZeroDates::Null,
            calendar: Calendar::Java,
        };
        for (stored, printed) in [
            ("0000-00-00", "null"),
            ("2024-00-00", "2023-11-30"),
            ("2024-05-00", "2024-04-30"),
            ("2024-01-00", "2023-12-31"),
            ("2024-03-00", "2024-02-29"),
            ("1500-03-00", "1500-02-29"),
            ("1582-10-04", "1582-10-04"),
            ("1582-10-05", "1582-10-15"),
            ("1582-10-14", "1582-10-24"),
            ("1582-10-15", "1582-10-15"),
        ] {
            assert_eq!(shown(java, stored), printed, "{stored}");
        }
        let kept = Dates {
            zero: ZeroDates::Keep,
            ..java
        };
        assert_eq!(shown(kept, "0000-00-00"), "0002-11-30");
    }

    #[test]
    fn does_with_zero_dates_what_the_url_says() {
        for (zero, printed) in [
            (ZeroDates::Round, "0001-01-01"),
            (ZeroDates::Refuse, "refused"),
        ] {
            let dates = Dates {
                zero,
                ..Dates::default()
            };
            assert_eq!(shown(dates, "0000-00-00"), printed);
            assert_eq!(shown(dates, "2024-05-00"), "2024-05-00");
        }
    }
}
