//! Delimited text into records and their keys, as its bytes come.

use super::MergeError;
use super::key::KeyOrder;
use super::sort::Sorter;
use crate::encode::Decompressor;
use crate::verify::text::Scan;
use comptoir_model::file_format::TextCompression;
use comptoir_model::text_format::{ColumnKind, TextFormat};

/// Where the keys are.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) format: TextFormat,
    pub(super) kinds: Vec<ColumnKind>,
    /// Which field.
    pub(super) index: usize,
    pub(super) order: KeyOrder,
}

/// Compressed bytes that are taken at a time: what comes out of them is in memory as a whole.
const PIECE: usize = 16 * 1024;

/// The records of one part on their way into the sorter. Memory holds one record, and what came with
/// it.
pub(super) struct Records<'a> {
    keys: &'a Keys,
    decompressor: Decompressor,
    pending: Vec<u8>,
    scan: Scan,
}

impl<'a> Records<'a> {
    pub(super) fn new(keys: &'a Keys, compression: TextCompression) -> Result<Self, MergeError> {
        Ok(Self {
            keys,
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
        let Keys {
            format,
            kinds,
            index,
            order,
        } = self.keys;
        let mut start = 0;
        while let Some(end) = self.scan.next_end(format, &self.pending) {
            let record = &self.pending[start..end];
            let values = format.decode(record, kinds).next();
            let values = values.unwrap_or_else(|| Ok(Vec::new()));
            let mut values = values.map_err(MergeError::unreadable)?;
            let key = values.get_mut(*index).and_then(Option::take);
            let key = key.ok_or(MergeError::NullKey)?;
            sorter.push(order.sortable(&key), record.to_vec())?;
            start = end;
        }
        self.pending.drain(..start);
        self.scan.restart(start);
        Ok(())
    }
}
