//! The schema of a Parquet file.

use super::super::columns::HeldColumn;
use super::super::held::{Held, Timestamps};
use super::super::sql_type::{IntegerWidth, Sign};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::Type;
use std::sync::Arc;

/// Each column is optional, so that a schema can go on when a column becomes nullable.
pub(super) fn of(table: &str, columns: &[HeldColumn]) -> Result<Arc<Type>, ParquetError> {
    let fields: Result<Vec<_>, _> = columns
        .iter()
        .map(|column| field(&column.column.name, column.held).map(Arc::new))
        .collect();
    let schema = Type::group_type_builder(table).with_fields(fields?);
    Ok(Arc::new(schema.build()?))
}

fn field(name: &str, held: Held) -> Result<Type, ParquetError> {
    let physical = physical(held);
    let builder = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical(held));
    let builder = match held {
        Held::Decimal { precision, scale } => builder
            .with_precision(number(precision))
            .with_scale(number(scale))
            .with_length(match physical {
                Physical::FIXED_LEN_BYTE_ARRAY => number(decimal_length(precision)),
                _ => -1,
            }),
        _ => builder,
    };
    builder.build()
}

/// Small: a precision, a scale, a length.
fn number(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(super) fn physical(held: Held) -> Physical {
    match held {
        Held::Boolean(_) => Physical::BOOLEAN,
        Held::Integer {
            width: IntegerWidth::Bits64,
            ..
        }
        | Held::Bits {
            width: IntegerWidth::Bits64,
        }
        | Held::Time
        | Held::DateTime(_)
        | Held::JavaMilliseconds(_) => Physical::INT64,
        Held::Integer { .. } | Held::Bits { .. } | Held::Date => Physical::INT32,
        Held::Float32 => Physical::FLOAT,
        Held::Float64 => Physical::DOUBLE,
        Held::Decimal { precision, .. } => match precision {
            ..=9 => Physical::INT32,
            10..=18 => Physical::INT64,
            _ => Physical::FIXED_LEN_BYTE_ARRAY,
        },
        Held::Text | Held::DecimalText { .. } | Held::Json | Held::Binary => Physical::BYTE_ARRAY,
    }
}

fn logical(held: Held) -> Option<LogicalType> {
    Some(match held {
        // What every reader takes a plain INT32 or INT64 for.
        Held::Integer {
            width: IntegerWidth::Bits32 | IntegerWidth::Bits64,
            sign: Sign::Signed,
        }
        | Held::Boolean(_)
        | Held::Float32
        | Held::Float64
        | Held::JavaMilliseconds(_)
        | Held::Binary => return None,
        Held::Integer { width, sign } => LogicalType::integer(bits(width), sign == Sign::Signed),
        Held::Bits { width } => LogicalType::integer(bits(width), false),
        Held::Decimal { precision, scale } => {
            LogicalType::decimal(number(scale), number(precision))
        }
        Held::Date => LogicalType::Date,
        Held::Time => LogicalType::time(false, TimeUnit::MICROS),
        Held::DateTime(timestamps) => {
            LogicalType::timestamp(timestamps == Timestamps::Utc, TimeUnit::MICROS)
        }
        Held::Text | Held::DecimalText { .. } => LogicalType::String,
        Held::Json => LogicalType::Json,
    })
}

fn bits(width: IntegerWidth) -> i8 {
    match width {
        IntegerWidth::Bits8 => 8,
        IntegerWidth::Bits16 => 16,
        IntegerWidth::Bits32 => 32,
        IntegerWidth::Bits64 => 64,
    }
}

/// The bytes that hold every number of so many digits, with its sign.
pub(super) fn decimal_length(precision: usize) -> usize {
    // 10^p < 2^(8n - 1); log2(10) = 3.32193, taken in hundred thousandths and rounded up.
    const BITS_OF_A_DIGIT: usize = 332_193;
    let bits = (precision * BITS_OF_A_DIGIT).div_ceil(100_000);
    (bits + 1).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;

    #[test]
    fn a_decimal_gets_as_many_bytes_as_it_needs() {
        for precision in 1..=65 {
            let most: BigInt = BigInt::from(10).pow(precision) - 1;
            let least: BigInt = -&most;
            let needed = most
                .to_signed_bytes_be()
                .len()
                .max(least.to_signed_bytes_be().len());
            let length = decimal_length(precision as usize);
            assert_eq!(length, needed, "{precision} digits");
        }
    }
}
