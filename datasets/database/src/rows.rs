//! A row as the database gives it.

use sqlx::mysql::MySqlRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, TypeInfo, ValueRef};

/// One row of an answer in the text protocol.
pub enum Row {
    MySql(MySqlRow),
    Sqlite(SqliteRow),
}

/// A value in the form in which the database keeps or sends it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    Null,
    /// Everything from `MySQL`: the server's text, or the bytes of a binary column. Text of `SQLite`.
    Text(&'a [u8]),
    Integer(i64),
    Real(f64),
    Blob(&'a [u8]),
}

impl Row {
    /// The value at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Result<Raw<'_>, sqlx::Error> {
        match self {
            Self::MySql(row) => {
                let value: Option<&[u8]> = row.try_get_unchecked(index)?;
                Ok(value.map_or(Raw::Null, Raw::Text))
            }
            Self::Sqlite(row) => get_from_sqlite(row, index),
        }
    }
}

fn get_from_sqlite(row: &SqliteRow, index: usize) -> Result<Raw<'_>, sqlx::Error> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(Raw::Null);
    }
    let decoded = match value.type_info().name() {
        "INTEGER" => <i64 as Decode<Sqlite>>::decode(value).map(Raw::Integer),
        "REAL" => <f64 as Decode<Sqlite>>::decode(value).map(Raw::Real),
        "TEXT" => <&[u8] as Decode<Sqlite>>::decode(value).map(Raw::Text),
        _ => <&[u8] as Decode<Sqlite>>::decode(value).map(Raw::Blob),
    };
    decoded.map_err(sqlx::Error::Decode)
}

impl Raw<'_> {
    /// For names, versions and numbers; `None` is NULL.
    pub fn to_text(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(bytes) | Self::Blob(bytes) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(number.to_string()),
        }
    }
}
