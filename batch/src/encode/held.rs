//! How a binary file format holds a column. Pure.

use super::sql_type::{IntegerWidth, Sign, SqlType};
use comptoir_model::row_checksum::CanonicalForm;

/// Which types the columns of an Avro or Parquet file get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeMapping {
    /// Each value keeps all that the source holds of it.
    Lossless { timestamps: Timestamps },
    /// As Sqoop 1.4.7 writes them: dates and times as milliseconds, BIT and TINYINT(1) as
    /// booleans.
    Sqoop { decimals: SqoopDecimals },
}

impl Default for TypeMapping {
    fn default() -> Self {
        Self::Lossless {
            timestamps: Timestamps::Local,
        }
    }
}

/// What the text of a TIMESTAMP means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamps {
    /// A local time in the server's time zone, which the file does not know.
    Local,
    /// An instant: the session's time zone is UTC.
    Utc,
}

/// How Sqoop writes a DECIMAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqoopDecimals {
    Text,
    /// With `-Dsqoop.avro.logical_types.decimal.enable=true`, which Parquet does not follow.
    Logical,
}

/// What becomes of a value that the format can't hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnLossy {
    /// The import fails, and names the value.
    #[default]
    Refuse,
    /// Columns of types that have such values (DATE, DATETIME and TIMESTAMP with their zero dates,
    /// TIME beyond 24 h) are text columns, and hold what the server prints.
    Text,
    /// It becomes NULL, and is counted.
    Null,
}

/// The type of a column in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A TINYINT(1) or BIT as Java's driver reads it.
    Boolean(BooleanSource),
    Integer {
        width: IntegerWidth,
        sign: Sign,
    },
    /// BIT(n) as an unsigned integer.
    Bits {
        width: IntegerWidth,
    },
    Float32,
    Float64,
    Decimal {
        precision: usize,
        scale: usize,
    },
    /// Days since 1970.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 1970.
    DateTime(Timestamps),
    JavaMilliseconds(JavaTime),
    /// In plain digits with the whole scale.
    DecimalText {
        scale: usize,
    },
    Text,
    Json,
    Binary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BooleanSource {
    Number,
    Bytes,
}

/// The class by which Java's driver reads a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JavaTime {
    Date,
    Time,
    Timestamp,
}

pub(crate) fn held(sql_type: SqlType, mapping: TypeMapping, on_lossy: OnLossy) -> Held {
    match mapping {
        TypeMapping::Lossless { timestamps } => lossless(sql_type, timestamps, on_lossy),
        TypeMapping::Sqoop { decimals } => as_sqoop(sql_type, decimals),
    }
}

fn lossless(sql_type: SqlType, timestamps: Timestamps, on_lossy: OnLossy) -> Held {
    let as_text = on_lossy == OnLossy::Text;
    match sql_type {
        SqlType::Date | SqlType::Time | SqlType::DateTime | SqlType::Timestamp if as_text => {
            Held::Text
        }
        SqlType::TinyBoolean => Held::Integer {
            width: IntegerWidth::Bits8,
            sign: Sign::Signed,
        },
        SqlType::Integer { width, sign } => Held::Integer { width, sign },
        SqlType::Year => Held::Integer {
            width: IntegerWidth::Bits16,
            sign: Sign::Signed,
        },
        SqlType::Bits { width: 1 } => Held::Boolean(BooleanSource::Bytes),
        SqlType::Bits { width } => Held::Bits {
            width: match width {
                ..=8 => IntegerWidth::Bits8,
                9..=16 => IntegerWidth::Bits16,
                17..=32 => IntegerWidth::Bits32,
                _ => IntegerWidth::Bits64,
            },
        },
        SqlType::Decimal { precision, scale } => Held::Decimal { precision, scale },
        SqlType::Float => Held::Float32,
        SqlType::Double => Held::Float64,
        SqlType::Date => Held::Date,
        SqlType::Time => Held::Time,
        SqlType::DateTime => Held::DateTime(Timestamps::Local),
        SqlType::Timestamp => Held::DateTime(timestamps),
        SqlType::Json => Held::Json,
        SqlType::Text => Held::Text,
        SqlType::Binary => Held::Binary,
    }
}

fn as_sqoop(sql_type: SqlType, decimals: SqoopDecimals) -> Held {
    match sql_type {
        SqlType::TinyBoolean => Held::Boolean(BooleanSource::Number),
        SqlType::Bits { .. } => Held::Boolean(BooleanSource::Bytes),
        SqlType::Year
        | SqlType::Integer {
            width: IntegerWidth::Bits8 | IntegerWidth::Bits16,
            ..
        }
        | SqlType::Integer {
            width: IntegerWidth::Bits32,
            sign: Sign::Signed,
        } => Held::Integer {
            width: IntegerWidth::Bits32,
            sign: Sign::Signed,
        },
        SqlType::Integer { .. } => Held::Integer {
            width: IntegerWidth::Bits64,
            sign: Sign::Signed,
        },
        SqlType::Decimal { precision, scale } => match decimals {
            SqoopDecimals::Text => Held::DecimalText { scale },
            SqoopDecimals::Logical => Held::Decimal { precision, scale },
        },
        SqlType::Float => Held::Float32,
        SqlType::Double => Held::Float64,
        SqlType::Date => Held::JavaMilliseconds(JavaTime::Date),
        SqlType::Time => Held::JavaMilliseconds(JavaTime::Time),
        SqlType::DateTime | SqlType::Timestamp => Held::JavaMilliseconds(JavaTime::Timestamp),
        SqlType::Json | SqlType::Text => Held::Text,
        SqlType::Binary => Held::Binary,
    }
}

/// What the row checksum takes of a column that a binary format holds so.
pub(crate) fn canonical(held: Held, sql_type: SqlType) -> CanonicalForm {
    match held {
        Held::Boolean(_) => CanonicalForm::Boolean,
        Held::Integer { .. } | Held::Decimal { .. } | Held::DecimalText { .. } => {
            CanonicalForm::Number
        }
        Held::Bits { .. } => CanonicalForm::Bits,
        Held::Float32 => CanonicalForm::Float32,
        Held::Float64 => CanonicalForm::Float64,
        Held::Date | Held::Time | Held::DateTime(_) => CanonicalForm::Moment,
        Held::JavaMilliseconds(_) => CanonicalForm::JavaMilliseconds,
        Held::Text => match sql_type {
            SqlType::Date | SqlType::Time | SqlType::DateTime | SqlType::Timestamp => {
                CanonicalForm::Moment
            }
            _ => CanonicalForm::Text,
        },
        Held::Json => CanonicalForm::Text,
        Held::Binary => CanonicalForm::Binary,
    }
}
