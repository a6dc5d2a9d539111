//! The table, or what was asked for of it, read once more for its number of rows and their checksum.

use super::drift::Drift;
use super::report::{Difference, Report, SourceCheck};
use crate::database::{Database, DatabaseError, quoted};
use crate::encode::{RowHasher, SqlType, Total, source_bytes};
use crate::import::{Selection, describe, from_clause};
use comptoir_model::manifest::{Column, EarlierSource, Manifest, SourceRows};
use comptoir_model::row_checksum::CanonicalForm;
use futures::TryStreamExt;

/// The source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Compares an import with its table as it is now, in one snapshot, and adds to the report what
/// differs; one that several runs added to, with what each of them read. What was written to the table since the import shows as a difference.
pub async fn check_source(
    database: &mut Database,
    manifest: &Manifest,
    report: &mut Report,
) -> Result<(), SourceError> {
    database.open_snapshot().await?;
    let mut source = Total::default();
    // In a target that runs add to, each of them read something.
    for read in manifest.sources() {
        match types(database, manifest, &read).await? {
            Ok(types) => source += total(database, manifest, &read, types).await?,
            Err(drift) => {
                report.differences.push(Difference::SourceColumns {
                    changes: drift.to_string(),
                });
                return Ok(());
            }
        }
    }
    let lake = Total {
        rows: manifest.rows() + manifest.quarantined_rows(),
        checksum: manifest.checksum().unwrap_or_default(),
    };
    let check = how_far(manifest);
    let differs = match &check {
        SourceCheck::Checksum => source != lake,
        SourceCheck::Count { .. } => source.rows != lake.rows,
    };
    if differs {
        report
            .differences
            .push(Difference::SourceRows { lake, source });
    }
    report.source = Some(check);
    Ok(())
}

/// The types of the import's columns as they are now, and what the checksum takes of each; or what
/// has changed.
async fn types(
    database: &mut Database,
    manifest: &Manifest,
    read: &EarlierSource,
) -> Result<Result<Vec<(SqlType, CanonicalForm)>, Drift>, DatabaseError> {
    let selection = match &read.rows {
        SourceRows::Query(sql) => Selection::Query(sql.clone()),
        SourceRows::All | SourceRows::Where(_) => Selection::Table {
            name: read.table.clone(),
            columns: None,
            filter: None,
        },
    };
    let table = describe(database, &selection).await?;
    // An import may have left columns out: only those it has are asked for.
    let now: Vec<Column> = (manifest.columns.iter())
        .filter_map(|column| table.column(&column.name).map(|now| (column, now)))
        .map(|(column, now)| Column {
            sql_type: now.sql_type.clone(),
            ..column.clone()
        })
        .collect();
    let drift = Drift::between(&manifest.columns, &now);
    if !drift.is_none() {
        return Ok(Err(drift));
    }
    let types = (manifest.columns.iter())
        .filter_map(|column| Some((table.column(&column.name)?, column.canonical)))
        .map(|(now, form)| (SqlType::of(now), form.unwrap_or(CanonicalForm::AsWritten)))
        .collect();
    Ok(Ok(types))
}

/// What the manifest allows to compare with the source.
fn how_far(manifest: &Manifest) -> SourceCheck {
    let as_written =
        (manifest.columns.iter()).find(|column| column.canonical == Some(CanonicalForm::AsWritten));
    let reason = if manifest.checksum().is_none() {
        "the import has none".to_owned()
    } else if manifest.quarantined_rows() > 0 {
        format!("{} rows were set aside", manifest.quarantined_rows())
    } else if manifest.lossy_nulls > 0 {
        format!("{} values became NULL", manifest.lossy_nulls)
    } else if let Some(column) = as_written {
        format!("the column `{}` was changed on the way", column.name)
    } else {
        return SourceCheck::Checksum;
    };
    SourceCheck::Count { reason }
}

/// Reads all rows of the import's columns that one run asked for. Memory holds one of them.
async fn total(
    database: &mut Database,
    manifest: &Manifest,
    read: &EarlierSource,
    types: Vec<(SqlType, CanonicalForm)>,
) -> Result<Total, DatabaseError> {
    let table = &read.table;
    let columns: Vec<_> = (manifest.columns.iter())
        .map(|column| quoted(&column.name))
        .collect();
    let what = format!("reading the table `{table}`");
    // A constant comes first: the driver takes a row whose first value has 16 MiB or more for the
    // end of the answer.
    let select = format!(
        "SELECT 0, {} FROM {}",
        columns.join(", "),
        from_clause(table, &read.rows)
    );
    let url = database.url().clone();
    let mut hasher = RowHasher::new(types);
    let mut scratch = String::new();
    let mut rows = database.rows(&what, &select);
    while let Some(row) = rows.try_next().await? {
        for index in 1..=columns.len() {
            let value =
                (row.get(index)).map_err(|error| DatabaseError::value(&url, table, error))?;
            hasher.value(source_bytes(value, &mut scratch));
        }
        hasher.end_row();
    }
    Ok(hasher.total())
}
