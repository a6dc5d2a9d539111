//! A value of the file as the database takes it.

use super::column::{Column, ColumnType};
use super::dates::DateLike;
use super::number::Number;
use jiff::civil::Time;

/// A value that its column does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadValue;

/// The text to store; `None` is NULL. Numbers and dates come out in the one form in which the
/// databases give them back, so that `SQLite`, which keeps text, gives the same as `MySQL`.
pub(crate) fn convert(column: &Column, text: &str) -> Result<Option<String>, BadValue> {
    if text.is_empty() {
        return Ok(None);
    }
    if column.column_type.is_text() {
        return fits(column.column_type, text)
            .then(|| Some(text.to_owned()))
            .ok_or(BadValue);
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let value = if column.column_type.is_date() {
        date(column, text)
    } else {
        number(column.column_type, text)
    };
    value.map(Some).ok_or(BadValue)
}

fn fits(column_type: ColumnType, text: &str) -> bool {
    match column_type {
        ColumnType::Varchar(width) => text.len() <= width || text.chars().count() <= width,
        ColumnType::Text => text.len() <= 65_535,
        _ => true,
    }
}

fn number(column_type: ColumnType, text: &str) -> Option<String> {
    let number = Number::read(text)?;
    match column_type {
        ColumnType::Int => text.parse::<i32>().ok().map(|number| number.to_string()),
        ColumnType::BigInt => text.parse::<i64>().ok().map(|number| number.to_string()),
        ColumnType::Decimal { precision, scale } => {
            let fits = number.integer_digits() <= precision - scale;
            fits.then(|| number.with_scale(scale)).flatten()
        }
        _ => None,
    }
}

fn date(column: &Column, text: &str) -> Option<String> {
    let moment = DateLike::read(text)?.moment(column.dates)?;
    let time = moment.time();
    match column.column_type {
        ColumnType::Date => (time == Time::midnight()).then(|| moment.date().to_string()),
        ColumnType::DateTime => (time.subsec_nanosecond() == 0)
            .then(|| moment.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        ColumnType::DateTime6 => Some(moment.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::dates::DateOrder;

    fn stored(column_type: &str, text: &str) -> Result<Option<String>, BadValue> {
        let column = Column {
            name: "C".to_owned(),
            column_type: column_type.parse().unwrap(),
            nullable: true,
            dates: DateOrder::MonthFirst,
            chars_max: 0,
        };
        convert(&column, text)
    }

    #[test]
    fn gives_each_value_its_one_form() {
        for (column_type, text, expected) in [
            ("INT", " 30 ", "30"),
            ("DECIMAL(10,2)", "95.7", "95.70"),
            ("DATE", "2/24/2003 0:00", "2003-02-24"),
            ("DATETIME", "2/24/2003 8:05", "2003-02-24 08:05:00"),
            (
                "DATETIME(6)",
                "2/24/2003 8:05:00.5",
                "2003-02-24 08:05:00.500000",
            ),
            ("VARCHAR(16)", " NA ", " NA "),
        ] {
            assert_eq!(
                stored(column_type, text),
                Ok(Some(expected.to_owned())),
                "{text}"
            );
        }
        assert_eq!(stored("VARCHAR(16)", ""), Ok(None));
        assert_eq!(stored("INT", "  "), Ok(None));
    }

    #[test]
    fn refuses_what_the_column_does_not_take() {
        for (column_type, text) in [
            ("INT", "abc"),
            ("INT", "2147483648"),
            ("INT", "1.5"),
            ("DECIMAL(10,2)", "1.005"),
            ("DECIMAL(4,2)", "123.00"),
            ("DATE", "2/30/2024"),
            ("DATE", "2/3/2024 10:00"),
            ("VARCHAR(3)", "äöüß"),
        ] {
            assert_eq!(
                stored(column_type, text),
                Err(BadValue),
                "{column_type} {text}"
            );
        }
        assert!(stored("VARCHAR(4)", "äöüß").is_ok());
    }
}
