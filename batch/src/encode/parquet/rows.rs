//! Row groups: what is collected by column goes out once there is enough of it.

use super::super::columns::Typed;
use super::super::error::EncodeError;
use super::super::values::Unscaled;
use super::buffer::Buffer;
use comptoir_model::file_format::ParquetCodec;
use parquet::basic::{Compression, GzipLevel, Type as Physical, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, KeyValue};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;
use std::sync::Arc;

/// What a row group holds before it is encoded, so that four workers stay below 256 MiB.
const ROW_GROUP: usize = 24 * 1024 * 1024;

/// How many row groups a file can have, as the format counts them.
const ROW_GROUPS_MAX: usize = i16::MAX as usize;

pub(super) struct RowGroups {
    buffers: Vec<Buffer>,
    /// Of the values in the buffers, in bytes.
    buffered: usize,
    writer: SerializedFileWriter<Vec<u8>>,
}

impl RowGroups {
    pub(super) fn new(
        buffers: Vec<Buffer>,
        schema: TypePtr,
        metadata: Option<Vec<KeyValue>>,
        codec: ParquetCodec,
    ) -> Result<Self, EncodeError> {
        let properties = WriterProperties::builder()
            .set_created_by(format!("comptoir {}", env!("CARGO_PKG_VERSION")))
            .set_compression(compression(codec))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_key_value_metadata(metadata)
            .build();
        Ok(Self {
            buffers,
            buffered: 0,
            writer: SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?,
        })
    }

    pub(super) fn push(&mut self, column: usize, value: Option<Typed<'_>>) {
        self.buffered += self.buffers[column].push(value);
    }

    pub(super) fn end_row(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.buffered >= ROW_GROUP && self.writer.flushed_row_groups().len() < ROW_GROUPS_MAX {
            self.flush(out)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.buffered > 0 {
            self.flush(out)?;
        }
        out.append(&mut self.writer.into_inner()?);
        Ok(())
    }

    /// Writes a row group and moves its bytes out.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut row_group = self.writer.next_row_group()?;
        for buffer in &mut self.buffers {
            let column = row_group.next_column()?;
            let mut column = column
                .ok_or_else(|| ParquetError::General("the schema has fewer columns".to_owned()))?;
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

/// What a file says of its rows: another file of the same shape can take them as they lie there.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    schema: TypePtr,
    metadata: Option<Vec<KeyValue>>,
    physical: Vec<(Physical, usize)>,
}

impl Shape {
    pub(crate) fn of(file: &FileMetaData) -> Self {
        let columns = file.schema_descr().columns().iter();
        Self {
            schema: file.schema_descr().root_schema_ptr(),
            metadata: file.key_value_metadata().cloned(),
            physical: (columns)
                .map(|column| {
                    let length = usize::try_from(column.type_length()).unwrap_or(0);
                    (column.physical_type(), length)
                })
                .collect(),
        }
    }
}

/// Rows of one file on their way into another one of its shape.
pub(crate) struct ParquetRows {
    groups: RowGroups,
    physical: Vec<(Physical, usize)>,
}

impl ParquetRows {
    pub(crate) fn new(shape: Shape, codec: ParquetCodec) -> Result<Self, EncodeError> {
        let buffers = shape.physical.iter();
        let buffers = buffers.map(|(physical, length)| Buffer::of(*physical, *length));
        let groups = RowGroups::new(buffers.collect(), shape.schema, shape.metadata, codec)?;
        Ok(Self {
            groups,
            physical: shape.physical,
        })
    }

    /// Takes a row: each value as plain encoding stores it, without a length.
    pub(crate) fn append<'a>(
        &mut self,
        row: impl Iterator<Item = Option<&'a [u8]>>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        for (index, value) in row.enumerate() {
            let typed = value.map(|bytes| stored(self.physical[index].0, bytes));
            self.groups.push(index, typed.transpose()?);
        }
        self.groups.end_row(out)
    }

    /// Appends what is left of the file.
    pub(crate) fn finish(self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.groups.finish(out)
    }
}

fn stored(physical: Physical, bytes: &[u8]) -> Result<Typed<'_>, ParquetError> {
    let wrong = |_| ParquetError::General(format!("{physical} of {} bytes", bytes.len()));
    Ok(match physical {
        Physical::BOOLEAN => Typed::Boolean(bytes == [1]),
        Physical::INT32 => Typed::Int32(i32::from_le_bytes(bytes.try_into().map_err(wrong)?)),
        Physical::INT64 => Typed::Int64(i64::from_le_bytes(bytes.try_into().map_err(wrong)?)),
        Physical::FLOAT => Typed::Float32(f32::from_le_bytes(bytes.try_into().map_err(wrong)?)),
        Physical::DOUBLE => Typed::Float64(f64::from_le_bytes(bytes.try_into().map_err(wrong)?)),
        Physical::FIXED_LEN_BYTE_ARRAY => Typed::Decimal(Unscaled::from_bytes(bytes)),
        Physical::BYTE_ARRAY | Physical::INT96 => Typed::Bytes(bytes.into()),
    })
}
