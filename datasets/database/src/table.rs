//! What a table looks like: its columns with their types, and its primary key.

use crate::connect::{Database, Link};
use crate::error::DatabaseError;
use crate::rows::Row;
use comptoir_model::text_format::ColumnKind;

/// A table or view, with its name as the database spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    pub name: String,
    pub columns: Vec<TableColumn>,
    /// The columns of the primary key in their order; empty without one.
    pub primary_key: Vec<String>,
    /// `MySQL`'s storage engine; `None` of views and of `SQLite`.
    pub engine: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    pub name: String,
    /// As declared: `decimal(10,2)`.
    pub sql_type: String,
    pub storage: Storage,
    pub nullable: bool,
}

/// The families of types, by how their values are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Text,
    /// YEAR as well.
    Integer,
    Decimal {
        scale: usize,
    },
    /// 32 bits.
    Float,
    /// 64 bits.
    Double,
    /// TINYINT(1), BOOLEAN.
    Boolean,
    /// `MySQL`'s BIT(n): big-endian bytes.
    Bits {
        width: usize,
    },
    /// DATETIME, TIMESTAMP.
    DateTime,
    /// DATE, TIME.
    DateOrTime,
    Binary,
}

impl Storage {
    /// Which null token the column takes.
    pub fn kind(self) -> ColumnKind {
        match self {
            Self::Text => ColumnKind::Text,
            _ => ColumnKind::Other,
        }
    }
}

impl TableInfo {
    /// The column of that name, case ignored.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        (self.columns.iter()).find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Up to three column names that look like `name`.
    pub fn nearest_columns(&self, name: &str) -> Vec<String> {
        let names = self.columns.iter().map(|column| column.name.clone());
        nearest(name, names)
    }
}

impl Database {
    /// Describes a table or view; a name that is not there is an error that says what is.
    pub async fn describe(&mut self, table: &str) -> Result<TableInfo, DatabaseError> {
        match self.connection {
            Link::MySql(_) => self.describe_mysql(table).await,
            Link::Sqlite(_) => self.describe_sqlite(table).await,
        }
    }

    async fn describe_mysql(&mut self, table: &str) -> Result<TableInfo, DatabaseError> {
        let what = format!("describing the table `{table}`");
        let tables = "SELECT table_name, engine FROM information_schema.tables \
                      WHERE table_schema = DATABASE()";
        let mut named = format!("{tables} AND table_name = {}", mysql_text(table));
        let case = self
            .fetch_all(&what, "SELECT @@lower_case_table_names")
            .await?;
        let exact_case = self.text(&what, case.first(), 0)?.as_deref() == Some("0");
        let mut found = None;
        for row in self.fetch_all(&what, &named).await? {
            let name = self.text(&what, Some(&row), 0)?.unwrap_or_default();
            if name == table || (!exact_case && name.to_lowercase() == table.to_lowercase()) {
                found = Some((name, self.text(&what, Some(&row), 1)?));
            }
        }
        let Some((name, engine)) = found else {
            return Err(self.unknown_table(&what, table, tables).await?);
        };
        named = format!(
            "WHERE table_schema = DATABASE() AND table_name = {}",
            mysql_text(&name)
        );
        let columns = format!(
            "SELECT column_name, column_type, is_nullable, table_name \
             FROM information_schema.columns {named} ORDER BY ordinal_position"
        );
        let key = format!(
            "SELECT column_name, table_name FROM information_schema.key_column_usage {named} \
             AND constraint_name = 'PRIMARY' ORDER BY ordinal_position"
        );
        let mut info = TableInfo {
            name,
            columns: Vec::new(),
            primary_key: Vec::new(),
            engine,
        };
        // The comparison of names in information_schema ignores case, so look again.
        for row in self.fetch_all(&what, &columns).await? {
            let [column, sql_type, nullable, table] = self.texts(&what, &row)?;
            if table == info.name {
                info.columns.push(TableColumn {
                    name: column,
                    storage: mysql_storage(&sql_type),
                    sql_type,
                    nullable: nullable != "NO",
                });
            }
        }
        for row in self.fetch_all(&what, &key).await? {
            let [column, table] = self.texts(&what, &row)?;
            if table == info.name {
                info.primary_key.push(column);
            }
        }
        Ok(info)
    }

    async fn describe_sqlite(&mut self, table: &str) -> Result<TableInfo, DatabaseError> {
        let what = format!("describing the table `{table}`");
        let tables = "SELECT name FROM sqlite_schema \
                      WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let literal = table.replace('\'', "''");
        let named = format!("{tables} AND lower(name) = lower('{literal}')");
        let found = self.fetch_all(&what, &named).await?;
        let Some(name) = self.text(&what, found.first(), 0)? else {
            return Err(self.unknown_table(&what, table, tables).await?);
        };
        // Hidden columns of virtual tables are not part of `SELECT *`; generated ones are.
        let columns = format!(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo('{literal}') \
             WHERE hidden <> 1 ORDER BY cid"
        );
        let mut info = TableInfo {
            name,
            columns: Vec::new(),
            primary_key: Vec::new(),
            engine: None,
        };
        let mut key = Vec::new();
        for row in self.fetch_all(&what, &columns).await? {
            let [column, sql_type, not_null, place] = self.texts(&what, &row)?;
            match place.parse::<u32>() {
                Ok(place) if place > 0 => key.push((place, column.clone())),
                _ => {}
            }
            info.columns.push(TableColumn {
                name: column,
                storage: sqlite_storage(&sql_type),
                sql_type,
                nullable: not_null != "1",
            });
        }
        key.sort();
        info.primary_key = key.into_iter().map(|(_, column)| column).collect();
        Ok(info)
    }

    /// `Ok` holds the error that names the tables that look like it.
    async fn unknown_table(
        &mut self,
        what: &str,
        table: &str,
        tables: &str,
    ) -> Result<DatabaseError, DatabaseError> {
        let mut names = Vec::new();
        for row in self.fetch_all(what, tables).await? {
            names.extend(self.text(what, Some(&row), 0)?);
        }
        Ok(DatabaseError::UnknownTable {
            url: self.url.to_string(),
            table: table.to_owned(),
            nearest: nearest(table, names),
        })
    }

    fn texts<const N: usize>(&self, what: &str, row: &Row) -> Result<[String; N], DatabaseError> {
        let mut texts = [const { String::new() }; N];
        for (index, text) in texts.iter_mut().enumerate() {
            *text = self.text(what, Some(row), index)?.unwrap_or_default();
        }
        Ok(texts)
    }
}

/// A text literal that depends on no SQL mode.
fn mysql_text(text: &str) -> String {
    format!("_utf8mb4 x'{}'", hex::encode(text))
}

/// The three most similar names, best first.
fn nearest(name: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let wanted = name.to_lowercase();
    let mut names: Vec<_> = names
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&wanted, &name.to_lowercase()),
                name,
            )
        })
        .collect();
    names.sort();
    names.into_iter().take(3).map(|(_, name)| name).collect()
}

/// `decimal(10,2) unsigned` as (`decimal`, [10, 2]).
fn words(sql_type: &str) -> (String, Vec<usize>) {
    let sql_type = sql_type.trim().to_lowercase();
    let (name, rest) = sql_type.split_once('(').unwrap_or((&sql_type, ""));
    let numbers = rest.split_once(')').map_or("", |(inside, _)| inside);
    let numbers = numbers
        .split(',')
        .filter_map(|number| number.trim().parse().ok());
    let name = name.split_whitespace().next().unwrap_or_default();
    (name.to_owned(), numbers.collect())
}

pub(crate) fn mysql_storage(sql_type: &str) -> Storage {
    let (name, numbers) = words(sql_type);
    match (name.as_str(), numbers.first()) {
        ("tinyint", Some(1)) => Storage::Boolean,
        ("bit", width) => Storage::Bits {
            width: width.copied().unwrap_or(1),
        },
        ("tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year", _) => Storage::Integer,
        ("decimal", _) => Storage::Decimal {
            scale: numbers.get(1).copied().unwrap_or(0),
        },
        ("float", _) => Storage::Float,
        ("double", _) => Storage::Double,
        ("datetime" | "timestamp", _) => Storage::DateTime,
        ("date" | "time", _) => Storage::DateOrTime,
        (
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry"
            | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
            | "multipolygon" | "geometrycollection" | "geomcollection" | "vector",
            _,
        ) => Storage::Binary,
        _ => Storage::Text,
    }
}

/// `SQLite` takes any type name; these are the ones that its users and our loader write.
pub(crate) fn sqlite_storage(sql_type: &str) -> Storage {
    let (name, numbers) = words(sql_type);
    let has = |part: &str| name.contains(part);
    match numbers.as_slice() {
        [1] if name == "tinyint" || name == "bit" => Storage::Boolean,
        _ if has("decimal") || has("numeric") => Storage::Decimal {
            scale: numbers.get(1).copied().unwrap_or(0),
        },
        _ if has("char") || has("clob") || has("text") => Storage::Text,
        _ if has("bool") => Storage::Boolean,
        _ if name == "datetime" || name == "timestamp" => Storage::DateTime,
        _ if name == "date" || name == "time" => Storage::DateOrTime,
        _ if has("int") || name == "year" => Storage::Integer,
        _ if has("real") || has("floa") || has("doub") => Storage::Double,
        _ if has("blob") || has("binary") => Storage::Binary,
        _ => Storage::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_the_types_of_mysql() {
        for (sql_type, storage) in [
            ("tinyint(1)", Storage::Boolean),
            ("tinyint(4)", Storage::Integer),
            ("tinyint unsigned", Storage::Integer),
            ("bit(1)", Storage::Bits { width: 1 }),
            ("bit(8)", Storage::Bits { width: 8 }),
            ("decimal(10,2) unsigned", Storage::Decimal { scale: 2 }),
            ("double", Storage::Double),
            ("datetime(6)", Storage::DateTime),
            ("year(4)", Storage::Integer),
            ("enum('a','decimal(1,2)')", Storage::Text),
            ("json", Storage::Text),
            ("varbinary(16)", Storage::Binary),
        ] {
            assert_eq!(mysql_storage(sql_type), storage, "{sql_type}");
        }
    }

    #[test]
    fn sorts_the_types_of_sqlite() {
        for (sql_type, storage) in [
            ("INTEGER", Storage::Integer),
            ("BIGINT", Storage::Integer),
            ("VARCHAR(50)", Storage::Text),
            ("DECIMAL_TEXT(10,2)", Storage::Decimal { scale: 2 }),
            ("NUMERIC", Storage::Decimal { scale: 0 }),
            ("DATETIME", Storage::DateTime),
            ("REAL", Storage::Double),
            ("BOOLEAN", Storage::Boolean),
            ("BLOB", Storage::Binary),
            ("", Storage::Text),
        ] {
            assert_eq!(sqlite_storage(sql_type), storage, "{sql_type}");
        }
    }

    #[test]
    fn finds_the_nearest_names() {
        let names = ["orders", "sales", "customers", "salles"].map(str::to_owned);
        assert_eq!(nearest("sale", names), ["sales", "salles", "orders"]);
    }
}
