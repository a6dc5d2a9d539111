//! The columns of a table that is loaded, and their SQL types.

use super::dates::DateOrder;
use std::fmt;
use std::str::FromStr;

/// A column as it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub column_type: ColumnType,
    /// Whether the file has lines without a value.
    pub nullable: bool,
    /// How the file's dates are read.
    pub dates: DateOrder,
    /// Of the longest value.
    pub chars_max: usize,
}

/// The types that are loaded into. Exact ones only: floating point would change amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// 32 bits.
    Int,
    /// 64 bits.
    BigInt,
    Decimal {
        precision: u32,
        scale: u32,
    },
    Date,
    /// To the second.
    DateTime,
    /// To the microsecond.
    DateTime6,
    /// At most this many characters.
    Varchar(usize),
    /// At most 64 KiB.
    Text,
    /// At most 4 GiB.
    LongText,
}

/// The databases whose SQL is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `MariaDB` as well.
    MySql,
    Sqlite,
}

const TEXT_BYTES_MAX: usize = 65_535;

impl ColumnType {
    /// The narrowest text type; a little wide, so that next month's file fits as well.
    pub(crate) fn text(chars: usize, bytes: usize) -> Self {
        match [64, 255].into_iter().find(|width| chars <= *width) {
            Some(width) => Self::Varchar(width),
            None if bytes <= TEXT_BYTES_MAX => Self::Text,
            None => Self::LongText,
        }
    }

    /// The narrowest exact number; `None` beyond what databases count exactly.
    pub(crate) fn number(
        integer_digits: u32,
        scale: u32,
        fits_32: bool,
        fits_64: bool,
    ) -> Option<Self> {
        match scale {
            0 if fits_32 => Some(Self::Int),
            0 if fits_64 => Some(Self::BigInt),
            _ if scale > 30 => None,
            _ => [10, 18, 28, 38, 65]
                .into_iter()
                .find(|precision| integer_digits + scale <= *precision)
                .map(|precision| Self::Decimal { precision, scale }),
        }
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Varchar(_) | Self::Text | Self::LongText)
    }

    pub(crate) fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::DateTime | Self::DateTime6)
    }

    /// Whether every value of `other` can be stored in `self` unchanged.
    pub(crate) fn holds(self, other: Self) -> bool {
        match (self, other) {
            (Self::BigInt, Self::Int)
            | (Self::DateTime, Self::Date)
            | (Self::DateTime6, Self::Date | Self::DateTime) => true,
            (Self::Decimal { precision, scale }, Self::Int) => precision - scale >= 10,
            (Self::Decimal { precision, scale }, Self::BigInt) => precision - scale >= 19,
            (
                Self::Decimal { precision, scale },
                Self::Decimal {
                    precision: other_precision,
                    scale: other_scale,
                },
            ) => scale >= other_scale && precision - scale >= other_precision - other_scale,
            (mine, other) => mine == other,
        }
    }

    /// As the database's DDL spells it. `SQLite` has no exact decimals: a type name with `TEXT` in
    /// it makes it keep the digits as they are.
    pub(crate) fn sql(self, dialect: Dialect) -> String {
        match (dialect, self) {
            (Dialect::Sqlite, Self::Decimal { precision, scale }) => {
                format!("DECIMAL_TEXT({precision},{scale})")
            }
            (Dialect::Sqlite, Self::Int) => "INTEGER".to_owned(),
            (Dialect::Sqlite, Self::LongText) => "TEXT".to_owned(),
            _ => self.to_string(),
        }
    }

    /// What a value must be, for messages: "`12,5` is not …".
    pub(crate) fn meaning(self) -> String {
        match self {
            Self::Int => "a whole number of 32 bits".to_owned(),
            Self::BigInt => "a whole number of 64 bits".to_owned(),
            Self::Decimal { precision, scale } => format!(
                "a decimal number with at most {} digits before and {scale} behind the point",
                precision - scale
            ),
            Self::Date => "a date of the calendar".to_owned(),
            Self::DateTime | Self::DateTime6 => "a date of the calendar with a time".to_owned(),
            Self::Varchar(width) => format!("a text of at most {width} characters"),
            Self::Text => "a text of at most 64 KiB".to_owned(),
            Self::LongText => "a text".to_owned(),
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision},{scale})"),
            Self::Date => f.write_str("DATE"),
            Self::DateTime => f.write_str("DATETIME"),
            Self::DateTime6 => f.write_str("DATETIME(6)"),
            Self::Varchar(width) => write!(f, "VARCHAR({width})"),
            Self::Text => f.write_str("TEXT"),
            Self::LongText => f.write_str("LONGTEXT"),
        }
    }
}

/// A name that is no type that is loaded into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a type\nhint: use INT, BIGINT, DECIMAL(p,s), DATE, DATETIME, VARCHAR(n) or TEXT"
)]
pub struct UnknownType(pub String);

impl FromStr for ColumnType {
    type Err = UnknownType;

    /// Reads types as people and databases write them: `decimal(10,2)`, `INTEGER`, `int(11)`.
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let unknown = || UnknownType(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let (name, numbers) = match lower.split_once('(') {
            None => (lower.as_str(), Vec::new()),
            Some((name, rest)) => {
                let inside = rest.strip_suffix(')').ok_or_else(unknown)?;
                let numbers: Result<Vec<u32>, _> = inside
                    .split(',')
                    .map(|number| number.trim().parse())
                    .collect();
                (name.trim(), numbers.map_err(|_| unknown())?)
            }
        };
        match (name, numbers.as_slice()) {
            ("int" | "integer", _) => Ok(Self::Int),
            ("bigint", _) => Ok(Self::BigInt),
            ("decimal" | "numeric" | "decimal_text", &[precision, scale])
                if (1..=65).contains(&precision) && scale <= precision.min(30) =>
            {
                Ok(Self::Decimal { precision, scale })
            }
            ("date", []) => Ok(Self::Date),
            ("datetime", [] | [0]) => Ok(Self::DateTime),
            ("datetime", [6]) => Ok(Self::DateTime6),
            ("varchar", &[width]) if (1..=16_000).contains(&width) => {
                Ok(Self::Varchar(width as usize))
            }
            ("text", []) => Ok(Self::Text),
            ("longtext", []) => Ok(Self::LongText),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_back_from_both_dialects() {
        for column_type in [
            ColumnType::Int,
            ColumnType::BigInt,
            ColumnType::number(8, 2, false, false).unwrap(),
            ColumnType::Date,
            ColumnType::DateTime,
            ColumnType::DateTime6,
            ColumnType::Varchar(64),
            ColumnType::Text,
        ] {
            for dialect in [Dialect::MySql, Dialect::Sqlite] {
                assert_eq!(column_type.sql(dialect).parse(), Ok(column_type));
            }
        }
        assert_eq!("int(11)".parse(), Ok(ColumnType::Int));
        for text in [
            "float",
            "decimal",
            "decimal(2,3)",
            "varchar",
            "varchar(0)",
            "enum('a')",
        ] {
            assert!(text.parse::<ColumnType>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_type_holds_what_is_narrower() {
        let decimal = |text: &str| text.parse::<ColumnType>().unwrap();
        assert!(decimal("decimal(18,2)").holds(decimal("decimal(10,2)")));
        assert!(!decimal("decimal(10,4)").holds(decimal("decimal(10,2)")));
        assert!(decimal("decimal(12,2)").holds(ColumnType::Int));
        assert!(!decimal("decimal(10,2)").holds(ColumnType::Int));
        assert!(ColumnType::DateTime.holds(ColumnType::Date));
        assert!(!ColumnType::Date.holds(ColumnType::DateTime));
    }
}
