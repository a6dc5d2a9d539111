//! One connection to the warehouse, and its transactions.

use crate::dialect::{Dialect, OnConflict};
use crate::error::{Result, WarehouseError};
use crate::migrate;
use crate::rows::Cells;
use crate::turns::Turn;
use crate::warehouse::{Inner, SchemaVersion};
use comptoir_config::DatabaseUrl;
use comptoir_database::{Access, Database, DatabaseError, Row, Value};
use futures::stream::BoxStream;
use std::time::Duration;

/// How many rows a statement inserts: each size is one prepared statement. With powers of two few
/// statements make up any number; each is a way to the server and back.
const INSERT_SIZES: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];
/// What `MySQL` takes at once where it doesn't say.
const PACKET_BYTES: usize = 1 << 20;

/// After an error, or a call that was dropped half-way, a session has to be thrown away: that ends
/// an open transaction without a trace.
pub(crate) struct Session {
    database: Database,
    pub(crate) dialect: Dialect,
    /// How many bytes one value may have.
    pub(crate) bytes_max: usize,
    turn: Option<Turn>,
}

/// What an insert writes, and where.
pub(crate) struct Insert<'a> {
    pub(crate) table: &'static str,
    pub(crate) key: &'a [&'a str],
    pub(crate) columns: &'a [&'a str],
    pub(crate) on_conflict: OnConflict<'a>,
}

impl Session {
    /// Connects, and refuses a schema that is not ours.
    pub(crate) async fn open(inner: &Inner) -> Result<Self> {
        let mut session = Self::open_existing(inner).await?;
        migrate::require_known(&mut session).await?;
        Ok(session)
    }

    /// Connects, whatever the schema is, and makes no file.
    pub(crate) async fn open_existing(inner: &Inner) -> Result<Self> {
        // Opening a file that isn't there would make it.
        if let DatabaseUrl::Sqlite { path } = &inner.url
            && !path.is_file()
        {
            return Err(migrate::not_migrated(
                inner.url.to_string(),
                SchemaVersion(0),
            ));
        }
        Self::open_or_make(inner).await
    }

    /// Connects, whatever the schema is.
    pub(crate) async fn open_or_make(inner: &Inner) -> Result<Self> {
        let (url, login) = (&inner.url, &inner.login);
        let mut database = Database::connect(url, login, Access::Write, inner.limits).await?;
        let dialect = Dialect::of(&inner.url);
        let what = "setting up the session";
        let mut bytes_max = usize::MAX;
        match dialect {
            // A commit is on the disk when it returns.
            Dialect::Sqlite => {
                database
                    .execute(
                        what,
                        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; \
                         PRAGMA cache_size = -4000; PRAGMA journal_size_limit = 67108864",
                    )
                    .await?;
            }
            // Writers only need their row locks: no gaps, so that they don't wait in circles.
            Dialect::MySql => {
                let seconds = (inner.limits.statement.as_secs() / 2).clamp(1, 50);
                let settings = format!(
                    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
                     innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"
                );
                database.execute(what, &settings).await?;
                let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
                database.execute(what, isolation).await?;
                let rows = (database.select(what, "SELECT @@max_allowed_packet", &[])).await?;
                let packet = rows.first().and_then(|row| row.integer(0).ok());
                let packet = packet.and_then(|bytes| usize::try_from(bytes).ok());
                // The rest of the statement needs room, too.
                bytes_max = packet.unwrap_or(PACKET_BYTES).saturating_sub(1 << 16);
            }
        }
        Ok(Self {
            database,
            dialect,
            bytes_max,
            turn: None,
        })
    }

    /// Lets the server end this session when it has said nothing for `limit`, and with it an open
    /// transaction and its locks. Nothing ends a session of `SQLite` but its process.
    pub(crate) async fn end_after_silence(&mut self, limit: Duration) -> Result<()> {
        if self.dialect == Dialect::Sqlite {
            return Ok(());
        }
        let seconds = limit.as_secs().max(1);
        let limits = format!("SET SESSION wait_timeout = {seconds}, net_read_timeout = {seconds}");
        self.execute("limiting the session's silence", &limits)
            .await
    }

    pub(crate) fn url(&self) -> String {
        self.database.url().to_string()
    }

    pub(crate) fn server(&self) -> &str {
        &self.database.server
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        let what = "beginning a transaction";
        match self.dialect {
            Dialect::MySql => self.execute(what, "START TRANSACTION READ WRITE").await,
            Dialect::Sqlite => {
                self.turn = Some(Turn::take(self.database.url()).await);
                self.execute(what, "BEGIN IMMEDIATE").await
            }
        }
    }

    /// Begins a transaction in which every statement sees the database as it is now.
    pub(crate) async fn begin_snapshot(&mut self) -> Result<()> {
        let what = "opening the snapshot";
        let statements: &[&str] = match self.dialect {
            Dialect::MySql => &[
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ],
            // It sees the database as of its first read.
            Dialect::Sqlite => &["BEGIN"],
        };
        for statement in statements {
            self.execute(what, statement).await?;
        }
        Ok(())
    }

    /// Ends a transaction that wrote. Every error leaves open whether it was committed.
    pub(crate) async fn commit(&mut self, what: &str) -> Result<()> {
        let done = self.database.execute(what, "COMMIT").await;
        self.turn = None;
        done.map_err(|source| WarehouseError::UnknownOutcome {
            what: what.to_owned(),
            source,
        })
    }

    /// Ends a transaction of which nothing is to stay, or that only read.
    pub(crate) async fn rollback(&mut self) -> Result<()> {
        let done = self.execute("ending a transaction", "ROLLBACK").await;
        self.turn = None;
        done
    }

    pub(crate) async fn execute(&mut self, what: &str, sql: &str) -> Result<()> {
        Ok(self.database.execute(what, sql).await?)
    }

    /// How many rows it changed.
    pub(crate) async fn run(&mut self, what: &str, sql: &str, values: &[Value<'_>]) -> Result<u64> {
        Ok(self.database.run(what, sql, values).await?)
    }

    pub(crate) async fn select(
        &mut self,
        what: &str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>> {
        Ok(self.database.select(what, sql, values).await?)
    }

    /// How many rows a statement selects.
    pub(crate) async fn count(
        &mut self,
        what: &str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<usize> {
        let sql = format!("SELECT COUNT(*) FROM ({sql}) found");
        let rows = self.select(what, &sql, values).await?;
        let count = rows.first().map(|row| Cells::of("found", row).unsigned());
        let count = count.transpose()?.unwrap_or_default();
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    pub(crate) fn select_rows<'a>(
        &'a mut self,
        what: &'a str,
        sql: &'a str,
        values: &'a [Value<'a>],
    ) -> BoxStream<'a, std::result::Result<Row, DatabaseError>> {
        self.database.select_rows(what, sql, values)
    }

    /// Inserts rows whose values stand one after the other, in as few statements as can be.
    pub(crate) async fn insert(&mut self, insert: &Insert<'_>, values: &[Value<'_>]) -> Result<()> {
        let what = format!("writing into `{}`", insert.table);
        let columns = insert.columns.len();
        let mut rest = values;
        for size in INSERT_SIZES {
            if rest.len() < size * columns {
                continue;
            }
            let sql = (self.dialect).insert(
                insert.table,
                insert.key,
                insert.columns,
                insert.on_conflict,
                size,
            );
            while let Some((chunk, after)) = rest.split_at_checked(size * columns) {
                self.run(&what, &sql, chunk).await?;
                rest = after;
            }
        }
        Ok(())
    }

    pub(crate) async fn close(self) {
        self.database.close().await;
    }
}
