//! The columns of one binary file: how each is held, and the step from the server's text to it.

use super::canonical::{self, CanonicalRow, Total};
use super::error::{EncodeError, FormatName, shown};
use super::held::{self, BooleanSource, Held, OnLossy, TypeMapping};
use super::java_time;
use super::sql_type::{IntegerWidth, Sign, SqlType};
use super::values::{self, Unscaled};
use comptoir_model::row_checksum::CanonicalForm;
use std::borrow::Cow;

/// A column of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// As the source declares it, for messages and schemas: `decimal(10,2)`.
    pub declared: String,
    pub sql_type: SqlType,
}

/// How values become those of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    pub mapping: TypeMapping,
    pub on_lossy: OnLossy,
}

impl Conversion {
    /// What the manifest records of a column: the part of a value that the row checksum takes.
    pub fn canonical(self, sql_type: SqlType) -> CanonicalForm {
        held::canonical(held::held(sql_type, self.mapping, self.on_lossy), sql_type)
    }
}

/// A value as the file holds it.
#[derive(Debug, PartialEq)]
pub(super) enum Typed<'a> {
    Boolean(bool),
    Int32(i32),
    Int64(i64),
    UInt64(u64),
    Float32(f32),
    Float64(f64),
    Decimal(Unscaled),
    Bytes(Cow<'a, [u8]>),
}

/// A value that was taken, and its column.
pub(super) struct Taken<'a> {
    pub(super) index: usize,
    pub(super) value: Option<Typed<'a>>,
}

/// The columns of a file, and what was counted on the way.
pub(super) struct Columns {
    held: Vec<HeldColumn>,
    format: FormatName,
    on_lossy: OnLossy,
    row: CanonicalRow,
    /// The column of the next value.
    next: usize,
    total: Total,
    lossy_nulls: u64,
}

pub(super) struct HeldColumn {
    pub(super) column: Column,
    pub(super) held: Held,
    form: CanonicalForm,
}

/// Why a value is not held.
enum Unfit {
    Lossy,
    NotUtf8,
}

impl Columns {
    pub(super) fn new(format: FormatName, columns: &[Column], conversion: Conversion) -> Self {
        let columns = columns.iter().map(|column| HeldColumn {
            column: column.clone(),
            held: held::held(column.sql_type, conversion.mapping, conversion.on_lossy),
            form: conversion.canonical(column.sql_type),
        });
        Self {
            held: columns.collect(),
            format,
            on_lossy: conversion.on_lossy,
            row: CanonicalRow::default(),
            next: 0,
            total: Total::default(),
            lossy_nulls: 0,
        }
    }

    pub(super) fn all(&self) -> &[HeldColumn] {
        &self.held
    }

    /// The rows that were ended, and their checksum.
    pub(super) fn total(&self) -> Total {
        self.total
    }

    /// Values that became NULL because the format can't hold them.
    pub(super) fn lossy_nulls(&self) -> u64 {
        self.lossy_nulls
    }

    /// Takes the next value of the current row; `None` is NULL.
    pub(super) fn take<'a>(&mut self, value: Option<&'a [u8]>) -> Result<Taken<'a>, EncodeError> {
        let index = self.next;
        self.next += 1;
        let HeldColumn { column, held, form } = &self.held[index];
        let Some(bytes) = value.filter(|bytes| !is_null_to_java(*held, bytes)) else {
            self.row.null();
            return Ok(Taken { index, value: None });
        };
        let unfit = match typed(bytes, *held) {
            Ok(typed) => {
                self.row.source(bytes, column.sql_type, *form);
                return Ok(Taken {
                    index,
                    value: Some(typed),
                });
            }
            Err(unfit) => unfit,
        };
        match (unfit, self.on_lossy) {
            (_, OnLossy::Null) => {
                self.row.null();
                self.lossy_nulls += 1;
                Ok(Taken { index, value: None })
            }
            (Unfit::Lossy, _) => Err(EncodeError::Lossy {
                format: self.format,
                column: column.name.clone(),
                sql_type: column.declared.clone(),
                value: shown(bytes),
            }),
            (Unfit::NotUtf8, _) => Err(EncodeError::NotUtf8 {
                format: self.format,
                column: column.name.clone(),
                value: shown(bytes),
            }),
        }
    }

    /// After the last value of a row.
    pub(super) fn end_row(&mut self) {
        debug_assert_eq!(self.next, self.held.len());
        self.next = 0;
        self.total += self.row.take();
    }
}

fn is_null_to_java(held: Held, bytes: &[u8]) -> bool {
    matches!(held, Held::JavaMilliseconds(_)) && java_time::is_zero_date(bytes)
}

fn typed(bytes: &[u8], held: Held) -> Result<Typed<'_>, Unfit> {
    let fit = match held {
        Held::Text | Held::Json => {
            return match std::str::from_utf8(bytes) {
                Ok(_) => Ok(Typed::Bytes(bytes.into())),
                Err(_) => Err(Unfit::NotUtf8),
            };
        }
        Held::Binary => Some(Typed::Bytes(bytes.into())),
        Held::Integer { width, sign } => {
            values::integer(bytes).and_then(|number| integer(number, width, sign))
        }
        Held::Bits { width } => values::bits(bytes)
            .and_then(|number| integer(i128::from(number), width, Sign::Unsigned)),
        Held::Boolean(BooleanSource::Number) => {
            values::boolean_of_number(bytes).map(Typed::Boolean)
        }
        Held::Boolean(BooleanSource::Bytes) => values::boolean_of_bits(bytes).map(Typed::Boolean),
        Held::Float32 => values::parse(bytes).map(Typed::Float32),
        Held::Float64 => values::parse(bytes).map(Typed::Float64),
        Held::Decimal { precision, scale } => {
            values::decimal(bytes, precision, scale).map(Typed::Decimal)
        }
        Held::DecimalText { scale } => {
            let mut printed = Vec::new();
            canonical::number(bytes, scale, &mut printed);
            Some(Typed::Bytes(printed.into()))
        }
        Held::Date => values::days(bytes).map(Typed::Int32),
        Held::Time => values::time_of_day(bytes).map(Typed::Int64),
        Held::DateTime(_) => values::date_time(bytes).map(Typed::Int64),
        Held::JavaMilliseconds(class) => java_time::milliseconds(bytes, class).map(Typed::Int64),
    };
    fit.ok_or(Unfit::Lossy)
}

/// Integers of up to 32 bits, signed, are held in 32; unsigned ones of 32 bits, and signed ones of
/// 64, in 64.
fn integer(number: i128, width: IntegerWidth, sign: Sign) -> Option<Typed<'static>> {
    use IntegerWidth::{Bits8, Bits16, Bits32, Bits64};
    use Sign::{Signed, Unsigned};
    let fits = |least: i128, most: i128| (least..=most).contains(&number);
    match (width, sign) {
        (Bits8, Signed) if !fits(i8::MIN.into(), i8::MAX.into()) => None,
        (Bits8, Unsigned) if !fits(0, u8::MAX.into()) => None,
        (Bits16, Signed) if !fits(i16::MIN.into(), i16::MAX.into()) => None,
        (Bits16, Unsigned) if !fits(0, u16::MAX.into()) => None,
        (Bits8 | Bits16, _) | (Bits32, Signed) => i32::try_from(number).ok().map(Typed::Int32),
        (Bits32, Unsigned) => {
            let number = u32::try_from(number).ok()?;
            Some(Typed::Int64(number.into()))
        }
        (Bits64, Signed) => i64::try_from(number).ok().map(Typed::Int64),
        (Bits64, Unsigned) => u64::try_from(number).ok().map(Typed::UInt64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::held::Timestamps;

    const LOSSLESS: TypeMapping = TypeMapping::Lossless {
        timestamps: Timestamps::Local,
    };

    fn columns(sql_type: SqlType, on_lossy: OnLossy) -> Columns {
        let column = Column {
            name: "c".to_owned(),
            declared: "date".to_owned(),
            sql_type,
        };
        let mapping = LOSSLESS;
        Columns::new(
            FormatName::Parquet,
            &[column],
            Conversion { mapping, on_lossy },
        )
    }

    #[test]
    fn what_a_format_cannot_hold_is_refused_kept_as_text_or_counted() {
        let zero: &[u8] = b"0000-00-00";
        let error = columns(SqlType::Date, OnLossy::Refuse)
            .take(Some(zero))
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("`0000-00-00` of the column `c` (date)") && error.contains("hint:"),
            "{error}"
        );
        assert_eq!(
            columns(SqlType::Date, OnLossy::Text)
                .take(Some(zero))
                .unwrap()
                .value,
            Some(Typed::Bytes(zero.into()))
        );
        let mut nulls = columns(SqlType::Date, OnLossy::Null);
        assert_eq!(nulls.take(Some(zero)).unwrap().value, None);
        assert_eq!(nulls.lossy_nulls(), 1);
    }

    #[test]
    fn an_integer_beyond_its_type_does_not_fit() {
        use IntegerWidth::{Bits8, Bits32, Bits64};
        assert_eq!(integer(128, Bits8, Sign::Signed), None);
        assert_eq!(integer(-1, Bits64, Sign::Unsigned), None);
        assert_eq!(
            integer(u32::MAX.into(), Bits32, Sign::Unsigned),
            Some(Typed::Int64(u32::MAX.into()))
        );
        assert_eq!(
            integer(u64::MAX.into(), Bits64, Sign::Unsigned),
            Some(Typed::UInt64(u64::MAX))
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let error = columns(SqlType::Text, OnLossy::Text)
            .take(Some(&[0xff]))
            .err()
            .unwrap();
        assert!(matches!(error, EncodeError::NotUtf8 { .. }), "{error}");
    }
}
