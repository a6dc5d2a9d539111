//! Which SQL type a column of text has, judged from all of its values.
//!
//! A type is taken when at least 99 % of the values have it, or all but one of ten or more: the
//! others are then bad values, not a reason to call everything text. Digits with a leading zero
//! (postal codes, telephone numbers) are text: as numbers they would lose it.

use super::column::{Column, ColumnType};
use super::dates::{DateLike, DateOrder};
use super::number::Number;

/// What is known of a column before its values are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Anything,
    /// A number or a date of the sales table: what is neither is bad, however many there are.
    Typed,
}

/// What was seen in a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    empty: u64,
    /// Only white space: no value of a number or a date, but a text.
    blank: u64,
    values: u64,
    chars_max: usize,
    bytes_max: usize,
    numbers: Numbers,
    dates: Dates,
    /// The first value that is neither number nor date: its line and text.
    first_text: Option<(u64, String)>,
}

#[derive(Clone, Debug, Default)]
struct Numbers {
    count: u64,
    leading_zeros: u64,
    integer_digits_max: u32,
    scale_max: u32,
    beyond_32_bits: bool,
    beyond_64_bits: bool,
}

#[derive(Clone, Debug, Default)]
struct Dates {
    alike: u64,
    month_first: u64,
    day_first: u64,
    order_matters: u64,
    with_time: u64,
    with_fraction: u64,
}

/// A column's type, and what a person should know about the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inferred {
    pub(crate) column: Column,
    pub(crate) note: Option<String>,
}

impl Observed {
    pub(crate) fn see(&mut self, line: u64, text: &str) {
        if text.is_empty() {
            self.empty += 1;
            return;
        }
        self.chars_max = self.chars_max.max(text.chars().count());
        self.bytes_max = self.bytes_max.max(text.len());
        let text = text.trim();
        if text.is_empty() {
            self.blank += 1;
            return;
        }
        self.values += 1;
        if let Some(number) = Number::read(text) {
            self.numbers.see(number);
        } else if let Some(date) = DateLike::read(text) {
            self.dates.see(date);
        } else if self.first_text.is_none() {
            self.first_text = Some((line, text.chars().take(40).collect()));
        }
    }

    pub(crate) fn infer(&self, name: &str, expected: Expected) -> Inferred {
        let accepts = |good: u64| match expected {
            Expected::Anything => is_nearly_all(good, self.values),
            Expected::Typed => good > 0,
        };
        let mut note = None;
        let number = (accepts(self.numbers.count) && self.numbers.leading_zeros == 0)
            .then(|| self.numbers.column_type())
            .flatten();
        let column_type = if let Some(number) = number {
            number
        } else if accepts(self.dates.alike) && self.dates.are_plausible() {
            note = self.dates.order(name).1;
            self.dates.column_type()
        } else {
            note = self.near_miss(name);
            ColumnType::text(self.chars_max, self.bytes_max)
        };
        let column = Column {
            name: name.to_owned(),
            column_type,
            nullable: false,
            dates: DateOrder::MonthFirst,
            chars_max: self.chars_max,
        };
        Inferred {
            column: self.with_type(column, column_type),
            note,
        }
    }

    /// The column with a type that someone chose, and what follows from that.
    pub(crate) fn with_type(&self, column: Column, column_type: ColumnType) -> Column {
        let missing = if column_type.is_text() {
            self.empty
        } else {
            self.empty + self.blank
        };
        Column {
            column_type,
            nullable: missing > 0,
            dates: self.dates.order(&column.name).0,
            ..column
        }
    }

    /// Says why a column that is mostly numbers or dates is text.
    fn near_miss(&self, name: &str) -> Option<String> {
        let typed = self.numbers.count.max(self.dates.alike);
        if self.numbers.leading_zeros > 0 || typed * 2 < self.values || typed == self.values {
            return None;
        }
        let others = self.values - typed;
        let (line, text) = self.first_text.as_ref()?;
        Some(format!(
            "column {name} is text: {others} of {} values are neither number nor date, the first in line {line}: `{text}`",
            self.values
        ))
    }
}

fn is_nearly_all(good: u64, all: u64) -> bool {
    let bad = all - good;
    good > 0 && (bad * 100 <= all || (bad == 1 && all >= 10))
}

impl Numbers {
    fn see(&mut self, number: Number<'_>) {
        if number.has_leading_zero() {
            self.leading_zeros += 1;
        }
        self.count += 1;
        self.integer_digits_max = self.integer_digits_max.max(number.integer_digits());
        self.scale_max = self.scale_max.max(number.scale());
        self.beyond_32_bits |= number.text().parse::<i32>().is_err();
        self.beyond_64_bits |= number.text().parse::<i64>().is_err();
    }

    fn column_type(&self) -> Option<ColumnType> {
        ColumnType::number(
            self.integer_digits_max,
            self.scale_max,
            !self.beyond_32_bits,
            !self.beyond_64_bits,
        )
    }
}

impl Dates {
    fn see(&mut self, date: DateLike) {
        self.alike += 1;
        let moments = [DateOrder::MonthFirst, DateOrder::DayFirst].map(|order| date.moment(order));
        self.month_first += u64::from(moments[0].is_some());
        self.day_first += u64::from(moments[1].is_some());
        self.order_matters += u64::from(date.depends_on_order());
        let timed = |moment: &jiff::civil::DateTime| moment.time() != jiff::civil::Time::midnight();
        self.with_time += u64::from(moments.iter().flatten().any(timed));
        self.with_fraction += u64::from(date.has_fraction());
    }

    /// Telephone numbers like 26.47.1555 look like dates, but few of them are.
    fn are_plausible(&self) -> bool {
        self.month_first.max(self.day_first) * 2 >= self.alike
    }

    fn order(&self, name: &str) -> (DateOrder, Option<String>) {
        if self.day_first > self.month_first {
            return (DateOrder::DayFirst, None);
        }
        let undecided = self.day_first == self.month_first && self.order_matters > 0;
        let note = undecided.then(|| {
            format!("column {name}: every date could be M/D/Y or D/M/Y, and was read as M/D/Y")
        });
        (DateOrder::MonthFirst, note)
    }

    fn column_type(&self) -> ColumnType {
        if self.with_fraction > 0 {
            ColumnType::DateTime6
        } else if self.with_time > 0 {
            ColumnType::DateTime
        } else {
            ColumnType::Date
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer_as<'a>(expected: Expected, values: impl IntoIterator<Item = &'a str>) -> Inferred {
        let mut observed = Observed::default();
        for (line, value) in (2..).zip(values) {
            observed.see(line, value);
        }
        observed.infer("C", expected)
    }

    fn infer<'a>(values: impl IntoIterator<Item = &'a str>) -> (String, bool) {
        let inferred = infer_as(Expected::Anything, values);
        (
            inferred.column.column_type.to_string(),
            inferred.column.nullable,
        )
    }

    #[test]
    fn takes_the_narrowest_exact_type() {
        for (values, expected) in [
            (["1", "-20", "300"], "INT"),
            (["1", "6265557265", "3"], "BIGINT"),
            (["1", "99999999999999999999", "3"], "DECIMAL(28,0)"),
            (["95.7", "100", "-0.25"], "DECIMAL(10,2)"),
            (["2/24/2003 0:00", "5/7/2003 0:00", "1/1/2004 0:00"], "DATE"),
            (
                ["2/24/2003 0:00", "5/7/2003 8:30", "1/1/2004 0:00"],
                "DATETIME",
            ),
            (
                ["2024-01-01 00:00:00.5", "2024-01-01", "2024-01-02"],
                "DATETIME(6)",
            ),
            (["NA", "EMEA", "Japan"], "VARCHAR(64)"),
            (["1e5", "2", "3"], "VARCHAR(64)"),
            (["+33 1", "+4712345678", "3"], "VARCHAR(64)"),
        ] {
            assert_eq!(infer(values), (expected.to_owned(), false), "{values:?}");
        }
    }

    #[test]
    fn one_leading_zero_makes_a_column_text() {
        let codes: Vec<_> = std::iter::repeat_n("10115", 999).chain(["01067"]).collect();
        assert_eq!(infer(codes), ("VARCHAR(64)".to_owned(), false));
        assert_eq!(infer(["0", "0.5"]), ("DECIMAL(10,1)".to_owned(), false));
    }

    #[test]
    fn one_bad_value_does_not_make_a_long_column_text() {
        let mut values = vec!["12"; 9];
        values.push("abc");
        assert_eq!(infer(values.clone()).0, "INT");
        values.push("def");
        assert_eq!(infer(values).0, "VARCHAR(64)");
        let mut dates = vec!["2/24/2024"; 9];
        dates.push("2/30/2024");
        assert_eq!(infer(dates).0, "DATE");
    }

    #[test]
    fn says_why_a_mostly_numeric_column_is_text() {
        let note = infer_as(Expected::Anything, ["1", "x", "3"]).note.unwrap();
        assert!(
            note.contains("1 of 3") && note.contains("line 3: `x`"),
            "{note}"
        );
    }

    #[test]
    fn a_sales_column_stays_a_number_however_short_the_file() {
        let inferred = infer_as(Expected::Typed, ["1", "x"]);
        assert_eq!(inferred.column.column_type, ColumnType::Int);
    }

    #[test]
    fn the_data_decides_the_order_of_day_and_month() {
        let order = |values: [&'static str; 2]| {
            let inferred = infer_as(Expected::Anything, values);
            (inferred.column.dates, inferred.note.is_some())
        };
        assert_eq!(
            order(["1/2/2024", "2/24/2024"]),
            (DateOrder::MonthFirst, false)
        );
        assert_eq!(
            order(["1/2/2024", "24/2/2024"]),
            (DateOrder::DayFirst, false)
        );
        assert_eq!(
            order(["1/2/2024", "3/4/2024"]),
            (DateOrder::MonthFirst, true)
        );
        assert_eq!(
            order(["2024-01-02", "2024-03-04"]),
            (DateOrder::MonthFirst, false)
        );
    }

    #[test]
    fn telephone_numbers_with_points_are_no_dates() {
        let phones = ["26.47.1555", "20.16.1555", "40.67.8555"];
        assert_eq!(infer(phones).0, "VARCHAR(64)");
    }

    #[test]
    fn empty_values_make_a_column_nullable() {
        assert_eq!(infer(["1", "", "2"]), ("INT".to_owned(), true));
        assert_eq!(infer(["1", "  ", "2"]), ("INT".to_owned(), true));
        assert_eq!(infer(["a", "  "]), ("VARCHAR(64)".to_owned(), false));
        assert_eq!(infer(["", ""]), ("VARCHAR(64)".to_owned(), true));
    }
}
