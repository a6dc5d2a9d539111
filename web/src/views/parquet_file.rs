//! Rows of a view as a Parquet file. Pure.

use comptoir_model::view_result::{Cell, ViewColumn, ViewType};
use jiff::civil::{Date, date};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::{ColumnWriter, ColumnWriterImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::sync::Arc;

/// Every decimal of a view fits.
const DECIMAL_BYTES: i32 = 16;
const DAY_ZERO: Date = date(1970, 1, 1);

/// `cell` says what stands in a row and a column. Any column may have NULL.
pub(super) fn file(
    columns: &[ViewColumn],
    rows: usize,
    cell: impl Fn(usize, usize) -> Cell,
) -> Result<Vec<u8>, ParquetError> {
    let fields: Result<Vec<_>, _> = columns
        .iter()
        .map(|column| field(column).map(Arc::new))
        .collect();
    let schema = Type::group_type_builder("view").with_fields(fields?);
    let properties = WriterProperties::builder()
        .set_created_by(format!("comptoir {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::SNAPPY)
        .build();
    let schema = Arc::new(schema.build()?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    if rows > 0 {
        let mut group = writer.next_row_group()?;
        for column in 0..columns.len() {
            let cells: Vec<_> = (0..rows).map(|row| cell(row, column)).collect();
            let Some(mut writer) = group.next_column()? else {
                break;
            };
            write(writer.untyped(), &cells)?;
            writer.close()?;
        }
        group.close()?;
    }
    writer.into_inner()
}

fn field(column: &ViewColumn) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        ViewType::Boolean => (Physical::BOOLEAN, None),
        ViewType::Integer => (Physical::INT64, None),
        ViewType::Float => (Physical::DOUBLE, None),
        ViewType::Date => (Physical::INT32, Some(LogicalType::Date)),
        ViewType::Timestamp => {
            let utc = LogicalType::timestamp(true, TimeUnit::MICROS);
            (Physical::INT64, Some(utc))
        }
        ViewType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ViewType::Decimal { precision, scale } => {
            let decimal = LogicalType::decimal(scale.into(), precision.into());
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(decimal))
        }
    };
    let mut builder = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    if let ViewType::Decimal { precision, scale } = column.kind {
        builder = builder
            .with_precision(precision.into())
            .with_scale(scale.into())
            .with_length(DECIMAL_BYTES);
    }
    builder.build()
}

fn write(writer: &mut ColumnWriter<'_>, cells: &[Cell]) -> Result<(), ParquetError> {
    match writer {
        ColumnWriter::BoolColumnWriter(writer) => put(writer, cells, |cell| match cell {
            Cell::Boolean(value) => Some(*value),
            _ => None,
        }),
        ColumnWriter::Int32ColumnWriter(writer) => put(writer, cells, |cell| match cell {
            Cell::Date(date) => i32::try_from(date.duration_since(DAY_ZERO).as_hours() / 24).ok(),
            _ => None,
        }),
        ColumnWriter::Int64ColumnWriter(writer) => put(writer, cells, |cell| match cell {
            Cell::Integer(number) => Some(*number),
            Cell::Timestamp(time) => Some(time.as_microsecond()),
            _ => None,
        }),
        ColumnWriter::DoubleColumnWriter(writer) => put(writer, cells, |cell| match cell {
            Cell::Float(number) => Some(*number),
            _ => None,
        }),
        ColumnWriter::ByteArrayColumnWriter(writer) => put(writer, cells, |cell| match cell {
            Cell::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        }),
        ColumnWriter::FixedLenByteArrayColumnWriter(writer) => {
            put(writer, cells, |cell| match cell {
                Cell::Decimal(number) => {
                    let bytes = number.to_be_bytes().to_vec();
                    Some(FixedLenByteArray::from(bytes))
                }
                _ => None,
            })
        }
        _ => Err(ParquetError::General(
            "no column is of this type".to_owned(),
        )),
    }
}

fn put<T: DataType>(
    writer: &mut ColumnWriterImpl<'_, T>,
    cells: &[Cell],
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::with_capacity(cells.len()));
    for cell in cells {
        let value = value(cell);
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    writer.write_batch(&values, Some(&levels), None).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use serde_json::json;

    #[test]
    fn a_reader_finds_every_type_and_every_null() {
        let kinds = [
            (ViewType::Boolean, json!(true), "true"),
            (ViewType::Integer, json!(-7), "-7"),
            (
                ViewType::Decimal {
                    precision: 38,
                    scale: 2,
                },
                json!("-123456789012345678901234.50"),
                "-123456789012345678901234.50",
            ),
            (ViewType::Float, json!(0.5), "0.5"),
            (ViewType::Date, json!("1969-12-31"), "1969-12-31"),
            (
                ViewType::Timestamp,
                json!("2026-11-21T13:00:00.000007Z"),
                "2026-11-21 13:00:00.000007 +00:00",
            ),
            (ViewType::Text, json!("é\"🚢"), "\"é\"🚢\""),
        ];
        let columns = kinds
            .iter()
            .enumerate()
            .map(|(number, (kind, ..))| ViewColumn {
                name: format!("c{number}"),
                kind: *kind,
            });
        let columns: Vec<_> = columns.collect();
        // Every other row is NULL.
        let cell = |row: usize, column: usize| {
            let (kind, json, _) = &kinds[column];
            let cell = kind.cell(json).unwrap();
            if row.is_multiple_of(2) {
                cell
            } else {
                Cell::Null
            }
        };
        let bytes = file(&columns, 4, cell).unwrap();
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let rows: Vec<_> = reader
            .get_row_iter(None)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(rows.len(), 4);
        for (number, row) in rows.iter().enumerate() {
            for (column, (_, field)) in row.get_column_iter().enumerate() {
                let expected = if number.is_multiple_of(2) {
                    kinds[column].2
                } else {
                    "null"
                };
                assert_eq!(field.to_string(), expected, "row {number}, column {column}");
            }
        }
        let nothing = file(&columns, 0, cell).unwrap();
        let reader = SerializedFileReader::new(Bytes::from(nothing)).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
