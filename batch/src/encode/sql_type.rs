//! A column's type as far as a file format can tell it: read from what the database declares.

use crate::database::{Storage, TableColumn};
use std::fmt;

/// What a column of the source can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlType {
    /// TINYINT(1), BOOLEAN: the server takes -128 to 127.
    TinyBoolean,
    Integer {
        width: IntegerWidth,
        sign: Sign,
    },
    Year,
    /// BIT(n); the server sends the bytes, big-endian.
    Bits {
        width: usize,
    },
    /// Up to 65 digits, up to 30 (38 of `MariaDB`) behind the point.
    Decimal {
        precision: usize,
        scale: usize,
    },
    Float,
    Double,
    Date,
    Time,
    DateTime,
    /// An instant, printed in the time zone of the session.
    Timestamp,
    /// A JSON document; of `MariaDB`, where JSON is a name for LONGTEXT, a text.
    Json,
    Text,
    Binary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerWidth {
    Bits8,
    Bits16,
    /// MEDIUMINT as well.
    Bits32,
    Bits64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Signed,
    Unsigned,
}

impl SqlType {
    /// Of a column as [`crate::database::Database::describe`] finds it. What `SQLite` declares
    /// freely is sorted by its storage; whether the values keep to it shows when they come.
    pub fn of(column: &TableColumn) -> Self {
        let declared = Declared::parse(&column.sql_type);
        match column.storage {
            Storage::Boolean => Self::TinyBoolean,
            Storage::Bits { width } => Self::Bits { width },
            Storage::Decimal { scale } => Self::Decimal {
                precision: declared.number(0).unwrap_or(DECIMAL_DIGITS).max(scale),
                scale,
            },
            Storage::Float => Self::Float,
            Storage::Double => Self::Double,
            Storage::DateTime if declared.name == "timestamp" => Self::Timestamp,
            Storage::DateTime => Self::DateTime,
            Storage::DateOrTime if declared.name == "time" => Self::Time,
            Storage::DateOrTime => Self::Date,
            Storage::Binary => Self::Binary,
            Storage::Text if declared.name == "json" => Self::Json,
            Storage::Text => Self::Text,
            Storage::Integer => declared.integer(),
        }
    }
}

/// Of a DECIMAL that declares none.
const DECIMAL_DIGITS: usize = 10;

/// `decimal(10,2) unsigned` taken apart.
struct Declared {
    name: String,
    numbers: Vec<usize>,
    sign: Sign,
}

impl Declared {
    fn parse(sql_type: &str) -> Self {
        let sql_type = sql_type.trim().to_ascii_lowercase();
        let end = sql_type.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, rest) = sql_type.split_at(end.unwrap_or(sql_type.len()));
        let inside = rest
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .map_or("", |(inside, _)| inside);
        let unsigned = rest.contains("unsigned") || rest.contains("zerofill");
        Self {
            name: name.to_owned(),
            numbers: (inside.split(','))
                .filter_map(|number| number.trim().parse().ok())
                .collect(),
            sign: if unsigned {
                Sign::Unsigned
            } else {
                Sign::Signed
            },
        }
    }

    fn number(&self, index: usize) -> Option<usize> {
        self.numbers.get(index).copied()
    }

    /// Where the name says nothing, as in `SQLite`, an integer has 64 bits.
    fn integer(&self) -> SqlType {
        let width = match self.name.as_str() {
            "year" => return SqlType::Year,
            "tinyint" => IntegerWidth::Bits8,
            "smallint" => IntegerWidth::Bits16,
            "mediumint" | "int" => IntegerWidth::Bits32,
            _ => IntegerWidth::Bits64,
        };
        SqlType::Integer {
            width,
            sign: self.sign,
        }
    }
}

impl fmt::Display for IntegerWidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bits8 => "8",
            Self::Bits16 => "16",
            Self::Bits32 => "32",
            Self::Bits64 => "64",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql_type: &str, storage: Storage) -> SqlType {
        SqlType::of(&TableColumn {
            name: "c".to_owned(),
            sql_type: sql_type.to_owned(),
            storage,
            nullable: true,
        })
    }

    #[test]
    fn reads_what_the_server_declares() {
        use IntegerWidth::{Bits8, Bits32, Bits64};
        use Sign::{Signed, Unsigned};
        let integer = |width, sign| SqlType::Integer { width, sign };
        for (declared, storage, expected) in [
            ("tinyint(1)", Storage::Boolean, SqlType::TinyBoolean),
            ("tinyint(4)", Storage::Integer, integer(Bits8, Signed)),
            ("mediumint(9)", Storage::Integer, integer(Bits32, Signed)),
            (
                "int(10) unsigned zerofill",
                Storage::Integer,
                integer(Bits32, Unsigned),
            ),
            (
                "bigint unsigned",
                Storage::Integer,
                integer(Bits64, Unsigned),
            ),
            ("year(4)", Storage::Integer, SqlType::Year),
            (
                "decimal(65,30)",
                Storage::Decimal { scale: 30 },
                SqlType::Decimal {
                    precision: 65,
                    scale: 30,
                },
            ),
            ("datetime(6)", Storage::DateTime, SqlType::DateTime),
            ("timestamp", Storage::DateTime, SqlType::Timestamp),
            ("time(3)", Storage::DateOrTime, SqlType::Time),
            ("date", Storage::DateOrTime, SqlType::Date),
            ("json", Storage::Text, SqlType::Json),
            ("enum('a','json')", Storage::Text, SqlType::Text),
        ] {
            assert_eq!(of(declared, storage), expected, "{declared}");
        }
    }

    #[test]
    fn an_integer_of_sqlite_has_64_bits() {
        let expected = SqlType::Integer {
            width: IntegerWidth::Bits64,
            sign: Sign::Signed,
        };
        for declared in ["INTEGER", "INT8", ""] {
            assert_eq!(of(declared, Storage::Integer), expected, "{declared}");
        }
    }
}
