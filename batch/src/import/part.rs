//! Writing one part: rows to bytes, hashed on the way into the lake.

use super::columns::HiveDelimiters;
use super::encoding::{Body, Layout};
use super::error::ImportError;
use super::output::{Output, Unclosed};
use super::progress::Amount;
use super::quarantine::UnclosedQuarantine;
use crate::database::Row;
use comptoir_lake::{LakeError, LakeWriter};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::FileFormat;

pub(super) struct Part<'a> {
    layout: &'a Layout,
    body: Body,
    output: Output,
    rows: u64,
}

/// A part whose rows are all written.
pub(super) struct UnclosedPart {
    file: Unclosed,
    part: WrittenPart,
    quarantine: Option<UnclosedQuarantine>,
}

/// A part that is durable.
pub(super) struct WrittenPart {
    pub(super) info: PartInfo,
    pub(super) ambiguous_rows: u64,
    pub(super) lossy_nulls: u64,
    /// The file of rows of its range that were set aside.
    pub(super) quarantine: Option<PartInfo>,
}

impl UnclosedPart {
    pub(super) fn with_quarantine(self, quarantine: Option<UnclosedQuarantine>) -> Self {
        Self { quarantine, ..self }
    }

    /// Makes the part durable, and what was set aside of it.
    pub(super) async fn close(self) -> Result<WrittenPart, LakeError> {
        self.file.close().await?;
        let quarantine = match self.quarantine {
            Some(quarantine) => Some(quarantine.close().await?),
            None => None,
        };
        Ok(WrittenPart {
            quarantine,
            ..self.part
        })
    }
}

impl WrittenPart {
    /// All that were read and are dealt with: written, or set aside.
    pub(super) fn rows_read(&self) -> u64 {
        self.info.rows + self.quarantine.as_ref().map_or(0, |file| file.rows)
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
            output: Output::new(writer),
            rows: 0,
        })
    }

    /// Appends a row to the buffer; its values start at `first`.
    pub(super) fn append(&mut self, row: &Row, first: usize) -> Result<(), ImportError> {
        (self.body).append(self.layout, row, first, &mut self.output.buffer)?;
        self.rows += 1;
        Ok(())
    }

    /// To be awaited between rows: it keeps the buffer small. Says whether it went into the lake.
    pub(super) async fn flush_if_full(&mut self) -> Result<bool, LakeError> {
        self.output.flush_if_full().await
    }

    /// What came so far.
    pub(super) fn amount(&self) -> Amount {
        Amount {
            rows: self.rows,
            bytes: self.output.bytes(),
        }
    }

    /// After the last row.
    pub(super) async fn finish(self, name: String) -> Result<UnclosedPart, ImportError> {
        let Self {
            body, mut output, ..
        } = self;
        let finished = body.finish(&mut output.buffer)?;
        let file = output.finish().await?;
        Ok(UnclosedPart {
            part: WrittenPart {
                info: PartInfo {
                    name,
                    rows: finished.total.rows,
                    bytes: file.bytes,
                    sha256: file.sha256.clone(),
                    checksum: Some(finished.total.checksum),
                },
                ambiguous_rows: finished.ambiguous_rows,
                lossy_nulls: finished.lossy_nulls,
                quarantine: None,
            },
            file,
            quarantine: None,
        })
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
