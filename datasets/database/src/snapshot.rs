//! One consistent view of the database, for one connection or for several that agree on it.

use crate::connect::{Database, Link, Product};
use crate::error::DatabaseError;

/// How long `MySQL` waits for us to take rows, while the lake is slow; its default is 60 s.
const READER_PATIENCE_S: u32 = 600;

/// How long a freeze waits for statements that run already; everybody else's writes queue up behind
/// it meanwhile.
const FREEZE_PATIENCE_S: u32 = 10;

/// Where in the server's binary log a snapshot stands: everything before is in it, nothing after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPosition {
    pub file: String,
    pub position: u64,
    /// The transactions in it as the server names them; `None` where it names none.
    pub gtid: Option<String>,
}

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

    /// Keeps everybody from committing until [`Database::thaw`] or the end of this connection, so
    /// that other connections can open equal snapshots. Takes RELOAD, and waits 10 s at most for
    /// what is running.
    pub async fn freeze(&mut self) -> Result<(), DatabaseError> {
        let what = "holding back commits";
        let patience = format!("SET SESSION lock_wait_timeout = {FREEZE_PATIENCE_S}");
        self.execute(what, &patience).await?;
        match self.product() {
            Product::MariaDb => {
                self.execute(what, "BACKUP STAGE START").await?;
                self.execute(what, "BACKUP STAGE BLOCK_COMMIT").await
            }
            Product::MySql => {
                // Keeps tables from being altered as well. The snapshots are equal without it.
                match self.execute(what, "LOCK INSTANCE FOR BACKUP").await {
                    Err(error) if !error.is_denied() => return Err(error),
                    Ok(()) | Err(_) => {}
                }
                self.execute(what, "FLUSH TABLES WITH READ LOCK").await
            }
            Product::Sqlite => Ok(()),
        }
    }

    /// Ends a freeze.
    pub async fn thaw(&mut self) -> Result<(), DatabaseError> {
        let what = "letting commits go on";
        match self.product() {
            Product::MariaDb => self.execute(what, "BACKUP STAGE END").await,
            Product::MySql => {
                self.execute(what, "UNLOCK TABLES").await?;
                match self.execute(what, "UNLOCK INSTANCE").await {
                    // Nor was it locked.
                    Err(error) if error.is_denied() => Ok(()),
                    unlocked => unlocked,
                }
            }
            Product::Sqlite => Ok(()),
        }
    }

    /// Where the snapshot of this connection stands, as `MariaDB` tells each of them; `None` without
    /// a binary log, and of other servers.
    pub async fn own_log_position(&mut self) -> Result<Option<LogPosition>, DatabaseError> {
        if self.product() != Product::MariaDb {
            return Ok(None);
        }
        let what = "asking where the snapshot stands";
        let rows = self
            .fetch_all(what, "SHOW STATUS LIKE 'binlog_snapshot_%'")
            .await?;
        let (mut file, mut position) = (None, None);
        for row in &rows {
            let value = self.text(what, Some(row), 1)?;
            match self.text(what, Some(row), 0)?.as_deref() {
                Some("Binlog_snapshot_file") => file = value.filter(|file| !file.is_empty()),
                Some("Binlog_snapshot_position") => {
                    position = value.and_then(|value| value.parse().ok());
                }
                _ => {}
            }
        }
        let Some((file, position)) = file.zip(position) else {
            return Ok(None);
        };
        let literal = file.replace('\'', "''");
        let sql = format!("SELECT BINLOG_GTID_POS('{literal}', {position})");
        let gtid = self.first_text(what, &sql).await?;
        Ok(Some(LogPosition {
            file,
            position,
            gtid: gtid.filter(|gtid| !gtid.is_empty()),
        }))
    }

    /// Where the server's log stands now: during a freeze, where the snapshots stand. `None` without
    /// a log, or without the right to see it (REPLICATION CLIENT).
    pub async fn server_log_position(&mut self) -> Result<Option<LogPosition>, DatabaseError> {
        let what = "asking where the binary log stands";
        let (status, gtids) = match self.product() {
            Product::Sqlite => return Ok(None),
            Product::MariaDb => ("SHOW MASTER STATUS", "SELECT @@global.gtid_binlog_pos"),
            // MySQL 8.4 has renamed it.
            Product::MySql if self.is_before_mysql(8, 4) => {
                ("SHOW MASTER STATUS", "SELECT @@global.gtid_executed")
            }
            Product::MySql => ("SHOW BINARY LOG STATUS", "SELECT @@global.gtid_executed"),
        };
        let rows = match self.fetch_all(what, status).await {
            Ok(rows) => rows,
            Err(error) if error.is_denied() => return Ok(None),
            Err(error) => return Err(error),
        };
        let file = self.text(what, rows.first(), 0)?;
        let position = self.text(what, rows.first(), 1)?;
        let position = position.and_then(|position| position.parse().ok());
        let Some((file, position)) = file.zip(position) else {
            return Ok(None);
        };
        let gtid = self.first_text(what, gtids).await?;
        Ok(Some(LogPosition {
            file,
            position,
            gtid: gtid.filter(|gtid| !gtid.is_empty()),
        }))
    }

    fn is_before_mysql(&self, major: u32, minor: u32) -> bool {
        let version = self.server.strip_prefix("MySQL ").unwrap_or_default();
        let mut numbers = version
            .split('.')
            .map_while(|part| part.parse::<u32>().ok());
        (numbers.next(), numbers.next()) < (Some(major), Some(minor))
    }

    async fn first_text(&mut self, what: &str, sql: &str) -> Result<Option<String>, DatabaseError> {
        let rows = self.fetch_all(what, sql).await?;
        self.text(what, rows.first(), 0)
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
