//! Ranges of days that are asked for often, counted from the last day of the data: an import may be
//! years old. Pure.

use comptoir_model::api::Period;
use jiff::civil::Date;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    All,
    Month,
    MonthBefore,
    Quarter,
    QuarterBefore,
    Year,
    YearBefore,
}

impl Preset {
    pub(crate) const ALL: [Self; 7] = [
        Self::All,
        Self::Month,
        Self::MonthBefore,
        Self::Quarter,
        Self::QuarterBefore,
        Self::Year,
        Self::YearBefore,
    ];

    /// Its first and last day in data of this period; none of all.
    pub(crate) fn days(self, data: Period) -> (Option<Date>, Option<Date>) {
        let (months, back) = match self {
            Self::All => return (None, None),
            Self::Month => (1, 0),
            Self::MonthBefore => (1, 1),
            Self::Quarter => (3, 0),
            Self::QuarterBefore => (3, 1),
            Self::Year => (12, 0),
            Self::YearBefore => (12, 1),
        };
        // Months since the year 0; quarters and years begin at their multiples.
        let month = i32::from(data.last.year()) * 12 + i32::from(data.last.month()) - 1;
        let start = month - month.rem_euclid(months) - back * months;
        let last = first_day(start + months).and_then(|day| day.yesterday().ok());
        (first_day(start), last)
    }
}

fn first_day(month: i32) -> Option<Date> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
    Date::new(year, month, 1).ok()
}

/// `YYYY-MM-DD`
pub(crate) fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_end_with_the_data_and_not_with_the_calendar() {
        let data = Period {
            first: day("2003-01-06").unwrap(),
            last: day("2005-05-31").unwrap(),
        };
        for (preset, first, last) in [
            (Preset::Month, "2005-05-01", "2005-05-31"),
            (Preset::MonthBefore, "2005-04-01", "2005-04-30"),
            (Preset::Quarter, "2005-04-01", "2005-06-30"),
            (Preset::QuarterBefore, "2005-01-01", "2005-03-31"),
            (Preset::Year, "2005-01-01", "2005-12-31"),
            (Preset::YearBefore, "2004-01-01", "2004-12-31"),
        ] {
            assert_eq!(preset.days(data), (day(first), day(last)), "{preset:?}");
        }
        assert_eq!(Preset::All.days(data), (None, None));
        let january = Period {
            last: day("2004-01-15").unwrap(),
            ..data
        };
        assert_eq!(
            Preset::MonthBefore.days(january),
            (day("2003-12-01"), day("2003-12-31"))
        );
    }
}
