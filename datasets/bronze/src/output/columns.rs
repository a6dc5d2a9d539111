//! The columns of a result, as Delta and as Arrow know them. Pure.

use comptoir_model::view_result::{ViewColumn, ViewType};
use deltalake::arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef, TimeUnit};
use deltalake::kernel::{DataType, DecimalType, PrimitiveType, StructField};
use std::sync::Arc;

/// As the table has them. An instant is a `timestamp`, in UTC, which every engine reads.
pub(super) fn delta_fields(columns: &[ViewColumn]) -> Vec<StructField> {
    let field = |column: &ViewColumn| {
        let kind = match column.kind {
            ViewType::Boolean => PrimitiveType::Boolean,
            ViewType::Integer => PrimitiveType::Long,
            ViewType::Decimal { precision, scale } => {
                match DecimalType::try_new(precision, scale) {
                    Ok(kind) => PrimitiveType::Decimal(kind),
                    // More digits than any engine computes with: no result has them.
                    Err(_) => PrimitiveType::String,
                }
            }
            ViewType::Float => PrimitiveType::Double,
            ViewType::Date => PrimitiveType::Date,
            ViewType::Timestamp => PrimitiveType::Timestamp,
            ViewType::Text => PrimitiveType::String,
        };
        StructField::new(&column.name, DataType::Primitive(kind), true)
    };
    columns.iter().map(field).collect()
}

/// As data files hold them: without the partition column, which stands in their paths.
pub(super) fn file_schema(columns: &[ViewColumn], partition: Option<usize>) -> SchemaRef {
    let field = |column: &ViewColumn| {
        let kind = match column.kind {
            ViewType::Boolean => ArrowType::Boolean,
            ViewType::Integer => ArrowType::Int64,
            ViewType::Decimal { precision, scale } => {
                ArrowType::Decimal128(precision, scale.cast_signed())
            }
            ViewType::Float => ArrowType::Float64,
            ViewType::Date => ArrowType::Date32,
            ViewType::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ViewType::Text => ArrowType::Utf8,
        };
        Field::new(&column.name, kind, true)
    };
    let columns = (columns.iter().enumerate())
        .filter(|(index, _)| Some(*index) != partition)
        .map(|(_, column)| field(column));
    Arc::new(Schema::new(columns.collect::<Vec<_>>()))
}
