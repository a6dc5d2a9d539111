//! Writing one part: rows to text, hashed on the way into the lake.

use super::values;
use crate::database::{Row, TableInfo};
use bytes::Bytes;
use comptoir_lake::{LakeError, LakeWriter};
use comptoir_model::api::PartInfo;
use comptoir_model::text_format::{Encoded, TextFormat};
use sha2::{Digest, Sha256};

/// What is collected before it goes to the lake.
const CHUNK: usize = 1024 * 1024;

pub(super) struct Part<'a> {
    writer: LakeWriter,
    table: &'a TableInfo,
    format: &'a TextFormat,
    buffer: Vec<u8>,
    scratch: String,
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
    pub(super) fn info(&self) -> &PartInfo {
        &self.part.info
    }

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
    pub(super) fn new(writer: LakeWriter, table: &'a TableInfo, format: &'a TextFormat) -> Self {
        Self {
            writer,
            table,
            format,
            buffer: Vec::with_capacity(CHUNK),
            scratch: String::new(),
            sha256: Sha256::new(),
            rows: 0,
            bytes: 0,
            ambiguous_rows: 0,
        }
    }

    /// Appends a row to the buffer; its values start at `first`.
    pub(super) fn append(&mut self, row: &Row, first: usize) -> Result<(), sqlx::Error> {
        let mut ambiguous = false;
        for (index, column) in self.table.columns.iter().enumerate() {
            if index > 0 {
                self.buffer.push(self.format.field);
            }
            let value = row.get(first + index)?;
            let text = values::text(value, column.storage, &mut self.scratch);
            let encoded = self
                .format
                .encode(&mut self.buffer, text, column.storage.kind());
            ambiguous |= encoded == Encoded::Ambiguous;
        }
        self.buffer.push(self.format.record);
        self.rows += 1;
        self.ambiguous_rows += u64::from(ambiguous);
        Ok(())
    }

    /// To be awaited between rows: it keeps the buffer small.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), LakeError> {
        if self.buffer.len() < CHUNK {
            return Ok(());
        }
        self.flush().await
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
