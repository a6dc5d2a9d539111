//! A record of the file as a row of the table, or why it is none.

use super::column::Column;
use super::convert::convert;
use super::error::{BadLine, LineFault};
use super::records::Record;
use super::shift::Values;

pub(crate) fn read_row(columns: &[Column], record: Record<'_>) -> Result<Values, BadLine> {
    let bad = |fault| BadLine {
        line: record.line,
        fault,
    };
    fits(record, columns.len())?;
    let value = |(column, text): (&Column, &str)| {
        convert(column, text).map_err(|_| {
            bad(LineFault::Value {
                column: column.name.clone(),
                value: text.to_owned(),
                expected: column.column_type.meaning(),
            })
        })
    };
    columns.iter().zip(record.fields).map(value).collect()
}

/// Whether the record has as many values as the header has columns.
pub(crate) fn fits(record: Record<'_>, expected: usize) -> Result<(), BadLine> {
    match record.fields.len() {
        found if found == expected => Ok(()),
        found => Err(BadLine {
            line: record.line,
            fault: LineFault::ColumnCount { found, expected },
        }),
    }
}
