//! Bringing the schema up to date, once, whoever starts first.

use crate::dialect::Dialect;
use crate::error::{Result, WarehouseError};
use crate::rows::Cells;
use crate::schema::{MIGRATIONS, Step, VERSIONS};
use crate::session::Session;
use crate::warehouse::{Inner, SchemaVersion};
use comptoir_database::{Retry, Value};
use jiff::Timestamp;
use std::time::Duration;

/// How long a migration waits for another one.
const LOCK_S: u64 = 60;
const WAL_TRIES: u32 = 100;
const WAL_PAUSE: Duration = Duration::from_millis(50);

/// The newest schema that this program knows.
pub(crate) fn known() -> SchemaVersion {
    SchemaVersion(u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX))
}

pub(crate) async fn migrate(inner: &Inner, now: Timestamp) -> Result<SchemaVersion> {
    let mut session = Session::open_or_make(inner).await?;
    match session.dialect {
        Dialect::Sqlite => {
            write_ahead(&mut session).await?;
            session.begin().await?;
            apply(&mut session, now).await?;
            session.commit("a migration").await?;
        }
        Dialect::MySql => {
            lock(&mut session).await?;
            let applied = apply(&mut session, now).await;
            // Ends with the session at the latest.
            if applied.is_ok() {
                let what = "unlocking the schema";
                let unlock = format!("SELECT RELEASE_LOCK({LOCK_NAME})");
                session.select(what, &unlock, &[]).await?;
            }
            applied?;
        }
    }
    session.close().await;
    Ok(known())
}

/// Of this database, at most 64 characters.
const LOCK_NAME: &str = "CONCAT('comptoir.', LEFT(SHA2(DATABASE(), 256), 40))";

async fn lock(session: &mut Session) -> Result<()> {
    let what = "locking the schema";
    // Within the time limit of a statement.
    for _ in 0..LOCK_S {
        let sql = format!("SELECT GET_LOCK({LOCK_NAME}, 1)");
        let rows = session.select(what, &sql, &[]).await?;
        let got = rows.first().map(|row| row.optional_integer(0));
        if matches!(got, Some(Ok(Some(1)))) {
            return Ok(());
        }
    }
    Err(WarehouseError::MigrationLocked {
        url: session.url(),
        seconds: LOCK_S,
    })
}

/// Lets readers read while somebody writes. Whoever has the file open just now can be in the way,
/// and `SQLite` does not wait here.
async fn write_ahead(session: &mut Session) -> Result<()> {
    let mut tries = 0;
    loop {
        match session
            .execute("choosing the journal", "PRAGMA journal_mode = WAL")
            .await
        {
            Err(error) if error.retry() == Retry::CanHelp && tries < WAL_TRIES => {
                tries += 1;
                tokio::time::sleep(WAL_PAUSE).await;
            }
            done => return done,
        }
    }
}

async fn apply(session: &mut Session, now: Timestamp) -> Result<()> {
    let what = "migrating the schema";
    let versions = session.dialect.schema(VERSIONS);
    session.execute(what, &versions).await?;
    let found = newest(session).await?;
    if found > known() {
        return Err(newer(session, found));
    }
    for (number, steps) in (1_u32..).zip(MIGRATIONS).skip(found.0 as usize) {
        for step in *steps {
            apply_step(session, step).await?;
        }
        let done = "INSERT INTO schema_version (version, applied_at_ms) VALUES (?, ?)";
        let values = [
            Value::Integer(number.into()),
            Value::Integer(now.as_millisecond()),
        ];
        session.run(what, done, &values).await?;
        tracing::info!(url = session.url(), version = number, "warehouse migrated");
    }
    Ok(())
}

async fn apply_step(session: &mut Session, step: &Step) -> Result<()> {
    let what = "migrating the schema";
    match step {
        Step::Table(sql) => {
            let sql = session.dialect.schema(sql);
            session.execute(what, &sql).await
        }
        Step::Column {
            table,
            name,
            column_type,
        } => {
            let is_there = match session.dialect {
                Dialect::Sqlite => "SELECT COUNT(*) FROM pragma_table_info(?) WHERE name = ?",
                Dialect::MySql => {
                    "SELECT COUNT(*) FROM information_schema.columns \
                     WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?"
                }
            };
            let values = [Value::Text(table), Value::Text(name)];
            if count(session, is_there, &values).await? == 0 {
                let column_type = session.dialect.schema(column_type);
                let sql = format!("ALTER TABLE {table} ADD COLUMN {name} {column_type}");
                session.execute(what, &sql).await?;
            }
            Ok(())
        }
        Step::Index {
            name,
            table,
            columns,
        } => {
            let is_there = match session.dialect {
                Dialect::Sqlite => {
                    "SELECT COUNT(*) FROM sqlite_schema \
                     WHERE type = 'index' AND tbl_name = ? AND name = ?"
                }
                Dialect::MySql => {
                    "SELECT COUNT(*) FROM information_schema.statistics \
                     WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?"
                }
            };
            let values = [Value::Text(table), Value::Text(name)];
            if count(session, is_there, &values).await? == 0 {
                let sql = format!("CREATE INDEX {name} ON {table} ({columns})");
                session.execute(what, &sql).await?;
            }
            Ok(())
        }
    }
}

/// What the database says it is; 0 where it says nothing.
pub(crate) async fn found(session: &mut Session) -> Result<SchemaVersion> {
    let is_there = match session.dialect {
        Dialect::Sqlite => {
            "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'"
        }
        Dialect::MySql => {
            "SELECT COUNT(*) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = 'schema_version'"
        }
    };
    if count(session, is_there, &[]).await? == 0 {
        return Ok(SchemaVersion(0));
    }
    newest(session).await
}

pub(crate) async fn require_known(session: &mut Session) -> Result<()> {
    let found = found(session).await?;
    if found < known() {
        return Err(not_migrated(session.url(), found));
    }
    if found > known() {
        return Err(newer(session, found));
    }
    Ok(())
}

pub(crate) fn not_migrated(url: String, found: SchemaVersion) -> WarehouseError {
    WarehouseError::NotMigrated {
        url,
        found,
        known: known(),
    }
}

fn newer(session: &Session, found: SchemaVersion) -> WarehouseError {
    WarehouseError::NewerSchema {
        url: session.url(),
        found,
        known: known(),
    }
}

async fn newest(session: &mut Session) -> Result<SchemaVersion> {
    let sql = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
    let version = count(session, sql, &[]).await?;
    Ok(SchemaVersion(u32::try_from(version).unwrap_or(u32::MAX)))
}

async fn count(session: &mut Session, sql: &str, values: &[Value<'_>]) -> Result<u64> {
    let rows = session.select("asking for the schema", sql, values).await?;
    let Some(row) = rows.first() else {
        return Ok(0);
    };
    Cells::of("schema_version", row).unsigned()
}
