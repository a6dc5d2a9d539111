//! Records of one partition, judged, encoded as they come into a data file for each day.

use crate::rows::{Gap, Rows, Said, day_of, long};
use crate::schema::{COLUMNS, file_schema};
use bytes::Bytes;
use comptoir_model::ids::Offset;
use comptoir_model::merge::{PartitionKey, Span};
use comptoir_model::verdict::{MappingVersion, Record, Verdict, read_record};
use deltalake::parquet::arrow::ArrowWriter;
use deltalake::parquet::basic::{Compression, ZstdLevel};
use deltalake::parquet::errors::ParquetError;
use deltalake::parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder,
};
use deltalake::parquet::schema::types::ColumnPath;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many rows, or bytes of records, wait in columns before they are encoded.
const PENDING_ROWS: usize = 8_192;
const PENDING_BYTES: usize = 2 * 1024 * 1024;
/// What a day's file takes before it has rows.
const FILE_BYTES: usize = 64 * 1024;

/// A group of rows is held in memory until it is whole, by writers and by readers.
const ROW_GROUP_ROWS: usize = 256 * 1024;

/// How all files are written.
pub(crate) fn writer_properties() -> WriterPropertiesBuilder {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by(concat!("comptoir ", env!("CARGO_PKG_VERSION")).to_owned())
}

/// How data files of the archive are written, here and by compaction.
pub(crate) fn archive_properties() -> WriterProperties {
    let mut properties = writer_properties();
    for column in &COLUMNS {
        let path = || ColumnPath::from(column.name);
        if let Some(encoding) = column.encoding() {
            properties = properties
                .set_column_dictionary_enabled(path(), false)
                .set_column_encoding(path(), encoding);
        }
        if !column.is_worth_statistics() {
            properties = properties.set_column_statistics_enabled(path(), EnabledStatistics::None);
        }
    }
    properties.build()
}

/// How many rows there are of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    pub accepted: u64,
    pub rejected: u64,
    pub duplicates: u64,
    /// Holes and blind spans.
    pub gaps: u64,
}

impl RowCounts {
    pub fn total(&self) -> u64 {
        self.accepted + self.rejected + self.duplicates + self.gaps
    }

    pub fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.duplicates += other.duplicates;
        self.gaps += other.gaps;
    }

    fn count(&mut self, said: &Said<'_>) {
        *match said {
            Said::Accepted(_) => &mut self.accepted,
            Said::Duplicate(..) => &mut self.duplicates,
            Said::Rejected(..) => &mut self.rejected,
            Said::Gap(..) => &mut self.gaps,
        } += 1;
    }
}

/// A whole data file that nobody has written yet.
#[derive(Clone, Debug)]
pub struct DataFile {
    pub(crate) day: Date,
    pub(crate) bytes: Bytes,
    pub(crate) facts: FileFacts,
}

impl DataFile {
    /// What it takes in memory.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// What Delta keeps about a file, so that readers need not open it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileFacts {
    pub(crate) rows: u64,
    pub(crate) gaps: u64,
    pub(crate) stream: String,
    pub(crate) partition: u32,
    pub(crate) offsets: Option<(Offset, Offset)>,
    pub(crate) event_times: Option<(Timestamp, Timestamp)>,
}

impl FileFacts {
    fn note(&mut self, offset: Offset, said: &Said<'_>) {
        self.rows += 1;
        self.gaps += u64::from(matches!(said, Said::Gap(..)));
        self.offsets = Some(widen(self.offsets, offset));
        if let Some(time) = said.event_time() {
            self.event_times = Some(widen(self.event_times, time));
        }
    }

    /// As Delta's log has it. `_end_offset` is null in all rows but those of gaps, by which readers
    /// find the files that have any.
    pub(crate) fn stats(&self) -> String {
        let mut edges = [serde_json::Map::new(), serde_json::Map::new()];
        for edge in &mut edges {
            edge.insert("_stream".to_owned(), self.stream.clone().into());
            edge.insert("_partition".to_owned(), self.partition.into());
        }
        let [lowest, highest] = &mut edges;
        if let Some((first, last)) = self.offsets {
            lowest.insert("_offset".to_owned(), long(first).into());
            highest.insert("_offset".to_owned(), long(last).into());
        }
        if let Some((first, last)) = self.event_times {
            let text = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
            lowest.insert("event_time".to_owned(), text(first).into());
            highest.insert("event_time".to_owned(), text(last).into());
        }
        serde_json::json!({
            "numRecords": self.rows,
            "minValues": lowest,
            "maxValues": highest,
            "nullCount": {
                "_stream": 0,
                "_partition": 0,
                "_offset": 0,
                "_end_offset": self.rows - self.gaps,
            },
        })
        .to_string()
    }
}

fn widen<T: Ord + Copy>(edges: Option<(T, T)>, value: T) -> (T, T) {
    edges.map_or((value, value), |(first, last)| {
        (first.min(value), last.max(value))
    })
}

/// What becomes of the records of a partition between two commits.
pub struct Draft {
    key: PartitionKey,
    days: BTreeMap<Date, DayFile>,
    counts: RowCounts,
}

struct DayFile {
    rows: Rows,
    pending_bytes: usize,
    /// In memory.
    encoded_bytes: usize,
    /// As long as a file of what is encoded would be, about.
    length: usize,
    writer: ArrowWriter<Vec<u8>>,
    facts: FileFacts,
}

impl Draft {
    pub fn new(key: PartitionKey) -> Self {
        Self {
            key,
            days: BTreeMap::new(),
            counts: RowCounts::default(),
        }
    }

    /// Adds a record and what was judged of it.
    pub fn record(
        &mut self,
        record: Record<'_>,
        mapping: MappingVersion,
        verdict: &Verdict<'_>,
    ) -> Result<(), ParquetError> {
        let read;
        let said = match verdict {
            Verdict::Accepted(event) => Said::Accepted(event),
            Verdict::Rejected(rejection) => Said::Rejected(rejection.reason(), record.bytes),
            Verdict::Duplicate { .. } => {
                read = read_record(record, mapping);
                match &read {
                    Ok(event) => Said::Duplicate(event, record.bytes),
                    Err(rejection) => Said::Rejected(rejection.reason(), record.bytes),
                }
            }
        };
        self.row(record.offset, record.timestamp, &said, record.bytes.len())
    }

    /// Adds a row that says which offsets the archive can't vouch for.
    pub fn gap(&mut self, gap: Gap, span: Span, now: Timestamp) -> Result<(), ParquetError> {
        self.row(span.start(), now, &Said::Gap(gap, span), 0)
    }

    fn row(
        &mut self,
        offset: Offset,
        timestamp: Timestamp,
        said: &Said<'_>,
        bytes: usize,
    ) -> Result<(), ParquetError> {
        let day = day_of(said, timestamp);
        if !self.days.contains_key(&day) {
            self.days.insert(day, DayFile::new(&self.key)?);
        }
        if let Some(file) = self.days.get_mut(&day) {
            file.push(offset, timestamp, said, bytes)?;
        }
        self.counts.count(said);
        Ok(())
    }

    /// What it takes in memory, about.
    pub fn bytes(&self) -> usize {
        let bytes = |file: &DayFile| FILE_BYTES + file.pending_bytes + file.encoded_bytes;
        self.days.values().map(bytes).sum()
    }

    /// The files that have as many bytes by now, whole. Their days go on in new ones.
    pub fn finish_full(&mut self, bytes: usize) -> Result<Vec<DataFile>, ParquetError> {
        let is_full = |file: &DayFile| file.length + file.pending_bytes >= bytes;
        let full = self.days.extract_if(.., |_, file| is_full(file));
        full.map(|(day, file)| file.finish(day)).collect()
    }

    /// The files, whole; the draft is empty afterwards.
    pub fn finish(&mut self) -> Result<(Vec<DataFile>, RowCounts), ParquetError> {
        let files = std::mem::take(&mut self.days)
            .into_iter()
            .map(|(day, file)| file.finish(day))
            .collect::<Result<_, _>>()?;
        Ok((files, std::mem::take(&mut self.counts)))
    }
}

impl DayFile {
    fn new(key: &PartitionKey) -> Result<Self, ParquetError> {
        let properties = Some(archive_properties());
        Ok(Self {
            rows: Rows::new(key),
            pending_bytes: 0,
            encoded_bytes: 0,
            length: 0,
            writer: ArrowWriter::try_new(Vec::new(), file_schema(), properties)?,
            facts: FileFacts {
                stream: key.stream.0.clone(),
                partition: key.partition.0,
                ..FileFacts::default()
            },
        })
    }

    fn push(
        &mut self,
        offset: Offset,
        timestamp: Timestamp,
        said: &Said<'_>,
        bytes: usize,
    ) -> Result<(), ParquetError> {
        self.rows.push(offset, timestamp, said);
        self.facts.note(offset, said);
        self.pending_bytes += bytes;
        if self.rows.len() >= PENDING_ROWS || self.pending_bytes >= PENDING_BYTES {
            self.encode()?;
        }
        Ok(())
    }

    fn encode(&mut self) -> Result<(), ParquetError> {
        self.writer.write(&self.rows.take()?)?;
        self.pending_bytes = 0;
        let written = self.writer.bytes_written();
        self.encoded_bytes = self.writer.memory_size() + written;
        self.length = self.writer.in_progress_size() + written;
        Ok(())
    }

    fn finish(mut self, day: Date) -> Result<DataFile, ParquetError> {
        self.encode()?;
        Ok(DataFile {
            day,
            bytes: self.writer.into_inner()?.into(),
            facts: self.facts,
        })
    }
}
