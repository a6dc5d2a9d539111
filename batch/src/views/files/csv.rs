//! CSV files by RFC 4180, with a line of column names: read twice, once for their columns and once
//! for their rows.

use super::Opened;
use super::guess::Guess;
use super::streams::{More, OpenFile, streams};
use crate::verify::lake_bytes::LakeBytes;
use crate::views::error::{FileFault, ViewError};
use crate::views::header::DeclaredColumn;
use crate::views::parts::{Batches, Rows};
use comptoir_lake::{Entry, Lake, LakeError, LakeReader};
use csv::{ByteRecord, Error, ErrorKind, Reader, ReaderBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

/// A file that is open.
#[derive(Clone, Debug)]
struct CsvFile {
    /// For people.
    url: String,
    reader: LakeReader,
    /// Where each column of the table stands in its lines.
    picks: Vec<usize>,
}

/// What the lines of a file are.
struct Scanned {
    names: Vec<String>,
    guesses: Vec<Guess>,
    rows: u64,
}

/// Why a file was not read to its end.
enum Stopped {
    Lake(LakeError),
    Fault(FileFault),
    /// The query has all it wants.
    NotWanted,
}

/// All files have the same columns, in any order.
pub(super) async fn open(
    lake: &Lake,
    entries: &[Entry],
    declared: &[DeclaredColumn],
    streams_max: usize,
) -> Result<Opened, ViewError> {
    let mut files = Vec::new();
    let mut scans: Vec<Scanned> = Vec::new();
    for entry in entries {
        let (url, reader) = (lake.url_of(&entry.path), lake.open_read(&entry.path).await?);
        let scanned = scan_apart(&url, &reader).await?;
        files.push((url, reader));
        scans.push(scanned);
    }
    let fields = match declared {
        [] => guessed(&scans),
        declared => (declared.iter())
            .map(|column| (column.name.clone(), column.data_type()))
            .collect(),
    };
    let mut rows = 0;
    let mut opened = Vec::new();
    for ((url, reader), scanned) in files.into_iter().zip(&scans) {
        let picks = picks(&url, &fields, &scanned.names, !declared.is_empty())?;
        opened.push(CsvFile { url, reader, picks });
        rows += scanned.rows;
    }
    let fields = (fields.into_iter()).map(|(name, kind)| Field::new(name, kind, true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let streams = streams(&opened, &schema, streams_max);
    Ok((schema, streams, rows))
}

/// The columns of the first file, with types that hold the values of all.
fn guessed(scans: &[Scanned]) -> Vec<(String, DataType)> {
    let Some(first) = scans.first() else {
        return Vec::new();
    };
    let of = |name: &String| {
        let mut all = Guess::default();
        for scanned in scans {
            let index = scanned.names.iter().position(|other| other == name);
            if let Some(index) = index {
                all.also(scanned.guesses[index]);
            }
        }
        (name.clone(), all.data_type())
    };
    first.names.iter().map(of).collect()
}

/// A file may have columns that nobody declared, but none may be missing.
fn picks(
    url: &str,
    fields: &[(String, DataType)],
    names: &[String],
    are_declared: bool,
) -> Result<Vec<usize>, FileFault> {
    let fault = |reason| FileFault {
        file: url.to_owned(),
        line: 1,
        reason,
    };
    if let Some(more) = (names.iter()).find(|name| fields.iter().all(|(field, _)| field != *name))
        && !are_declared
    {
        return Err(fault(format!("the first file has no column `{more}`")));
    }
    let place = |(name, _): &(String, DataType)| {
        let found = names.iter().position(|other| other == name);
        found.ok_or_else(|| fault(format!("there is no column `{name}`: {}", names.join(", "))))
    };
    fields.iter().map(place).collect()
}

/// On a thread that may wait.
async fn scan_apart(url: &str, reader: &LakeReader) -> Result<Scanned, ViewError> {
    let (named, reader) = (url.to_owned(), reader.clone());
    let scanned = tokio::task::spawn_blocking(move || read(&named, reader, scan));
    match scanned.await {
        Ok(Ok(scanned)) => Ok(scanned),
        Ok(Err(Stopped::Lake(error))) => Err(error.into()),
        Ok(Err(Stopped::Fault(fault))) => Err(fault.into()),
        Ok(Err(Stopped::NotWanted)) | Err(_) => Err(ViewError::Sql {
            file: url.to_owned(),
            reason: "looking at it was interrupted".to_owned(),
        }),
    }
}

/// Does something with a file's lines; the lake's own error comes out where the lake failed.
fn read<T>(
    url: &str,
    reader: LakeReader,
    lines: impl FnOnce(&str, &mut Reader<Box<dyn Read>>) -> Result<T, Stopped>,
) -> Result<T, Stopped> {
    let bytes = LakeBytes::new(reader);
    let stream: Box<dyn Read> = Box::new(bytes.stream(0));
    let mut csv = ReaderBuilder::new().has_headers(false).from_reader(stream);
    let done = lines(url, &mut csv);
    match bytes.take_failure() {
        Some(error) => Err(Stopped::Lake(error)),
        None => done,
    }
}

fn scan(url: &str, csv: &mut Reader<Box<dyn Read>>) -> Result<Scanned, Stopped> {
    let mut record = ByteRecord::new();
    let names = names(url, csv, &mut record)?;
    let mut guesses = vec![Guess::default(); names.len()];
    let mut rows = 0;
    while next(url, csv, &mut record)? {
        for (value, guess) in record.iter().zip(&mut guesses) {
            if !value.is_empty() {
                guess.see(value);
            }
        }
        rows += 1;
    }
    Ok(Scanned {
        names,
        guesses,
        rows,
    })
}

/// In lower case, as SQL has them without quotes.
fn names(
    url: &str,
    csv: &mut Reader<Box<dyn Read>>,
    record: &mut ByteRecord,
) -> Result<Vec<String>, Stopped> {
    let fault = |reason: String| Stopped::Fault(fault(url, 1, reason));
    if !next(url, csv, record)? {
        return Err(fault(
            "there is no line with the names of the columns".to_owned(),
        ));
    }
    let mut names: Vec<String> = Vec::new();
    for name in record.iter() {
        let name = String::from_utf8_lossy(name);
        let name = name.trim_start_matches('\u{feff}').trim().to_lowercase();
        if name.is_empty() || names.contains(&name) {
            return Err(fault(format!(
                "`{name}` can't be the name of one more column"
            )));
        }
        names.push(name);
    }
    Ok(names)
}

fn next(
    url: &str,
    csv: &mut Reader<Box<dyn Read>>,
    record: &mut ByteRecord,
) -> Result<bool, Stopped> {
    csv.read_byte_record(record)
        .map_err(|error| Stopped::Fault(of_csv(url, &error)))
}

fn of_csv(url: &str, error: &Error) -> FileFault {
    let line = error.position().map_or(0, csv::Position::line);
    let reason = match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("it has {len} fields, the lines before have {expected_len}"),
        _ => error.to_string(),
    };
    fault(url, line, reason)
}

fn fault(url: &str, line: u64, reason: String) -> FileFault {
    FileFault {
        file: url.to_owned(),
        line,
        reason,
    }
}

/// `2024-02-29T10:00:00Z` as databases write it.
pub(super) fn plain_time(value: &[u8]) -> Cow<'_, [u8]> {
    if value.get(10) != Some(&b'T') {
        return Cow::Borrowed(value);
    }
    let mut plain = value.strip_suffix(b"Z").unwrap_or(value).to_vec();
    plain[10] = b' ';
    Cow::Owned(plain)
}

impl OpenFile for CsvFile {
    fn send(&self, schema: &SchemaRef, batches: &Batches) -> Result<More, DataFusionError> {
        let take = |url: &str, csv: &mut Reader<Box<dyn Read>>| {
            rows(url, csv, &self.picks, schema, batches)
        };
        match read(&self.url, self.reader.clone(), take) {
            Ok(()) => Ok(More::Wanted),
            Err(Stopped::NotWanted) => Ok(More::NotWanted),
            Err(Stopped::Lake(error)) => Err(DataFusionError::External(Box::new(error))),
            Err(Stopped::Fault(fault)) => Err(DataFusionError::External(Box::new(fault))),
        }
    }
}

fn rows(
    url: &str,
    csv: &mut Reader<Box<dyn Read>>,
    picks: &[usize],
    schema: &SchemaRef,
    batches: &Batches,
) -> Result<(), Stopped> {
    let mut record = ByteRecord::new();
    names(url, csv, &mut record)?;
    let mut rows = Rows::new(Arc::clone(schema));
    let times: Vec<bool> = (schema.fields().iter())
        .map(|field| matches!(field.data_type(), DataType::Timestamp(..)))
        .collect();
    let broken = |line, reason| Stopped::Fault(fault(url, line, reason));
    while next(url, csv, &mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let fields = picks.iter().zip(&times).map(|(index, is_time)| {
            let value = record.get(*index).filter(|value| !value.is_empty())?;
            Some(if *is_time {
                plain_time(value)
            } else {
                Cow::Borrowed(value)
            })
        });
        let values: Vec<_> = fields.collect();
        rows.push(values.iter().map(Option::as_deref))
            .map_err(|reason| broken(line, reason))?;
        let full = rows
            .full()
            .map_err(|error| broken(line, error.to_string()))?;
        for batch in full {
            (batches.blocking_send(Ok(batch))).map_err(|_| Stopped::NotWanted)?;
        }
    }
    let rest = rows.all().map_err(|error| broken(0, error.to_string()))?;
    for batch in rest {
        (batches.blocking_send(Ok(batch))).map_err(|_| Stopped::NotWanted)?;
    }
    Ok(())
}
