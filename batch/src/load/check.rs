//! The reading that holds every line against its columns, before the database is touched.

use super::bad_rows::BadRows;
use super::column::Column;
use super::encoding::Encoding;
use super::error::{BadLine, LineFault, LoadError};
use super::records::Records;
use super::row::read_row;
use super::shift::{Calendar, Values};
use indicatif::ProgressBar;
use jiff::civil::Date;
use std::path::Path;

/// What is held against each line.
pub(crate) struct Rules<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) calendar: &'a Calendar,
    pub(crate) computed: Computed,
}

/// Whether quarter, month and year are kept as the file has them, or must be those of the date
/// since they are not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Computed {
    Kept,
    MustAgree,
}

impl Rules<'_> {
    pub(crate) fn read(&self, record: super::records::Record<'_>) -> Result<Values, BadLine> {
        let row = read_row(self.columns, record)?;
        if self.computed == Computed::Kept {
            return Ok(row);
        }
        match self.calendar.contradiction(&row) {
            None => Ok(row),
            Some((index, expected)) => Err(BadLine {
                line: record.line,
                fault: LineFault::Value {
                    column: self.columns[index].name.clone(),
                    value: row[index].clone().unwrap_or_default(),
                    expected: format!("{expected}, which the order date gives"),
                },
            }),
        }
    }
}

/// What the check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) good: u64,
    pub(crate) bad: u64,
    /// Of the good lines.
    pub(crate) latest: Option<Date>,
}

/// Refuses a file with bad lines, naming the first; with `bad_rows` they go there instead.
pub(crate) fn check(
    path: &Path,
    encoding: Encoding,
    rules: &Rules<'_>,
    bad_rows: Option<&Path>,
    bar: &ProgressBar,
) -> Result<Checked, LoadError> {
    let mut records = Records::open(path, encoding, bar)?;
    let mut aside = match bad_rows {
        Some(bad_rows) => Some(BadRows::create(bad_rows, records.header())?),
        None => None,
    };
    let mut first: Option<BadLine> = None;
    let mut checked = Checked {
        good: 0,
        bad: 0,
        latest: None,
    };
    while let Some(record) = records.next()? {
        match rules.read(record) {
            Ok(row) => {
                checked.good += 1;
                checked.latest = checked.latest.max(rules.calendar.latest(&row));
            }
            Err(bad) => {
                checked.bad += 1;
                if let Some(aside) = &mut aside {
                    aside.add(&bad, record.fields)?;
                }
                first.get_or_insert(bad);
            }
        }
    }
    let Some(first) = first.map(Box::new) else {
        aside.map_or(Ok(()), BadRows::finish)?;
        return Ok(checked);
    };
    let path = path.to_owned();
    match aside {
        None => Err(LoadError::BadLine {
            path,
            first,
            others: checked.bad - 1,
        }),
        Some(_) if checked.good == 0 => Err(LoadError::AllBad {
            path,
            lines: checked.bad,
            first,
        }),
        Some(aside) => aside.finish().map(|()| checked),
    }
}
