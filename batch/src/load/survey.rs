//! The first reading of a file: its encoding, its columns and their types.

use super::column::{Column, ColumnType};
use super::detect::{Detected, Detector};
use super::encoding::Encoding;
use super::error::LoadError;
use super::infer::{Expected, Observed};
use super::records::Records;
use super::row::fits;
use comptoir_model::sales::SALES_COLUMNS;
use indicatif::ProgressBar;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How the encoding came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodingUsed {
    Given(Encoding),
    Detected(Detected),
}

impl EncodingUsed {
    pub fn encoding(self) -> Encoding {
        match self {
            Self::Given(encoding) => encoding,
            Self::Detected(detected) => detected.encoding,
        }
    }
}

/// What one reading of the whole file tells.
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    pub(crate) encoding: EncodingUsed,
    pub(crate) columns: Vec<Column>,
    pub(crate) records: u64,
    /// What a person should know: doubts about dates and types.
    pub(crate) notes: Vec<String>,
}

/// Reads the file twice at most: for the encoding, unless it is given, and for the types. `types`
/// overrides what is inferred.
pub(crate) fn survey(
    path: &Path,
    encoding: Option<Encoding>,
    types: &[(String, ColumnType)],
    bar: &ProgressBar,
) -> Result<Survey, LoadError> {
    let encoding = match encoding {
        Some(encoding) => EncodingUsed::Given(encoding),
        None => EncodingUsed::Detected(detect(path, bar)?),
    };
    let mut records = Records::open(path, encoding.encoding(), bar)?;
    let header = records.header().to_vec();
    for (name, _) in types {
        position(path, &header, name)?;
    }
    let mut observed = vec![Observed::default(); header.len()];
    let mut count = 0;
    let mut misfit = None;
    let mut misfits = 0;
    while let Some(record) = records.next()? {
        count += 1;
        // A line of another length says nothing about columns; the next reading refuses it.
        if let Err(bad) = fits(record, header.len()) {
            misfits += 1;
            misfit.get_or_insert(bad);
            continue;
        }
        for (observed, field) in observed.iter_mut().zip(record.fields) {
            observed.see(record.line, field);
        }
    }
    match misfit {
        None if count == 0 => {
            return Err(LoadError::NoLines {
                path: path.to_owned(),
            });
        }
        Some(first) if misfits == count => {
            return Err(LoadError::AllBad {
                path: path.to_owned(),
                lines: count,
                first: Box::new(first),
            });
        }
        _ => {}
    }
    let sales = is_sales(&header);
    let mut survey = Survey {
        encoding,
        columns: Vec::new(),
        records: count,
        notes: Vec::new(),
    };
    for (name, observed) in header.iter().zip(&observed) {
        let typed = sales && TYPED.iter().any(|typed| typed.eq_ignore_ascii_case(name));
        let expected = if typed {
            Expected::Typed
        } else {
            Expected::Anything
        };
        let mut inferred = observed.infer(name, expected);
        let named = types
            .iter()
            .find(|(column, _)| column.eq_ignore_ascii_case(name));
        if let Some((_, column_type)) = named {
            inferred.column = observed.with_type(inferred.column, *column_type);
        } else {
            survey.notes.extend(inferred.note);
        }
        survey.columns.push(inferred.column);
    }
    keep_rows_storable(&mut survey.columns);
    Ok(survey)
}

/// The numbers and dates among the columns of the sales table. Product and postal codes may be
/// all digits, too.
const TYPED: [&str; 10] = [
    "ORDERNUMBER",
    "QUANTITYORDERED",
    "PRICEEACH",
    "ORDERLINENUMBER",
    "SALES",
    "ORDERDATE",
    "QTR_ID",
    "MONTH_ID",
    "YEAR_ID",
    "MSRP",
];

fn is_sales(header: &[String]) -> bool {
    SALES_COLUMNS
        .iter()
        .all(|column| header.iter().any(|name| name.eq_ignore_ascii_case(column)))
}

/// The place of a column that a flag names.
pub(crate) fn position(path: &Path, header: &[String], name: &str) -> Result<usize, LoadError> {
    header
        .iter()
        .position(|column| column.eq_ignore_ascii_case(name))
        .ok_or_else(|| LoadError::UnknownColumn {
            path: path.to_owned(),
            column: name.to_owned(),
            columns: header.to_vec(),
        })
}

/// `MySQL`'s rows hold 65,535 bytes, to which every character of a VARCHAR counts four, and those
/// of a TEXT none.
fn keep_rows_storable(columns: &mut [Column]) {
    let bytes = |column: &Column| match column.column_type {
        ColumnType::Varchar(width) => width * 4 + 2,
        _ => 32,
    };
    if columns.iter().map(bytes).sum::<usize>() > 60_000 {
        for column in columns {
            if matches!(column.column_type, ColumnType::Varchar(_)) {
                column.column_type = ColumnType::Text;
            }
        }
    }
}

fn detect(path: &Path, bar: &ProgressBar) -> Result<Detected, LoadError> {
    let reading = |error| LoadError::reading(path, error);
    let mut file = bar.wrap_read(File::open(path).map_err(reading)?);
    let mut detector = Detector::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk).map_err(reading)? {
            0 => break,
            length => detector.feed(&chunk[..length]),
        }
    }
    detector
        .finish()
        .map_err(|undetected| LoadError::undetected(path, undetected.resembles))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey_of(text: &[u8], types: &[(String, ColumnType)]) -> Result<Survey, LoadError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        survey(&path, None, types, &ProgressBar::hidden())
    }

    #[test]
    fn tells_encoding_columns_and_count() {
        let survey = survey_of(b"name,price\nMart\xA1n,1.50\nx,2\n", &[]).unwrap();
        assert_eq!(survey.encoding.encoding(), Encoding::Cp437);
        assert_eq!(survey.records, 2);
        let types: Vec<_> = survey
            .columns
            .iter()
            .map(|c| c.column_type.to_string())
            .collect();
        assert_eq!(types, ["VARCHAR(64)", "DECIMAL(10,2)"]);
    }

    #[test]
    fn a_file_without_usable_lines_is_refused() {
        let error = survey_of(b"a,b\n", &[]).unwrap_err();
        assert!(matches!(error, LoadError::NoLines { .. }));
        let error = survey_of(b"a;b;c\n1,5;2;3\n", &[]).unwrap_err();
        assert!(matches!(error, LoadError::AllBad { lines: 1, .. }));
    }

    #[test]
    fn a_named_type_wins() {
        let types = [("PRICE".to_owned(), ColumnType::Varchar(20))];
        let survey = survey_of(b"name,price\na,1.50\n", &types).unwrap();
        assert_eq!(survey.columns[1].column_type, ColumnType::Varchar(20));
        let types = [("cost".to_owned(), ColumnType::Text)];
        let error = survey_of(b"name,price\na,1.50\n", &types).unwrap_err();
        assert!(matches!(error, LoadError::UnknownColumn { .. }));
    }

    #[test]
    fn very_wide_rows_become_storable() {
        let header: Vec<_> = (0..100).map(|column| format!("c{column}")).collect();
        let value = "x".repeat(200);
        let line = vec![value.as_str(); 100].join(",");
        let survey = survey_of(format!("{}\n{line}\n", header.join(",")).as_bytes(), &[]).unwrap();
        assert!(
            survey
                .columns
                .iter()
                .all(|column| column.column_type == ColumnType::Text)
        );
    }
}
