//! Rows into files: Avro, Parquet, compressed text, and the checksum of rows.
//!
//! The pipeline makes one encoder for each part and hands it rows as the server sends them:
//!
//! ```text
//! Encoder::new(format, table, &columns, conversion, file)   once for each part
//!   .value(Option<&[u8]>)                                   each value of a row; NULL is None
//!   .end_row(&mut Vec<u8>)                                  after the last value of a row
//!   .finish(&mut Vec<u8>) -> Encoded                        the tail; rows, checksum, NULLs made
//! ```
//!
//! A value is the server's text, or the bytes of a binary column ([`source_bytes`]).
//!
//! What is in the `Vec` afterwards is finished bytes of the file, which the caller hashes, writes
//! and clears. Text is encoded by the importer itself, which adds up a [`RowHasher`] and runs the
//! bytes through a [`Compressor`]; for the two binary formats [`Encoder`] does both.
//!
//! All of it is pure: no IO, no clock.

mod avro;
pub(crate) mod canonical;
mod columns;
mod compress;
mod error;
mod hadoop_snappy;
mod held;
mod java_time;
mod jdbc;
mod parquet;
mod source;
mod sql_type;
pub(crate) mod values;

pub(crate) use avro::AvroRows;
pub(crate) use canonical::number_as_sent;
pub use canonical::{RowHasher, Total};
pub use columns::{Column, Conversion};
pub use compress::{Compressor, Decompressor};
pub use error::{EncodeError, FormatName};
pub use held::{OnLossy, SqoopDecimals, Timestamps, TypeMapping};
pub(crate) use parquet::{ParquetRows, Shape as ParquetShape};
pub use source::source_bytes;
pub use sql_type::{IntegerWidth, Sign, SqlType};
pub(crate) use values::without_zero_fill;

use comptoir_model::file_format::{AvroCodec, ParquetCodec};

/// A file format that keeps the types of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryFormat {
    Avro(AvroCodec),
    Parquet(ParquetCodec),
}

/// Turns rows into one Avro or Parquet file.
///
/// Memory is bounded: a block of 256 KiB for Avro, a row group of 16 MiB and its compressed pages
/// for Parquet, and one row beyond that.
pub struct Encoder(Kind);

enum Kind {
    Avro(Box<avro::AvroEncoder>),
    Parquet(Box<parquet::ParquetEncoder>),
}

/// What a finished file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub total: Total,
    /// Values that lie there as NULL because the format can't hold them ([`OnLossy::Null`]).
    pub lossy_nulls: u64,
}

impl Encoder {
    /// `table` names the record; `file` differs from file to file (the run and the part's name).
    pub fn new(
        format: BinaryFormat,
        table: &str,
        columns: &[Column],
        conversion: Conversion,
        file: &str,
    ) -> Result<Self, EncodeError> {
        Ok(Self(match format {
            BinaryFormat::Avro(codec) => Kind::Avro(Box::new(avro::AvroEncoder::new(
                table, columns, conversion, codec, file,
            ))),
            BinaryFormat::Parquet(codec) => Kind::Parquet(Box::new(parquet::ParquetEncoder::new(
                table, columns, conversion, codec,
            )?)),
        }))
    }

    /// Takes the next value of a row. After an error the file is lost.
    pub fn value(&mut self, value: Option<&[u8]>) -> Result<(), EncodeError> {
        match &mut self.0 {
            Kind::Avro(encoder) => encoder.value(value),
            Kind::Parquet(encoder) => encoder.value(value),
        }
    }

    /// Ends a row, each column of which had its value; now and then appends bytes to `out`.
    pub fn end_row(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match &mut self.0 {
            Kind::Avro(encoder) => encoder.end_row(out),
            Kind::Parquet(encoder) => encoder.end_row(out),
        }
    }

    /// Appends what is left of the file.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        match self.0 {
            Kind::Avro(encoder) => encoder.finish(out),
            Kind::Parquet(encoder) => encoder.finish(out),
        }
    }
}
