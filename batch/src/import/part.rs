//! Writing one part: rows to bytes, hashed on the way into the lake.

use super::columns::{HiveDelimiters, ReadColumn};
use super::error::ImportError;
use super::values;
use crate::database::Row;
use bytes::Bytes;
use comptoir_lake::{LakeError, LakeWriter};
use comptoir_model::api::PartInfo;
use comptoir_model::text_format::{ColumnKind, Encoded, TextFormat};
use sha2::{Digest, Sha256};

/// What is collected before it goes to the lake.
const CHUNK: usize = 1024 * 1024;

/// How rows become bytes; the same for all parts.
pub(super) struct Layout {
    /// For errors.
    pub(super) table: String,
    pub(super) columns: Vec<ReadColumn>,
    pub(super) format: TextFormat,
    pub(super) hive: HiveDelimiters,
}

pub(super) struct Part<'a> {
    writer: LakeWriter,
    layout: &'a Layout,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
    cleaned: Vec<u8>,
    sha256: Sha256,
    rows: u64,
    bytes: u64,
    ambiguous_rows: u64,
}

/// A part whose rows are all written.
pub(super) struct UnclosedPart {
    writer: LakeWriter,
    part: WrittenPart,
}

/// A part that is durable.
pub(super) struct WrittenPart {
    pub(super) info: PartInfo,
    pub(super) ambiguous_rows: u64,
}

impl UnclosedPart {
    /// Makes the part durable. HDFS takes up to half a second for it.
    pub(super) async fn close(mut self) -> Result<WrittenPart, LakeError> {
        self.writer.hsync().await?;
        self.writer.close().await?;
        Ok(self.part)
    }
}

pub(super) fn name(index: usize) -> String {
    format!("part-m-{index:05}")
}

impl<'a> Part<'a> {
    pub(super) fn new(writer: LakeWriter, layout: &'a Layout) -> Self {
        Self {
            writer,
            layout,
            buffer: Vec::with_capacity(CHUNK),
            scratch: Vec::new(),
            cleaned: Vec::new(),
            sha256: Sha256::new(),
            rows: 0,
            bytes: 0,
            ambiguous_rows: 0,
        }
    }

    /// Appends a row to the buffer; its values start at `first`.
    pub(super) fn append(&mut self, row: &Row, first: usize) -> Result<(), ImportError> {
        let layout = self.layout;
        let format = &layout.format;
        let mut ambiguous = false;
        for (index, column) in layout.columns.iter().enumerate() {
            if index > 0 {
                self.buffer.push(format.field);
            }
            let raw = row
                .get(first + index)
                .map_err(|error| layout.failed(column, &error.to_string()))?;
            let text = values::text(raw, column.printer, &mut self.scratch)
                .map_err(|error| layout.failed(column, &error.to_string()))?;
            let text = match (&layout.hive, column.kind) {
                (HiveDelimiters::Keep, _) | (_, ColumnKind::Other) => text,
                (hive, ColumnKind::Text) => text.map(|text| hive.clean(text, &mut self.cleaned)),
            };
            ambiguous |= format.encode(&mut self.buffer, text, column.kind) == Encoded::Ambiguous;
        }
        self.buffer.push(format.record);
        self.rows += 1;
        self.ambiguous_rows += u64::from(ambiguous);
        Ok(())
    }

    /// To be awaited between rows: it keeps the buffer small. Says how many rows and bytes went
    /// into the lake with it.
    pub(super) async fn flush_if_full(&mut self) -> Result<bool, LakeError> {
        if self.buffer.len() < CHUNK {
            return Ok(false);
        }
        self.flush().await?;
        Ok(true)
    }

    /// The rows and bytes so far.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.rows, self.bytes + self.buffer.len() as u64)
    }

    /// After the last row.
    pub(super) async fn finish(mut self, name: String) -> Result<UnclosedPart, LakeError> {
        self.flush().await?;
        Ok(UnclosedPart {
            writer: self.writer,
            part: WrittenPart {
                info: PartInfo {
                    name,
                    rows: self.rows,
                    bytes: self.bytes,
                    sha256: hex::encode(self.sha256.finalize()),
                    checksum: None,
                },
                ambiguous_rows: self.ambiguous_rows,
            },
        })
    }

    async fn flush(&mut self) -> Result<(), LakeError> {
        let chunk = Bytes::from(std::mem::replace(
            &mut self.buffer,
            Vec::with_capacity(CHUNK),
        ));
        self.sha256.update(&chunk);
        self.bytes += chunk.len() as u64;
        if chunk.is_empty() {
            return Ok(());
        }
        self.writer.write(chunk).await
    }
}

impl Layout {
    fn failed(&self, column: &ReadColumn, reason: &str) -> ImportError {
        ImportError::Value {
            table: self.table.clone(),
            column: column.source.name.clone(),
            reason: reason.to_owned(),
            hint: "leave the column out with --columns, or the rows with --where; without --sqoop-compat every number, time and date is kept",
        }
    }
}

impl HiveDelimiters {
    /// The text without what Hive takes for a delimiter.
    fn clean<'a>(&self, text: &'a [u8], cleaned: &'a mut Vec<u8>) -> &'a [u8] {
        let is_delimiter = |byte: &u8| matches!(byte, b'\n' | b'\r' | 1);
        if !text.iter().any(is_delimiter) {
            return text;
        }
        cleaned.clear();
        for byte in text {
            match self {
                Self::Replace(with) if is_delimiter(byte) => {
                    cleaned.extend_from_slice(with.as_bytes());
                }
                Self::Drop if is_delimiter(byte) => {}
                _ => cleaned.push(*byte),
            }
        }
        cleaned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delimiter_of_hive_is_dropped_or_replaced() {
        let mut cleaned = Vec::new();
        let text = b"cr\r\nlf\x01 tab\t";
        assert_eq!(
            HiveDelimiters::Drop.clean(text, &mut cleaned),
            b"crlf tab\t"
        );
        let word = HiveDelimiters::Replace("<>".to_owned());
        assert_eq!(word.clean(text, &mut cleaned), b"cr<><>lf<> tab\t");
    }
}
