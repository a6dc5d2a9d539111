//! The records of a CSV file with the lines where they begin.

use super::decode::Utf8Reader;
use super::encoding::Encoding;
use super::error::{HeaderFault, LoadError};
use csv::StringRecord;
use indicatif::{ProgressBar, ProgressBarIter};
use std::fs::File;
use std::path::{Path, PathBuf};

/// An open CSV file behind its header. Holds one record at a time.
pub(crate) struct Records {
    path: PathBuf,
    header: Vec<String>,
    reader: csv::Reader<Utf8Reader<ProgressBarIter<File>>>,
    fields: StringRecord,
    number: u64,
}

/// One record.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// From 1, the header not counted.
    pub(crate) number: u64,
    /// Where it begins; from 1, the header counted.
    pub(crate) line: u64,
    pub(crate) fields: &'a StringRecord,
}

impl Records {
    /// Opens the file and checks its header. `bar` shows how many bytes were read.
    pub(crate) fn open(
        path: &Path,
        encoding: Encoding,
        bar: &ProgressBar,
    ) -> Result<Self, LoadError> {
        let reading = |error| LoadError::reading(path, error);
        let file = File::open(path).map_err(reading)?;
        let text = Utf8Reader::new(bar.wrap_read(file), encoding).map_err(reading)?;
        let mut records = Self {
            path: path.to_owned(),
            header: Vec::new(),
            reader: csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .buffer_capacity(64 * 1024)
                .from_reader(text),
            fields: StringRecord::new(),
            number: 0,
        };
        if !records.read()? {
            return Err(LoadError::Empty {
                path: path.to_owned(),
            });
        }
        records.header = (records.fields.iter())
            .map(|name| name.trim().to_owned())
            .collect();
        check(&records.header).map_err(|fault| LoadError::Header {
            path: path.to_owned(),
            fault,
        })?;
        Ok(records)
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, LoadError> {
        if !self.read()? {
            return Ok(None);
        }
        self.number += 1;
        let line = self.line();
        Ok(Some(Record {
            number: self.number,
            line,
            fields: &self.fields,
        }))
    }

    fn read(&mut self) -> Result<bool, LoadError> {
        self.reader.read_record(&mut self.fields).map_err(|error| {
            let message = error.to_string();
            match error.into_kind() {
                csv::ErrorKind::Io(error) => LoadError::reading(&self.path, error),
                _ => LoadError::reading(&self.path, std::io::Error::other(message)),
            }
        })
    }

    /// Counted back from the record's end, because the reader skips empty lines before it, and
    /// ends a record at `\r` where `\r\n` stands.
    fn line(&mut self) -> u64 {
        let inside: usize = (self.fields.iter())
            .map(|field| field.bytes().filter(|byte| *byte == b'\n').count())
            .sum();
        let terminator = self.reader.position().byte().saturating_sub(1);
        let last = self.reader.get_mut().line_at(terminator);
        last.saturating_sub(inside as u64)
    }
}

/// Names that a table can have: not empty, not too long, and not twice, since databases do not
/// tell `id` and `ID` apart.
fn check(header: &[String]) -> Result<(), HeaderFault> {
    for (index, name) in header.iter().enumerate() {
        let column = index + 1;
        if name.is_empty() {
            return Err(HeaderFault::NoName(column));
        }
        if name.chars().count() > 64 {
            return Err(HeaderFault::TooLong(column));
        }
        if name.chars().any(char::is_control) {
            return Err(HeaderFault::Control(column));
        }
        let same = |other: &String| other.to_lowercase() == name.to_lowercase();
        if let Some(first) = header[..index].iter().position(same) {
            return Err(HeaderFault::Duplicate {
                first: first + 1,
                second: column,
                name: name.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Records, LoadError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        Records::open(&path, Encoding::Utf8, &ProgressBar::hidden())
    }

    fn lines(text: &str) -> Vec<(u64, u64, String)> {
        let mut records = open(text).unwrap();
        let mut lines = Vec::new();
        while let Some(record) = records.next().unwrap() {
            let fields: Vec<_> = record.fields.iter().collect();
            lines.push((record.number, record.line, fields.join("|")));
        }
        lines
    }

    #[test]
    fn names_the_line_where_each_record_begins() {
        let expected = [
            (1, 2, "1|x".to_owned()),
            (2, 4, "2|y\nz".to_owned()),
            (3, 6, "3|\"q\"".to_owned()),
        ];
        let text = "a,b\n1,x\n\n2,\"y\nz\"\n3,\"\"\"q\"\"\"";
        assert_eq!(lines(text), expected);
        let windows = text.replace('\n', "\r\n");
        let numbers: Vec<_> = lines(&windows).iter().map(|(_, line, _)| *line).collect();
        assert_eq!(numbers, [2, 4, 6]);
    }

    #[test]
    fn refuses_a_header_that_names_no_table_s_columns() {
        for (text, fault) in [
            ("a,,b", HeaderFault::NoName(2)),
            (
                "a,b,A ",
                HeaderFault::Duplicate {
                    first: 1,
                    second: 3,
                    name: "A".to_owned(),
                },
            ),
            ("a,\"b\nc\"", HeaderFault::Control(2)),
        ] {
            match open(text).map(drop) {
                Err(LoadError::Header { fault: found, .. }) => assert_eq!(found, fault),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(open("").map(drop), Err(LoadError::Empty { .. })));
    }

    #[test]
    fn takes_names_with_spaces_and_quotes() {
        let records = open("Unit Price,\"the \"\"real\"\" `name`\"\n").unwrap();
        assert_eq!(records.header(), ["Unit Price", "the \"real\" `name`"]);
    }
}
