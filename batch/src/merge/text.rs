//! Delimited text into records and their keys, as its bytes come.

use super::MergeError;
use super::key::Key;
use super::sort::Sorter;
use crate::encode::Decompressor;
use crate::verify::text::Scan;
use comptoir_model::file_format::TextCompression;
use comptoir_model::manifest::Manifest;
use comptoir_model::text_format::{ColumnKind, TextFormat};

/// Compressed bytes that are taken at a time: what comes out of them is in memory as a whole.
const PIECE: usize = 16 * 1024;

/// The records of one part on their way into the sorter. Memory holds one record, and what came with
/// it.
pub(super) struct TextRecords<'a> {
    format: &'a TextFormat,
    kinds: Vec<ColumnKind>,
    key: Key,
    decompressor: Decompressor,
    pending: Vec<u8>,
    scan: Scan,
}

impl<'a> TextRecords<'a> {
    pub(super) fn new(
        newer: &'a Manifest,
        key: Key,
        compression: TextCompression,
    ) -> Result<Self, MergeError> {
        Ok(Self {
            format: &newer.format,
            kinds: newer.columns.iter().map(|column| column.kind).collect(),
            key,
            decompressor: Decompressor::new(compression).map_err(MergeError::unreadable)?,
            pending: Vec::new(),
            scan: Scan::default(),
        })
    }

    pub(super) fn append(&mut self, bytes: &[u8], sorter: &mut Sorter) -> Result<(), MergeError> {
        for piece in bytes.chunks(PIECE) {
            let taken = self.decompressor.append(piece, &mut self.pending);
            taken.map_err(MergeError::unreadable)?;
            self.take_records(sorter)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, sorter: &mut Sorter) -> Result<(), MergeError> {
        let none = Decompressor::new(TextCompression::None).map_err(MergeError::unreadable)?;
        let decompressor = std::mem::replace(&mut self.decompressor, none);
        let finished = decompressor.finish(&mut self.pending);
        finished.map_err(MergeError::unreadable)?;
        self.take_records(sorter)?;
        if self.pending.is_empty() {
            Ok(())
        } else {
            Err(MergeError::unreadable("a part ends inside a record"))
        }
    }

    fn take_records(&mut self, sorter: &mut Sorter) -> Result<(), MergeError> {
        let mut start = 0;
        while let Some(end) = self.scan.next_end(self.format, &self.pending) {
            let record = &self.pending[start..end];
            let values = self.format.decode(record, &self.kinds).next();
            let values = values.unwrap_or_else(|| Ok(Vec::new()));
            let mut values = values.map_err(MergeError::unreadable)?;
            let key = values.get_mut(self.key.column).and_then(Option::take);
            let key = key.ok_or(MergeError::NullKey)?;
            sorter.push(self.key.order.sortable(&key), record.to_vec())?;
            start = end;
        }
        self.pending.drain(..start);
        self.scan.restart(start);
        Ok(())
    }
}
