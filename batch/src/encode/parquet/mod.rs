//! Parquet files: rows are collected by column until a row group is full.

mod buffer;
pub(crate) mod schema;

use super::Encoded;
use super::avro;
use super::columns::{Column, Columns, Conversion, Taken};
use super::error::{EncodeError, FormatName};
use super::held::TypeMapping;
use buffer::Buffer;
use comptoir_model::file_format::ParquetCodec;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use std::sync::Arc;

/// What a row group holds before it is encoded, so that four workers stay below 256 MiB.
const ROW_GROUP: usize = 24 * 1024 * 1024;

/// How many row groups a file can have, as the format counts them.
const ROW_GROUPS_MAX: usize = i16::MAX as usize;

pub(super) struct ParquetEncoder {
    columns: Columns,
    buffers: Vec<Buffer>,
    /// Of the values in the buffers, in bytes.
    buffered: usize,
    writer: SerializedFileWriter<Vec<u8>>,
}

impl ParquetEncoder {
    pub(super) fn new(
        table: &str,
        columns: &[Column],
        conversion: Conversion,
        codec: ParquetCodec,
    ) -> Result<Self, EncodeError> {
        let columns = Columns::new(FormatName::Parquet, columns, conversion);
        let schema = schema::of(table, columns.all())?;
        // Kite, with which Sqoop writes, and Hive look for it.
        let avro_schema = match conversion.mapping {
            TypeMapping::Sqoop { .. } => Some(vec![KeyValue::new(
                "parquet.avro.schema".to_owned(),
                avro::schema_json(table, columns.all(), conversion.mapping),
            )]),
            TypeMapping::Lossless { .. } => None,
        };
        let properties = WriterProperties::builder()
            .set_created_by(format!("comptoir {}", env!("CARGO_PKG_VERSION")))
            .set_compression(compression(codec))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_key_value_metadata(avro_schema)
            .build();
        Ok(Self {
            buffers: (columns.all().iter())
                .map(|column| Buffer::new(column.held))
                .collect(),
            columns,
            buffered: 0,
            writer: SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?,
        })
    }

    pub(super) fn value(&mut self, value: Option<&[u8]>) -> Result<(), EncodeError> {
        let Taken { index, value } = self.columns.take(value)?;
        self.buffered += self.buffers[index].push(value);
        Ok(())
    }

    pub(super) fn end_row(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.columns.end_row();
        if self.buffered >= ROW_GROUP && self.writer.flushed_row_groups().len() < ROW_GROUPS_MAX {
            self.flush(out)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        if self.buffered > 0 {
            self.flush(out)?;
        }
        out.append(&mut self.writer.into_inner()?);
        Ok(Encoded {
            total: self.columns.total(),
            lossy_nulls: self.columns.lossy_nulls(),
        })
    }

    /// Writes a row group and moves its bytes out.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut row_group = self.writer.next_row_group()?;
        for buffer in &mut self.buffers {
            let column = row_group.next_column()?;
            let mut column = column.ok_or_else(|| {
                parquet::errors::ParquetError::General("the schema has fewer columns".to_owned())
            })?;
            buffer.drain_into(column.untyped())?;
            column.close()?;
        }
        row_group.close()?;
        self.writer.flush()?;
        out.append(self.writer.inner_mut());
        self.buffered = 0;
        Ok(())
    }
}

fn compression(codec: ParquetCodec) -> Compression {
    match codec {
        ParquetCodec::None => Compression::UNCOMPRESSED,
        ParquetCodec::Snappy => Compression::SNAPPY,
        ParquetCodec::Gzip => Compression::GZIP(GzipLevel::default()),
        ParquetCodec::Zstd => Compression::ZSTD(ZstdLevel::default()),
    }
}
