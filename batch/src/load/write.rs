//! Filling tables: rows in batches of bound values, inside the caller's transaction.

use super::error::LoadError;
use super::shift::Values;
use super::table::list;
use crate::database::{Database, DatabaseError, quoted};
use tokio::sync::mpsc;

/// Below what both databases take: `SQLite` 32,766 bound values a statement, `MySQL` 65,535.
const BOUND_MAX: usize = 16_000;
const ROWS_MAX: usize = 500;
/// Far below `MySQL`'s `max_allowed_packet`, which is 16 MiB by default.
const BYTES_MAX: usize = 1 << 20;

/// Rows that one statement inserts.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    values: Vec<Option<String>>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub(crate) fn push(&mut self, row: Values) {
        self.bytes += row.iter().flatten().map(String::len).sum::<usize>();
        self.values.extend(row);
        self.rows += 1;
    }

    /// Whether another row of `columns` values may be one too many.
    pub(crate) fn is_full(&self, columns: usize) -> bool {
        self.rows >= ROWS_MAX || self.bytes >= BYTES_MAX || self.values.len() + columns > BOUND_MAX
    }
}

/// Inserts all batches that come, and says how many rows they had.
pub(crate) async fn insert(
    database: &mut Database,
    table: &str,
    columns: &[String],
    batches: &mut mpsc::Receiver<Batch>,
) -> Result<u64, DatabaseError> {
    let mut statement = (0, String::new());
    let mut inserted = 0;
    while let Some(batch) = batches.recv().await {
        if statement.0 != batch.rows {
            statement = (batch.rows, insert_sql(table, columns, batch.rows));
        }
        let what = format!("inserting into `{table}`");
        inserted += database
            .execute_with(&what, &statement.1, &batch.values)
            .await?;
    }
    Ok(inserted)
}

fn insert_sql(table: &str, columns: &[String], rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    format!(
        "INSERT INTO {} ({}) VALUES {}",
        quoted(table),
        list(columns),
        vec![row.as_str(); rows].join(",")
    )
}

/// Runs `work` in one transaction: all of it is kept, or nothing.
pub(crate) async fn in_transaction<T>(
    database: &mut Database,
    begin: &str,
    work: impl AsyncFnOnce(&mut Database) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    database.execute("beginning the transaction", begin).await?;
    match work(database).await {
        Ok(done) => {
            // Unanswered, it may have succeeded; loading again does not double anything.
            database.execute("committing", "COMMIT").await?;
            Ok(done)
        }
        Err(error) => {
            if let Err(rollback) = database.execute("rolling back", "ROLLBACK").await {
                // The server does it when the session ends.
                tracing::debug!(%rollback, "rolling back");
            }
            Err(error)
        }
    }
}
