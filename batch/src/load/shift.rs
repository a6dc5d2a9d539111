//! Moving all dates of a file by whole days, so that a sample ends today.

use super::column::Column;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// A stored row: `None` is NULL.
pub(crate) type Values = Vec<Option<String>>;

/// Where the dates of a row stand, and what is computed from the order date. The columns of the
/// sales table are known by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calendar {
    dates: Vec<usize>,
    order_date: Option<usize>,
    /// `QTR_ID`, `MONTH_ID`, `YEAR_ID`.
    parts: [Option<usize>; 3],
}

/// A date that can't be moved: beyond the years 1000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange;

impl Calendar {
    pub(crate) fn of(columns: &[Column]) -> Self {
        let find =
            |name: &str| (columns.iter()).position(|column| column.name.eq_ignore_ascii_case(name));
        let dates: Vec<_> = (columns.iter().enumerate())
            .filter(|(_, column)| column.column_type.is_date())
            .map(|(index, _)| index)
            .collect();
        Self {
            order_date: find("ORDERDATE").filter(|index| dates.contains(index)),
            dates,
            parts: ["QTR_ID", "MONTH_ID", "YEAR_ID"].map(find),
        }
    }

    /// The latest order date, or the latest of all dates where there is no such column.
    pub(crate) fn latest(&self, row: &Values) -> Option<Date> {
        let dates = match &self.order_date {
            Some(index) => std::slice::from_ref(index),
            None => self.dates.as_slice(),
        };
        dates.iter().filter_map(|index| date_at(row, *index)).max()
    }

    /// Moves every date by `days`; times of day stay. Quarter, month and year follow the order
    /// date.
    pub(crate) fn shift(&self, row: &mut Values, days: i64) -> Result<(), OutOfRange> {
        for &index in &self.dates {
            let Some(date) = date_at(row, index) else {
                continue;
            };
            let moved = date.checked_add(days.days()).map_err(|_| OutOfRange)?;
            if !(1000..=9999).contains(&moved.year()) {
                return Err(OutOfRange);
            }
            if let Some(value) = &mut row[index] {
                value.replace_range(..10, &moved.to_string());
            }
        }
        if let Some(parts) = self.computed(row) {
            for (index, part) in self.parts.iter().zip(parts) {
                if let Some(index) = *index {
                    row[index] = Some(part.to_string());
                }
            }
        }
        Ok(())
    }

    /// The first of quarter, month and year that is not that of the order date: its column and
    /// what it should be.
    pub(crate) fn contradiction(&self, row: &Values) -> Option<(usize, i16)> {
        let parts = self.computed(row)?;
        (self.parts.iter().zip(parts)).find_map(|(index, part)| {
            let index = (*index)?;
            (row[index] != Some(part.to_string())).then_some((index, part))
        })
    }

    /// Quarter, month and year of the order date.
    fn computed(&self, row: &Values) -> Option<[i16; 3]> {
        let date = date_at(row, self.order_date?)?;
        let month = i16::from(date.month());
        Some([(month - 1) / 3 + 1, month, date.year()])
    }
}

/// Stored dates begin with `YYYY-MM-DD`.
fn date_at(row: &Values, index: usize) -> Option<Date> {
    row[index].as_deref()?.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::dates::DateOrder;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn columns() -> Vec<Column> {
        [
            ("ORDERDATE", "DATE"),
            ("qtr_id", "INT"),
            ("MONTH_ID", "INT"),
            ("YEAR_ID", "INT"),
            ("PAID", "DATETIME"),
        ]
        .map(|(name, column_type)| Column {
            name: name.to_owned(),
            column_type: column_type.parse().unwrap(),
            nullable: true,
            dates: DateOrder::MonthFirst,
            chars_max: 20,
        })
        .into()
    }

    fn row(values: [&str; 5]) -> Values {
        values
            .map(|value| (!value.is_empty()).then(|| value.to_owned()))
            .into()
    }

    #[test]
    fn moves_dates_and_what_is_computed_from_them() {
        let calendar = Calendar::of(&columns());
        let mut moved = row(["2025-12-31", "4", "12", "2025", "2026-01-05 08:30:00"]);
        assert_eq!(calendar.latest(&moved), Some(date(2025, 12, 31)));
        calendar.shift(&mut moved, 1).unwrap();
        assert_eq!(
            moved,
            row(["2026-01-01", "1", "1", "2026", "2026-01-06 08:30:00"])
        );
    }

    #[test]
    fn leaves_what_is_not_known_alone() {
        let calendar = Calendar::of(&columns());
        let mut moved = row(["", "4", "12", "2025", ""]);
        calendar.shift(&mut moved, 400).unwrap();
        assert_eq!(moved, row(["", "4", "12", "2025", ""]));
        assert_eq!(calendar.latest(&moved), None);
    }

    #[test]
    fn refuses_to_leave_the_calendar() {
        let calendar = Calendar::of(&columns());
        let mut moved = row(["9999-12-31", "4", "12", "9999", ""]);
        assert_eq!(calendar.shift(&mut moved, 1), Err(OutOfRange));
    }

    #[test]
    fn finds_a_month_that_is_not_the_date_s() {
        let calendar = Calendar::of(&columns());
        assert_eq!(
            calendar.contradiction(&row(["2025-12-31", "4", "12", "2025", ""])),
            None
        );
        assert_eq!(
            calendar.contradiction(&row(["2025-12-31", "4", "11", "2025", ""])),
            Some((2, 12))
        );
    }

    proptest! {
        #[test]
        fn moving_there_and_back_changes_nothing(days in -200_000_i64..200_000, day in 0_i64..20_000) {
            let calendar = Calendar::of(&columns());
            let start = date(2000, 1, 1) + day.days();
            let (quarter, month, year) = ((start.month() - 1) / 3 + 1, start.month(), start.year());
            let values = [start.to_string(), quarter.to_string(), month.to_string(), year.to_string(), String::new()];
            let original = row([&values[0], &values[1], &values[2], &values[3], ""]);
            let mut moved = original.clone();
            calendar.shift(&mut moved, days).unwrap();
            prop_assert_eq!(calendar.contradiction(&moved), None);
            calendar.shift(&mut moved, -days).unwrap();
            prop_assert_eq!(moved, original);
        }
    }
}
