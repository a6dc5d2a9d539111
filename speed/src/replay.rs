//! The rows of a CSV file as events: one row a record, one JSON object a row.

use crate::simulate::{Pace, Rate, Shape};
use crate::transport::{Message, Producer, Transport, TransportError};
use comptoir_config::{Settings, clock};
use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

/// For what was sent to arrive, at the end of each pass.
const FLUSH_MAX: Duration = Duration::from_secs(30);
/// The column whose values keep rows together, where nothing else is said.
const KEY_COLUMN: &str = "order_id";

/// What to send.
#[derive(Clone, Debug)]
pub struct ReplayRequest {
    pub file: PathBuf,
    pub rate: Rate,
    pub passes: Passes,
    /// Rows with the same value here go to one partition, in their order.
    pub key: Option<String>,
    /// Columns whose values are JSON numbers, as they are written, where they can be.
    pub numbers: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    Once,
    /// Again and again, with a pause from the end of one to the start of the next. The file is
    /// read anew each time.
    Repeated {
        pause: Duration,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("can't open {file}: {cause}\nhint: give a CSV file with a header")]
    Open {
        file: PathBuf,
        cause: std::io::Error,
    },
    #[error("{file}:{line}: {reason}\nhint: {cure}")]
    Row {
        file: PathBuf,
        line: u64,
        reason: String,
        cure: &'static str,
    },
    #[error("{file}: there is no column {column}\nhint: its columns are {columns}")]
    NoColumn {
        file: PathBuf,
        column: String,
        columns: String,
    },
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// Sends rows until the file or `shutdown` ends it; what was sent has arrived then. Returns their
/// number. A fault in the file ends it too: the rows before it were sent.
pub async fn run(
    settings: &Settings,
    request: &ReplayRequest,
    sent: impl Fn(u64),
    shutdown: impl Future<Output = ()>,
) -> Result<u64, ReplayError> {
    // A wrong name is told before anything is asked of a broker.
    Rows::open(request)?;
    let transport = Transport::open(&settings.transport)?;
    let mut shutdown = pin!(shutdown);
    let mut rows = 0;
    let prepared = async {
        let topic = &settings.transport;
        transport
            .create_topic(topic.partitions, topic.replication)
            .await?;
        transport.producer().await
    };
    let producer = tokio::select! {
        producer = prepared => producer?,
        () = &mut shutdown => return Ok(0),
    };
    let ended = tokio::select! {
        ended = send_passes(request, &producer, &mut rows, &sent) => ended,
        () = &mut shutdown => Ok(()),
    };
    producer.flush(FLUSH_MAX).await?;
    ended.map(|()| rows)
}

async fn send_passes(
    request: &ReplayRequest,
    producer: &Producer,
    rows: &mut u64,
    sent: &impl Fn(u64),
) -> Result<(), ReplayError> {
    loop {
        let mut pass = Rows::open(request)?;
        let mut pace = Pace::new(request.rate, Shape::Steady, clock::now(), 0);
        while let Some(row) = pass.next()? {
            wait_until_due(&pace).await;
            let message = Message {
                key: row.key.as_bytes(),
                partition: None,
                timestamp: clock::now(),
                value: row.json.as_bytes(),
            };
            producer.send(message).await?;
            pace.advance();
            *rows += 1;
            sent(*rows);
        }
        let Passes::Repeated { pause } = request.passes else {
            return Ok(());
        };
        producer.flush(FLUSH_MAX).await?;
        tokio::time::sleep(pause).await;
    }
}

async fn wait_until_due(pace: &Pace) {
    let until = pace.due().duration_since(clock::now());
    match Duration::try_from(until) {
        Ok(until) if !until.is_zero() => tokio::time::sleep(until).await,
        _ => tokio::task::yield_now().await,
    }
}

/// The rows of one pass.
struct Rows<'r> {
    file: &'r Path,
    reader: Reader<File>,
    columns: Vec<Column>,
    key: Option<usize>,
    record: StringRecord,
    json: String,
    number: u64,
}

struct Column {
    /// As JSON, with its colon.
    name: String,
    kind: ColumnKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Text,
    Number,
}

struct Row<'r> {
    key: String,
    json: &'r str,
}

impl<'r> Rows<'r> {
    fn open(request: &'r ReplayRequest) -> Result<Self, ReplayError> {
        let file = request.file.as_path();
        let opened = File::open(file).map_err(|cause| ReplayError::Open {
            file: file.to_owned(),
            cause,
        })?;
        let mut reader = ReaderBuilder::new().from_reader(opened);
        let header = reader.headers().map_err(|error| row_error(file, &error))?;
        let names: Vec<&str> = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}'))
            .collect();
        let mut seen = HashSet::new();
        let unfit = names
            .iter()
            .find(|name| name.is_empty() || !seen.insert(**name));
        if let Some(name) = unfit {
            return Err(ReplayError::Row {
                file: file.to_owned(),
                line: 1,
                reason: format!("the header has no name or twice the same: `{name}`"),
                cure: "give each column a name of its own",
            });
        }
        let position = |column: &str| {
            let found = names.iter().position(|name| *name == column);
            found.ok_or_else(|| ReplayError::NoColumn {
                file: file.to_owned(),
                column: column.to_owned(),
                columns: names.join(", "),
            })
        };
        let key = match &request.key {
            Some(column) => Some(position(column)?),
            None => position(KEY_COLUMN).ok(),
        };
        let columns = names.iter().map(|name| Column {
            name: format!("{}:", serde_json::Value::from(*name)),
            kind: if request.numbers.iter().any(|number| number == name) {
                ColumnKind::Number
            } else {
                ColumnKind::Text
            },
        });
        Ok(Self {
            file,
            columns: columns.collect(),
            key,
            reader,
            record: StringRecord::new(),
            json: String::new(),
            number: 0,
        })
    }

    fn next(&mut self) -> Result<Option<Row<'_>>, ReplayError> {
        let found = self.reader.read_record(&mut self.record);
        if !found.map_err(|error| row_error(self.file, &error))? {
            return Ok(None);
        }
        self.number += 1;
        self.json.clear();
        for (column, value) in self.columns.iter().zip(&self.record) {
            self.json.push(if self.json.is_empty() { '{' } else { ',' });
            self.json.push_str(&column.name);
            push_value(&mut self.json, column.kind, value);
        }
        self.json.push('}');
        Ok(Some(Row {
            key: match self.key {
                Some(key) => self.record[key].to_owned(),
                None => self.number.to_string(),
            },
            json: &self.json,
        }))
    }
}

/// An empty value is null: a field that is not there.
fn push_value(json: &mut String, kind: ColumnKind, value: &str) {
    let is_number = |value: &str| {
        value.starts_with(|first: char| first == '-' || first.is_ascii_digit())
            && serde_json::from_str::<&RawValue>(value).is_ok_and(|raw| raw.get() == value)
    };
    match kind {
        _ if value.is_empty() => json.push_str("null"),
        ColumnKind::Number if is_number(value) => json.push_str(value),
        _ => json.push_str(&serde_json::Value::from(value).to_string()),
    }
}

fn row_error(file: &Path, error: &csv::Error) -> ReplayError {
    let line = error.position().map_or(1, csv::Position::line);
    let (reason, cure) = match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => (
            format!("{len} values, the header has {expected_len} columns"),
            "quote values that hold a comma, a quote or a line break",
        ),
        ErrorKind::Utf8 { err, .. } => (
            format!("the value of column {} is not UTF-8", err.field() + 1),
            "convert the file to UTF-8",
        ),
        _ => (error.to_string(), "read the file from a sound disk"),
    };
    ReplayError::Row {
        file: file.to_owned(),
        line,
        reason,
        cure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn request(csv: &[u8]) -> (tempfile::NamedTempFile, ReplayRequest) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(csv).unwrap();
        let request = ReplayRequest {
            file: file.path().to_owned(),
            rate: Rate::per_second(1_000).unwrap(),
            passes: Passes::Once,
            key: None,
            numbers: vec!["quantity".to_owned()],
        };
        (file, request)
    }

    fn rows(csv: &[u8]) -> Vec<(String, String)> {
        let (_file, request) = request(csv);
        let mut rows = Rows::open(&request).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            all.push((row.key.clone(), row.json.to_owned()));
        }
        all
    }

    fn error(csv: &[u8]) -> String {
        let (file, request) = request(csv);
        let mut failed = None;
        match Rows::open(&request) {
            Err(error) => failed = Some(error),
            Ok(mut rows) => loop {
                match rows.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            },
        }
        let text = failed.expect("a fault in the file").to_string();
        text.replace(&file.path().display().to_string(), "f.csv")
    }

    #[test]
    fn values_are_texts_as_they_are_written_and_named_columns_numbers() {
        let csv =
            "\u{feff}order_id,quantity,amount,note\n7,2,1.50,\"a \"\"b\"\", c\nd\"\n8,two,,é\n";
        assert_eq!(
            rows(csv.as_bytes()),
            [
                (
                    "7".to_owned(),
                    r#"{"order_id":"7","quantity":2,"amount":"1.50","note":"a \"b\", c\nd"}"#
                        .to_owned()
                ),
                (
                    "8".to_owned(),
                    r#"{"order_id":"8","quantity":"two","amount":null,"note":"é"}"#.to_owned()
                ),
            ]
        );
    }

    #[test]
    fn numbers_keep_their_digits_and_are_json() {
        let value = |text| {
            let mut json = String::new();
            push_value(&mut json, ColumnKind::Number, text);
            json
        };
        assert_eq!(value("1.50"), "1.50");
        assert_eq!(value("-7"), "-7");
        assert_eq!(value("007"), "\"007\"");
        assert_eq!(value("1 2"), "\"1 2\"");
        assert_eq!(value(" 1"), "\" 1\"");
        assert_eq!(value("NaN"), "\"NaN\"");
    }

    #[test]
    fn rows_without_a_key_are_numbered() {
        let keys = rows(b"a\nx\ny\n").into_iter().map(|(key, _)| key);
        assert_eq!(keys.collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn a_fault_is_told_with_its_line() {
        assert_eq!(
            error(b"a,b\n1,2\n3\n"),
            "f.csv:3: 1 values, the header has 2 columns\n\
             hint: quote values that hold a comma, a quote or a line break"
        );
        assert_eq!(
            error(b"a,b\n1,2\n3,\xff\n"),
            "f.csv:3: the value of column 2 is not UTF-8\nhint: convert the file to UTF-8"
        );
        assert!(error(b"a,a\n").starts_with("f.csv:1: the header has no name or twice"));
        let (file, mut request) = request(b"a,b\n");
        request.key = Some("c".to_owned());
        let refused = Rows::open(&request).err().unwrap().to_string();
        assert!(
            refused.ends_with("there is no column c\nhint: its columns are a, b"),
            "{refused}"
        );
        drop(file);
    }
}
