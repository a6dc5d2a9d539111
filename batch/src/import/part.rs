//! Writing one part: rows to bytes, hashed on the way into the lake.

use super::columns::HiveDelimiters;
use super::encoding::{Body, Layout};
use super::error::ImportError;
use crate::database::Row;
use bytes::Bytes;
use comptoir_lake::{LakeError, LakeWriter};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::FileFormat;
use sha2::{Digest, Sha256};

/// What is collected before it goes to the lake.
const CHUNK: usize = 1024 * 1024;

pub(super) struct Part<'a> {
    layout: &'a Layout,
    body: Body,
    output: Output,
    rows: u64,
}

/// The way into the lake.
struct Output {
    writer: LakeWriter,
    /// Not written yet.
    buffer: Vec<u8>,
    /// Of what was written.
    sha256: Sha256,
    bytes: u64,
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
    pub(super) lossy_nulls: u64,
}

impl UnclosedPart {
    /// Makes the part durable. HDFS takes up to half a second for it.
    pub(super) async fn close(mut self) -> Result<WrittenPart, LakeError> {
        self.writer.hsync().await?;
        self.writer.close().await?;
        Ok(self.part)
    }
}

pub(super) fn name(index: usize, files: FileFormat) -> String {
    format!("part-m-{index:05}{}", files.extension())
}

impl<'a> Part<'a> {
    pub(super) fn new(writer: LakeWriter, layout: &'a Layout) -> Result<Self, ImportError> {
        // The path has the run and the part in it.
        let body = layout.body(&writer.path().to_string())?;
        Ok(Self {
            layout,
            body,
            output: Output {
                writer,
                buffer: Vec::with_capacity(CHUNK),
                sha256: Sha256::new(),
                bytes: 0,
            },
            rows: 0,
        })
    }

    /// Appends a row to the buffer; its values start at `first`.
    pub(super) fn append(&mut self, row: &Row, first: usize) -> Result<(), ImportError> {
        (self.body).append(self.layout, row, first, &mut self.output.buffer)?;
        self.rows += 1;
        Ok(())
    }

    /// To be awaited between rows: it keeps the buffer small. Says how many rows and bytes went
    /// into the lake with it.
    pub(super) async fn flush_if_full(&mut self) -> Result<bool, LakeError> {
        if self.output.buffer.len() < CHUNK {
            return Ok(false);
        }
        self.output.flush().await?;
        Ok(true)
    }

    /// The rows and bytes so far.
    pub(super) fn progress(&self) -> (u64, u64) {
        (
            self.rows,
            self.output.bytes + self.output.buffer.len() as u64,
        )
    }

    /// After the last row.
    pub(super) async fn finish(self, name: String) -> Result<UnclosedPart, ImportError> {
        let Self {
            body, mut output, ..
        } = self;
        let finished = body.finish(&mut output.buffer)?;
        output.flush().await?;
        Ok(UnclosedPart {
            writer: output.writer,
            part: WrittenPart {
                info: PartInfo {
                    name,
                    rows: finished.total.rows,
                    bytes: output.bytes,
                    sha256: hex::encode(output.sha256.finalize()),
                    checksum: Some(finished.total.checksum),
                },
                ambiguous_rows: finished.ambiguous_rows,
                lossy_nulls: finished.lossy_nulls,
            },
        })
    }
}

impl Output {
    async fn flush(&mut self) -> Result<(), LakeError> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        let chunk = Bytes::from(chunk);
        self.sha256.update(&chunk);
        self.bytes += chunk.len() as u64;
        if chunk.is_empty() {
            return Ok(());
        }
        self.writer.write(chunk).await
    }
}

impl HiveDelimiters {
    /// The text without what Hive takes for a delimiter.
    pub(super) fn clean<'a>(&self, text: &'a [u8], cleaned: &'a mut Vec<u8>) -> &'a [u8] {
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
