//! Days, months and moments as people of a language write them.

use crate::i18n::Language;
use jiff::civil::Date;

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Month {
    year: i16,
    /// 1 to 12.
    month: i8,
}

impl Month {
    /// Reads the API's `YYYY-MM`.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        let first: Date = format!("{key}-01").parse().ok()?;
        Some(Self {
            year: first.year(),
            month: first.month(),
        })
    }

    pub(crate) fn key(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    pub(crate) fn next(self) -> Self {
        match self.month {
            12 => Self {
                year: self.year + 1,
                month: 1,
            },
            month => Self {
                month: month + 1,
                ..self
            },
        }
    }

    pub(crate) fn a_year_before(self) -> Self {
        Self {
            year: self.year - 1,
            ..self
        }
    }

    pub(crate) fn year(self) -> i16 {
        self.year
    }

    pub(crate) fn is_january(self) -> bool {
        self.month == 1
    }

    /// `November 2004`
    pub(crate) fn long(self, language: Language) -> String {
        format!("{} {}", language.text().months[self.index()], self.year)
    }

    /// `Nov`
    pub(crate) fn short_name(self, language: Language) -> &'static str {
        language.text().short_months[self.index()]
    }

    /// `N`
    pub(crate) fn initial(self, language: Language) -> String {
        let name = language.text().months[self.index()];
        name.chars().take(1).flat_map(char::to_uppercase).collect()
    }

    fn index(self) -> usize {
        usize::try_from(self.month - 1).unwrap_or_default()
    }
}

/// `24 Feb 2003`
pub(crate) fn day(language: Language, date: Date) -> String {
    let month = Month {
        year: date.year(),
        month: date.month(),
    };
    let day = match (language, date.day()) {
        (Language::French, 1) => "1er".to_owned(),
        (_, day) => day.to_string(),
    };
    format!("{day} {} {}", month.short_name(language), date.year())
}

/// `24 Feb 2003, 09:05:00`
pub(crate) fn moment(language: Language, at: jiff::civil::DateTime) -> String {
    let day = day(language, at.date());
    let time = time_of_day(at);
    match language {
        Language::English => format!("{day}, {time}"),
        Language::French => format!("{day} à {time}"),
    }
}

/// `09:05:00`
pub(crate) fn time_of_day(at: jiff::civil::DateTime) -> String {
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// `09:05`
pub(crate) fn hour_and_minute(at: jiff::civil::DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// How long ago, in the largest unit that fits. A moment ahead of the clock is now.
pub(crate) fn age(language: Language, seconds: i64) -> String {
    let (count, english, french) = match seconds {
        ..60 => {
            return match language {
                Language::English => "just now".to_owned(),
                Language::French => "à l’instant".to_owned(),
            };
        }
        60..3_600 => (seconds / 60, "min", "min"),
        3_600..86_400 => (seconds / 3_600, "h", "h"),
        86_400..172_800 => (1, "day", "jour"),
        _ => (seconds / 86_400, "days", "jours"),
    };
    match language {
        Language::English => format!("{count}\u{a0}{english} ago"),
        Language::French => format!("il y a {count}\u{a0}{french}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, French};
    use jiff::civil::date;

    #[test]
    fn a_month_is_read_and_written_back() {
        let month = Month::parse("2004-12").unwrap();
        assert_eq!(month.key(), "2004-12");
        assert_eq!(month.next().key(), "2005-01");
        assert_eq!(month.a_year_before().key(), "2003-12");
        for text in ["", "2004", "2004-13", "2004-1", "Small"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_follow_the_language() {
        assert_eq!(day(English, date(2003, 2, 24)), "24 Feb 2003");
        assert_eq!(day(French, date(2003, 2, 24)), "24 févr. 2003");
        assert_eq!(day(French, date(2003, 8, 1)), "1er août 2003");
    }

    #[test]
    fn moments_have_two_digits_each() {
        assert_eq!(
            moment(English, date(2026, 11, 21).at(9, 5, 0, 0)),
            "21 Nov 2026, 09:05:00"
        );
        assert_eq!(
            moment(French, date(2026, 11, 21).at(9, 5, 0, 0)),
            "21 nov. 2026 à 09:05:00"
        );
    }

    #[test]
    fn ages_use_the_largest_unit_that_fits() {
        for (seconds, english) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1\u{a0}min ago"),
            (7_199, "1\u{a0}h ago"),
            (86_400, "1\u{a0}day ago"),
            (172_800, "2\u{a0}days ago"),
        ] {
            assert_eq!(age(English, seconds), english);
        }
        assert_eq!(age(French, 180), "il y a 3\u{a0}min");
    }
}
