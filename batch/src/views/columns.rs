//! The columns of an import as SQL sees them, and the step from a printed value into one. Pure.

use crate::encode::values::{self, Unscaled};
use comptoir_model::manifest::Column;
use comptoir_model::row_checksum::CanonicalForm;
use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use std::sync::Arc;

/// The most digits of a decimal that SQL computes with; one of more is a text.
const DIGITS_MAX: usize = 38;

/// The type of a column. Nothing is lost: what SQL has no exact type for is a text.
pub(super) fn data_type(column: &Column) -> DataType {
    let declared = Declared::parse(&column.sql_type);
    match column.canonical {
        Some(CanonicalForm::AsWritten) => return DataType::Utf8,
        Some(CanonicalForm::Binary) => return DataType::Binary,
        Some(CanonicalForm::Boolean) => return DataType::Boolean,
        Some(CanonicalForm::Bits | CanonicalForm::JavaMilliseconds) => return DataType::Int64,
        Some(CanonicalForm::Float32) => return DataType::Float32,
        Some(CanonicalForm::Float64) => return DataType::Float64,
        Some(CanonicalForm::Text | CanonicalForm::Number | CanonicalForm::Moment) | None => {}
    }
    match declared.name.as_str() {
        "decimal" | "numeric" | "decimal_text" => match declared.decimal() {
            Some((precision, scale)) => DataType::Decimal128(precision, scale),
            None => DataType::Utf8,
        },
        "bigint" if declared.is_unsigned => DataType::Decimal128(20, 0),
        "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "int8" | "year" => {
            DataType::Int64
        }
        // A result of ours, or a number that a server calls so.
        "boolean" | "bool" if column.canonical.is_none() => DataType::Boolean,
        "boolean" | "bool" => DataType::Int64,
        "float" | "double" | "real" => DataType::Float64,
        "date" => DataType::Date32,
        "datetime" | "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => DataType::Utf8,
    }
}

/// `decimal(10,2) unsigned` taken apart.
struct Declared {
    name: String,
    numbers: Vec<usize>,
    is_unsigned: bool,
}

impl Declared {
    fn parse(sql_type: &str) -> Self {
        let sql_type = sql_type.trim().to_ascii_lowercase();
        let end = sql_type.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, rest) = sql_type.split_at(end.unwrap_or(sql_type.len()));
        let inside = (rest.strip_prefix('('))
            .and_then(|rest| rest.split_once(')'))
            .map_or("", |(inside, _)| inside);
        Self {
            name: name.to_owned(),
            numbers: (inside.split(','))
                .filter_map(|number| number.trim().parse().ok())
                .collect(),
            is_unsigned: rest.contains("unsigned") || rest.contains("zerofill"),
        }
    }

    /// Precision and scale, where SQL computes with so many digits; a server's DECIMAL without
    /// numbers has 10 and 0.
    fn decimal(&self) -> Option<(u8, i8)> {
        let precision = self.numbers.first().copied().unwrap_or(10);
        let scale = self.numbers.get(1).copied().unwrap_or(0);
        if precision > DIGITS_MAX || scale > precision {
            return None;
        }
        Some((u8::try_from(precision).ok()?, i8::try_from(scale).ok()?))
    }
}

/// The values of one column until their batch is full.
pub(super) enum ColumnBuilder {
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal {
        builder: Decimal128Builder,
        precision: usize,
        scale: usize,
    },
    Date(Date32Builder),
    DateTime(TimestampMicrosecondBuilder),
    Text(StringBuilder),
    Binary(BinaryBuilder),
}

impl ColumnBuilder {
    /// Of one of the types that [`data_type`] gives.
    pub(super) fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Int64 => Self::Integer(Int64Builder::new()),
            DataType::Float32 => Self::Float32(Float32Builder::new()),
            DataType::Float64 => Self::Float64(Float64Builder::new()),
            DataType::Decimal128(precision, scale) => Self::Decimal {
                builder: Decimal128Builder::new().with_data_type(data_type.clone()),
                precision: usize::from(*precision),
                scale: usize::try_from(*scale).unwrap_or(0),
            },
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(..) => Self::DateTime(TimestampMicrosecondBuilder::new()),
            DataType::Binary => Self::Binary(BinaryBuilder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Takes a value in its canonical form; `None` is NULL. `Err` says what it should have been.
    pub(super) fn append(&mut self, value: Option<&[u8]>) -> Result<(), &'static str> {
        let Some(bytes) = value else {
            self.append_null();
            return Ok(());
        };
        match self {
            Self::Boolean(builder) => builder.append_value(match bytes {
                b"true" | b"1" => true,
                b"false" | b"0" => false,
                _ => return Err("a boolean"),
            }),
            Self::Integer(builder) => {
                let number = values::integer(bytes).and_then(|number| i64::try_from(number).ok());
                builder.append_value(number.ok_or("a whole number of 64 bits")?);
            }
            Self::Float32(builder) => {
                builder.append_value(values::parse(bytes).ok_or("a number")?);
            }
            Self::Float64(builder) => {
                builder.append_value(values::parse(bytes).ok_or("a number")?);
            }
            Self::Decimal {
                builder,
                precision,
                scale,
            } => match values::decimal(bytes, *precision, *scale) {
                Some(Unscaled::Small(number)) => builder.append_value(number),
                _ => return Err("a decimal number of the column's digits"),
            },
            Self::Date(builder) => {
                builder.append_value(values::days(bytes).ok_or("a date of the calendar")?);
            }
            Self::DateTime(builder) => {
                let time = values::date_time(bytes);
                builder.append_value(time.ok_or("a date of the calendar with a time")?);
            }
            Self::Text(builder) => {
                builder.append_value(std::str::from_utf8(bytes).map_err(|_| "a text in UTF-8")?);
            }
            Self::Binary(builder) => builder.append_value(bytes),
        }
        Ok(())
    }

    fn append_null(&mut self) {
        match self {
            Self::Boolean(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Float32(builder) => builder.append_null(),
            Self::Float64(builder) => builder.append_null(),
            Self::Decimal { builder, .. } => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::DateTime(builder) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Binary(builder) => builder.append_null(),
        }
    }

    /// The values so far; the builder begins anew.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Float32(builder) => Arc::new(builder.finish()),
            Self::Float64(builder) => Arc::new(builder.finish()),
            Self::Decimal { builder, .. } => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::DateTime(builder) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Binary(builder) => Arc::new(builder.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::text_format::ColumnKind;

    fn of(sql_type: &str, canonical: Option<CanonicalForm>) -> DataType {
        data_type(&Column {
            name: "c".to_owned(),
            sql_type: sql_type.to_owned(),
            kind: ColumnKind::Other,
            canonical,
        })
    }

    #[test]
    fn money_is_decimal_whatever_the_database_calls_it() {
        let money = DataType::Decimal128(10, 2);
        for declared in [
            "decimal(10,2)",
            "DECIMAL_TEXT(10,2)",
            "numeric(10, 2) unsigned",
        ] {
            assert_eq!(
                of(declared, Some(CanonicalForm::Number)),
                money,
                "{declared}"
            );
        }
        let text = of("decimal(65,30)", Some(CanonicalForm::Number));
        assert_eq!(text, DataType::Utf8);
    }

    #[test]
    fn types_are_those_that_the_source_declares() {
        let microseconds = DataType::Timestamp(TimeUnit::Microsecond, None);
        for (declared, canonical, expected) in [
            ("int(11)", Some(CanonicalForm::Number), DataType::Int64),
            ("INTEGER", Some(CanonicalForm::Number), DataType::Int64),
            (
                "bigint(20) unsigned",
                Some(CanonicalForm::Number),
                DataType::Decimal128(20, 0),
            ),
            ("date", Some(CanonicalForm::Moment), DataType::Date32),
            (
                "datetime(6)",
                Some(CanonicalForm::Moment),
                microseconds.clone(),
            ),
            ("timestamp", None, microseconds),
            ("time(3)", Some(CanonicalForm::Moment), DataType::Utf8),
            ("varchar(50)", Some(CanonicalForm::Text), DataType::Utf8),
            ("date", Some(CanonicalForm::AsWritten), DataType::Utf8),
            ("blob", Some(CanonicalForm::Binary), DataType::Binary),
            ("boolean", None, DataType::Boolean),
            ("double", Some(CanonicalForm::Float64), DataType::Float64),
        ] {
            assert_eq!(of(declared, canonical), expected, "{declared}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        for (data_type, bad) in [
            (DataType::Int64, "12x"),
            (DataType::Int64, "9223372036854775808"),
            (DataType::Decimal128(4, 2), "1.234"),
            (DataType::Decimal128(4, 2), "123"),
            (DataType::Date32, "0000-00-00"),
            (DataType::Boolean, "yes"),
        ] {
            let mut builder = ColumnBuilder::new(&data_type);
            assert!(builder.append(Some(bad.as_bytes())).is_err(), "{bad}");
            builder.append(None).unwrap();
            assert_eq!(builder.finish().null_count(), 1);
        }
    }
}
