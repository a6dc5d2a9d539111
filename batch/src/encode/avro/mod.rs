//! Avro object container files (Avro 1.11, "Object Container Files").
//!
//! Written here rather than with `apache-avro`, which takes each row as a tree of values with a
//! `String` for each field's name; that crate reads the files back in the tests and in `verify`.

mod block;
mod schema;

use super::columns::{Column, Columns, Conversion, Typed};
use super::error::{EncodeError, FormatName};
use super::{Encoded, values::Unscaled};
use block::Blocks;
use comptoir_model::file_format::AvroCodec;
pub(super) use schema::json as schema_json;

/// What a block holds before it is compressed.
const BLOCK: usize = 256 * 1024;

pub(super) struct AvroEncoder {
    columns: Columns,
    rows: AvroRows,
}

impl AvroEncoder {
    /// `table` names the record; `file` differs from file to file.
    pub(super) fn new(
        table: &str,
        columns: &[Column],
        conversion: Conversion,
        codec: AvroCodec,
        file: &str,
    ) -> Self {
        let columns = Columns::new(FormatName::Avro, columns, conversion);
        let schema = schema::json(table, columns.all(), conversion.mapping);
        Self {
            rows: AvroRows::new(&schema, codec, file),
            columns,
        }
    }

    pub(super) fn value(&mut self, value: Option<&[u8]>) -> Result<(), EncodeError> {
        let block = &mut self.rows.block;
        // The branch of the union: NULL, or the type itself.
        match self.columns.take(value)?.value {
            None => block.push(0),
            Some(typed) => {
                block.push(2);
                write(block, typed);
            }
        }
        Ok(())
    }

    pub(super) fn end_row(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.columns.end_row();
        self.rows.end_row(out)
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        self.rows.finish(out)?;
        Ok(Encoded {
            total: self.columns.total(),
            lossy_nulls: self.columns.lossy_nulls(),
        })
    }
}

/// Rows that are encoded already, on their way into a file.
pub(crate) struct AvroRows {
    blocks: Blocks,
    block: Vec<u8>,
    rows_in_block: u64,
}

impl AvroRows {
    /// A file of records of this schema, in JSON; `file` differs from file to file.
    pub(crate) fn new(schema: &str, codec: AvroCodec, file: &str) -> Self {
        Self {
            blocks: Blocks::new(schema, codec, file),
            block: Vec::with_capacity(BLOCK),
            rows_in_block: 0,
        }
    }

    /// Takes a row as Avro encodes a record of the schema.
    pub(crate) fn append(&mut self, row: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.block.extend_from_slice(row);
        self.end_row(out)
    }

    /// Appends what is left of the file.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.flush(out)
    }

    fn end_row(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.rows_in_block += 1;
        if self.block.len() >= BLOCK {
            self.flush(out)?;
        }
        Ok(())
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.blocks.append(self.rows_in_block, &self.block, out)?;
        self.block.clear();
        self.rows_in_block = 0;
        Ok(())
    }
}

fn write(out: &mut Vec<u8>, typed: Typed<'_>) {
    match typed {
        Typed::Boolean(value) => out.push(u8::from(value)),
        Typed::Int32(number) => long(out, number.into()),
        Typed::Int64(number) => long(out, number),
        Typed::UInt64(number) => bytes(out, &Unscaled::Small(number.into()).to_bytes()),
        Typed::Float32(number) => out.extend_from_slice(&number.to_le_bytes()),
        Typed::Float64(number) => out.extend_from_slice(&number.to_le_bytes()),
        Typed::Decimal(number) => bytes(out, &number.to_bytes()),
        Typed::Bytes(value) => bytes(out, &value),
    }
}

/// In zigzag, seven bits a byte.
fn long(out: &mut Vec<u8>, number: i64) {
    let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    // No slice is longer than that.
    long(out, i64::try_from(value.len()).unwrap_or(i64::MAX));
    out.extend_from_slice(value);
}
