//! From the engine's columns and batches to those that are published. Pure.

use super::error::ViewError;
use comptoir_model::view_result::{ViewColumn, ViewType, is_identifier};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float64Type, Int64Type, Schema, SchemaRef,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::arrow::error::ArrowError;
use jiff::Timestamp;
use serde_json::{Number, Value};
use std::sync::Arc;

/// The parameters of a page, which can't be columns as well.
const RESERVED: [&str; 3] = ["limit", "sort", "cursor"];

/// The columns of a result, or which of them can't be served.
pub(super) fn columns(file: &str, schema: &Schema) -> Result<Vec<ViewColumn>, ViewError> {
    let mut columns: Vec<ViewColumn> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let name = field.name();
        let refused = |reason| ViewError::Column {
            file: file.to_owned(),
            name: format!("`{name}`"),
            reason,
        };
        if !is_identifier(name) || name.len() > 64 {
            return Err(refused(
                "its name has to be of lower-case letters, digits and `_`\nhint: … AS a_name",
            ));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(refused(
                "`limit`, `sort` and `cursor` are words of the API\nhint: … AS another_name",
            ));
        }
        if columns.iter().any(|column| column.name == *name) {
            return Err(refused(
                "there are two of that name\nhint: … AS another_name",
            ));
        }
        let kind = view_type(field.data_type()).ok_or_else(|| {
            refused("its type is none of a result\nhint: CAST it to a number, date, time or STRING")
        })?;
        columns.push(ViewColumn {
            name: name.clone(),
            kind,
        });
    }
    Ok(columns)
}

fn view_type(data_type: &DataType) -> Option<ViewType> {
    Some(match data_type {
        DataType::Boolean => ViewType::Boolean,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => ViewType::Integer,
        DataType::Decimal128(precision, scale) => ViewType::Decimal {
            precision: *precision,
            scale: u8::try_from(*scale).ok()?,
        },
        DataType::Float32 | DataType::Float64 => ViewType::Float,
        DataType::Date32 => ViewType::Date,
        DataType::Timestamp(_, zone) if zone.as_deref().is_none_or(is_utc) => ViewType::Timestamp,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ViewType::Text,
        _ => return None,
    })
}

fn is_utc(zone: &str) -> bool {
    ["UTC", "+00:00", "Z"].contains(&zone)
}

/// As the published file has them.
pub(super) fn schema(columns: &[ViewColumn]) -> SchemaRef {
    let fields = columns.iter().map(|column| {
        let data_type = match column.kind {
            ViewType::Boolean => DataType::Boolean,
            ViewType::Integer => DataType::Int64,
            ViewType::Decimal { precision, scale } => {
                DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX))
            }
            ViewType::Float => DataType::Float64,
            ViewType::Date => DataType::Date32,
            ViewType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            ViewType::Text => DataType::Utf8,
        };
        Field::new(&column.name, data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// What the manifest says of a column's type, as a source would declare it.
pub(super) fn sql_type(kind: ViewType) -> String {
    match kind {
        ViewType::Boolean => "boolean".to_owned(),
        ViewType::Integer => "bigint".to_owned(),
        ViewType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        ViewType::Float => "double".to_owned(),
        ViewType::Date => "date".to_owned(),
        ViewType::Timestamp => "timestamp".to_owned(),
        ViewType::Text => "text".to_owned(),
    }
}

/// A batch in the types of `schema`; a number that does not fit is an error.
pub(super) fn cast(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = (batch.columns().iter().zip(schema.fields()))
        .map(|(column, field)| cast_with_options(column, field.data_type(), &options));
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

/// One row of a batch that was cast, as a JSON array.
pub(super) fn row(batch: &RecordBatch, row: usize, columns: &[ViewColumn]) -> Value {
    let cells = (batch.columns().iter().zip(columns)).map(|(array, column)| {
        if array.is_null(row) {
            Value::Null
        } else {
            cell(array, row, column.kind)
        }
    });
    Value::Array(cells.collect())
}

fn cell(array: &ArrayRef, row: usize, kind: ViewType) -> Value {
    match kind {
        ViewType::Boolean => Value::Bool(array.as_boolean().value(row)),
        ViewType::Integer => array.as_primitive::<Int64Type>().value(row).into(),
        ViewType::Decimal { .. } => {
            Value::String(array.as_primitive::<Decimal128Type>().value_as_string(row))
        }
        // JSON has no word for what is no number.
        ViewType::Float => Number::from_f64(array.as_primitive::<Float64Type>().value(row))
            .map_or(Value::Null, Value::Number),
        ViewType::Date => (array.as_primitive::<Date32Type>().value_as_date(row))
            .map_or(Value::Null, |date| Value::String(date.to_string())),
        ViewType::Timestamp => {
            let time = array.as_primitive::<TimestampMicrosecondType>().value(row);
            Timestamp::from_microsecond(time)
                .map_or(Value::Null, |time| Value::String(time.to_string()))
        }
        ViewType::Text => Value::String(array.as_string::<i32>().value(row).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{
        BooleanArray, Date32Array, Decimal128Array, StringViewArray, TimestampNanosecondArray,
        UInt64Array,
    };

    #[test]
    fn a_result_has_columns_that_can_be_asked_for() {
        for (name, data_type, expected) in [
            ("count(*)", DataType::Int64, "AS a_name"),
            ("limit", DataType::Int64, "words of the API"),
            ("a", DataType::Binary, "CAST"),
        ] {
            let schema = Schema::new(vec![Field::new(name, data_type, true)]);
            let error = columns("v.sql", &schema).unwrap_err().to_string();
            assert!(
                error.starts_with("v.sql: ") && error.contains(expected),
                "{error}"
            );
        }
        let twice = Schema::new(vec![
            Field::new("a", DataType::Int64, true),
            Field::new("a", DataType::Utf8, true),
        ]);
        let error = columns("v.sql", &twice).unwrap_err().to_string();
        assert!(error.contains("two of that name"), "{error}");
    }

    #[test]
    fn every_value_is_written_exactly() {
        let decimal = Decimal128Array::from(vec![Some(-5), None]);
        let arrays: Vec<(&str, ArrayRef)> = vec![
            ("b", Arc::new(BooleanArray::from(vec![Some(true), None]))),
            ("n", Arc::new(UInt64Array::from(vec![Some(7), None]))),
            (
                "m",
                Arc::new(decimal.with_precision_and_scale(18, 2).unwrap()),
            ),
            ("d", Arc::new(Date32Array::from(vec![Some(19_782), None]))),
            (
                "t",
                Arc::new(TimestampNanosecondArray::from(vec![
                    Some(1_500_000_000),
                    None,
                ])),
            ),
            (
                "s",
                Arc::new(StringViewArray::from(vec![Some("é\""), None])),
            ),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(
            arrays.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap();
        let columns = columns("v.sql", &batch.schema()).unwrap();
        let batch = cast(&batch, &schema(&columns)).unwrap();
        assert_eq!(
            row(&batch, 0, &columns).to_string(),
            r#"[true,7,"-0.05","2024-02-29","1970-01-01T00:00:01.5Z","é\""]"#
        );
        assert_eq!(
            row(&batch, 1, &columns).to_string(),
            "[null,null,null,null,null,null]"
        );
        for (cell, column) in row(&batch, 0, &columns)
            .as_array()
            .unwrap()
            .iter()
            .zip(&columns)
        {
            assert!(column.kind.cell(cell).is_some(), "{column:?}");
        }
    }

    #[test]
    fn a_number_beyond_64_bits_is_an_error() {
        let array: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        let batch = RecordBatch::try_from_iter([("n", array)]).unwrap();
        let columns = columns("v.sql", &batch.schema()).unwrap();
        assert!(cast(&batch, &schema(&columns)).is_err());
    }
}
