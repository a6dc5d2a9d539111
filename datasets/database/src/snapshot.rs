//! One consistent view of the database for everything read until the connection closes.

use crate::connect::{Database, Link};
use crate::error::DatabaseError;

/// How long `MySQL` waits for us to take rows, while the lake is slow; its default is 60 s.
const READER_PATIENCE_S: u32 = 600;

impl Database {
    /// Opens a read-only transaction in which every statement sees the database as it is now.
    ///
    /// Of `MySQL`'s engines, only `InnoDB` and `RocksDB` keep to it. It ends with the connection.
    pub async fn open_snapshot(&mut self) -> Result<(), DatabaseError> {
        let what = "opening the snapshot";
        let patience = format!("SET SESSION net_write_timeout = {READER_PATIENCE_S}");
        let statements: &[&str] = match self.connection {
            Link::MySql(_) => &[
                &patience,
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ],
            // A transaction of SQLite sees the database as of its first read.
            Link::Sqlite(_) => &["BEGIN", "SELECT count(*) FROM sqlite_schema"],
        };
        for statement in statements {
            self.execute(what, statement).await?;
        }
        Ok(())
    }

    /// The smallest and the largest integer in a column; `None` if there is none.
    pub async fn integer_bounds(
        &mut self,
        table: &str,
        column: &str,
    ) -> Result<Option<(i128, i128)>, DatabaseError> {
        let what = format!("asking for the bounds of `{column}` of `{table}`");
        let (table, column) = (crate::quoted(table), crate::quoted(column));
        let only_integers = match self.connection {
            Link::MySql(_) => String::new(),
            // A column of SQLite holds values of any type, whatever it declares.
            Link::Sqlite(_) => format!(" WHERE typeof({column}) = 'integer'"),
        };
        let sql = format!("SELECT MIN({column}), MAX({column}) FROM {table}{only_integers}");
        let rows = self.fetch_all(&what, &sql).await?;
        let number = |index| {
            let text = self.text(&what, rows.first(), index)?;
            Ok::<_, DatabaseError>(text.and_then(|text| text.parse().ok()))
        };
        Ok(number(0)?.zip(number(1)?))
    }
}
