//! Loading by key: lines replace the rows of the same key, and others stay.
//!
//! The lines first go into a temporary table made like the real one, so that its own idea of
//! equal keys (collations) finds those that stand in the file twice.

use super::column::Dialect;
use super::error::LoadError;
use super::table::{TableShape, list};
use crate::database::{Database, DatabaseError, Raw, quoted};
use std::path::Path;

const STAGING: &str = "comptoir_staging";
/// The line of the file, beside the table's own columns.
const LINE: &str = "comptoir_line";

/// The columns to insert into the staging table: the line, then those of the file.
pub(crate) fn staging_columns(shape: &TableShape) -> Vec<String> {
    let names = shape.columns.iter().map(|column| column.name.clone());
    [LINE.to_owned()].into_iter().chain(names).collect()
}

/// Makes the empty staging table and gives its name.
pub(crate) async fn stage(
    database: &mut Database,
    dialect: Dialect,
    shape: &TableShape,
) -> Result<&'static str, DatabaseError> {
    let what = "making a temporary table";
    let names: Vec<_> = shape.columns.iter().map(|column| &column.name).collect();
    let (staging, line) = (quoted(STAGING), quoted(LINE));
    let columns = list(&names);
    // Words that touch temporary tables only.
    let (drop, whole) = match dialect {
        Dialect::MySql => (
            format!("DROP TEMPORARY TABLE IF EXISTS {staging}"),
            "SIGNED",
        ),
        Dialect::Sqlite => (format!("DROP TABLE IF EXISTS temp.{staging}"), "INTEGER"),
    };
    let create = format!(
        "CREATE TEMPORARY TABLE {staging} AS \
         SELECT CAST(1 AS {whole}) AS {line}, {columns} FROM {} WHERE 1 = 0",
        quoted(&shape.name)
    );
    database.execute(what, &drop).await?;
    database.execute(what, &create).await?;
    Ok(STAGING)
}

/// Rows of the table that are new and that were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Upserted {
    pub(crate) added: u64,
    pub(crate) replaced: u64,
}

pub(crate) async fn merge(
    database: &mut Database,
    dialect: Dialect,
    shape: &TableShape,
    path: &Path,
    lines: u64,
) -> Result<Upserted, LoadError> {
    refuse_duplicates(database, shape, path).await?;
    let before = count(database, &shape.name).await?;
    database
        .execute(
            &format!("merging into `{}`", shape.name),
            &merge_sql(dialect, shape),
        )
        .await?;
    let added = count(database, &shape.name).await?.saturating_sub(before);
    Ok(Upserted {
        added,
        replaced: lines.saturating_sub(added),
    })
}

async fn refuse_duplicates(
    database: &mut Database,
    shape: &TableShape,
    path: &Path,
) -> Result<(), LoadError> {
    let (key, line) = (list(&shape.primary_key), quoted(LINE));
    let twice = format!(
        "SELECT MIN({line}), MAX({line}), {} FROM {} GROUP BY {key} HAVING COUNT(*) > 1 \
         ORDER BY 1 LIMIT 1",
        (shape.primary_key.iter())
            .map(|column| format!("MIN({})", quoted(column)))
            .collect::<Vec<_>>()
            .join(", "),
        quoted(STAGING)
    );
    let rows = database
        .fetch_all("looking for keys that stand twice", &twice)
        .await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let text = |index| {
        row.get(index)
            .ok()
            .and_then(Raw::to_text)
            .unwrap_or_default()
    };
    let key: Vec<_> = (shape.primary_key.iter().enumerate())
        .map(|(index, column)| format!("{column} `{}`", text(index + 2)))
        .collect();
    Err(LoadError::DuplicateKey {
        path: path.to_owned(),
        line: text(1),
        first_line: text(0),
        key: key.join(", "),
    })
}

fn merge_sql(dialect: Dialect, shape: &TableShape) -> String {
    let names: Vec<_> = shape.columns.iter().map(|column| &column.name).collect();
    let (table, columns, staging) = (quoted(&shape.name), list(&names), quoted(STAGING));
    let is_key = |name: &str| {
        shape
            .primary_key
            .iter()
            .any(|key| key.eq_ignore_ascii_case(name))
    };
    let others: Vec<_> = names
        .iter()
        .filter(|name| !is_key(name))
        .map(|name| quoted(name))
        .collect();
    match dialect {
        Dialect::MySql => {
            let key = quoted(&shape.primary_key[0]);
            let set = match others.as_slice() {
                [] => format!("{key} = {table}.{key}"),
                others => (others.iter())
                    .map(|name| format!("{name} = {staging}.{name}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging} \
                 ON DUPLICATE KEY UPDATE {set}"
            )
        }
        Dialect::Sqlite => {
            let key = list(&shape.primary_key);
            let action = match others.as_slice() {
                [] => "NOTHING".to_owned(),
                others => {
                    let set: Vec<_> = (others.iter())
                        .map(|name| format!("{name} = excluded.{name}"))
                        .collect();
                    format!("UPDATE SET {}", set.join(", "))
                }
            };
            // Without WHERE, SQLite takes ON for a join.
            format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging} WHERE 1 = 1 \
                 ON CONFLICT ({key}) DO {action}"
            )
        }
    }
}

async fn count(database: &mut Database, table: &str) -> Result<u64, DatabaseError> {
    let what = format!("counting the rows of `{table}`");
    let rows = database
        .fetch_all(&what, &format!("SELECT COUNT(*) FROM {}", quoted(table)))
        .await?;
    let text = rows.first().and_then(|row| row.get(0).ok()?.to_text());
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}
