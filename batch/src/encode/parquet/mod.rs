//! Parquet files: rows are collected by column until a row group is full.

mod buffer;
mod rows;
pub(crate) mod schema;

pub(crate) use rows::{ParquetRows, Shape};

use super::Encoded;
use super::avro;
use super::columns::{Column, Columns, Conversion, Taken};
use super::error::{EncodeError, FormatName};
use super::held::TypeMapping;
use buffer::Buffer;
use comptoir_model::file_format::ParquetCodec;
use parquet::file::metadata::KeyValue;
use rows::RowGroups;

pub(super) struct ParquetEncoder {
    columns: Columns,
    groups: RowGroups,
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
        let buffers = columns.all().iter();
        let buffers = buffers.map(|column| Buffer::new(column.held)).collect();
        Ok(Self {
            groups: RowGroups::new(buffers, schema, avro_schema, codec)?,
            columns,
        })
    }

    pub(super) fn value(&mut self, value: Option<&[u8]>) -> Result<(), EncodeError> {
        let Taken { index, value } = self.columns.take(value)?;
        self.groups.push(index, value);
        Ok(())
    }

    pub(super) fn end_row(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.columns.end_row();
        self.groups.end_row(out)
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        self.groups.finish(out)?;
        Ok(Encoded {
            total: self.columns.total(),
            lossy_nulls: self.columns.lossy_nulls(),
        })
    }
}
