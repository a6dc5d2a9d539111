//! One run: snapshot, description, parts, publication.

use super::error::ImportError;
use super::part::{self, Part, WrittenPart};
use super::request::{ImportReport, ImportRequest, Source, thousands};
use super::split_column;
use super::splits::{self, Bounds, Split};
use crate::database::{Access, Database, DatabaseError, Limits, TableInfo, quoted};
use comptoir_lake::publish::Publication;
use comptoir_lake::{EntryKind, Lake, LakePath};
use comptoir_model::file_format::FileFormat;
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{Column, MANIFEST_VERSION, Manifest, SourceInfo};
use futures::TryStreamExt;
use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::task::JoinSet;

/// Imports a table and replaces what was published in the target before, all or nothing.
///
/// All parts are read one after another over one connection, inside one read-only transaction:
/// they show the table as it was at one moment, whatever is written meanwhile. Until the last
/// step readers see the old import; a run that ends anywhere before leaves it untouched, and the
/// next one sweeps what it left. Memory is bounded by the biggest row plus a few MiB.
pub async fn import(
    source: &Source,
    lake: &Lake,
    request: &ImportRequest,
    run: RunId,
    clock: impl Fn() -> Timestamp,
    progress: &ProgressBar,
) -> Result<ImportReport, ImportError> {
    refuse_foreign_target(lake, &request.target).await?;
    let limits = Limits::default();
    let mut database = Database::connect(&source.url, &source.login, Access::Read, limits).await?;
    // Read before the snapshot opens, so that a change after this time may be in the import, and
    // no change before it can be missing.
    let imported_at = clock();
    database.open_snapshot().await?;
    let table = database.describe(&request.table).await?;
    let column = split_column::choose(&table, request.mappers, request.split_by.as_deref())?;
    let splits = match &column {
        None => vec![Split::EVERYTHING],
        Some(column) => {
            let bounds = database.integer_bounds(&table.name, column).await?;
            let bounds = bounds.map(|(min, max)| Bounds { min, max });
            splits::plan(bounds, request.mappers)
        }
    };
    progress.set_length(splits.len() as u64);

    let publication = Publication::begin(lake, &request.target, run.clone()).await?;
    let cuts: Vec<_> = (splits.into_iter())
        .map(|split| column.as_deref().and_then(|column| split.condition(column)))
        .collect();
    let written = write_parts(
        &mut database,
        &table,
        &cuts,
        request,
        &publication,
        progress,
    );
    let parts = match written.await {
        Ok(parts) => parts,
        Err(error) => {
            // What stays is swept by the next run.
            if let Err(error) = publication.abandon().await {
                tracing::debug!(%error, "could not delete the unfinished run");
            }
            return Err(error);
        }
    };
    let manifest = manifest(request, &database, &table, run, imported_at, parts);
    database.close().await;
    publication.commit(&manifest, clock()).await?;
    progress.finish_and_clear();
    Ok(ImportReport {
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        parts: manifest.parts.len(),
        ambiguous_rows: manifest.ambiguous_rows,
        location: lake.url_of(&request.target),
        run: manifest.run,
        imported_at,
    })
}

/// Only what comptoir published is replaced; an empty directory, made with its rights by an
/// operator, will do.
async fn refuse_foreign_target(lake: &Lake, target: &LakePath) -> Result<(), ImportError> {
    if target.file_name().is_none() {
        return Err(ImportError::TargetIsRoot {
            path: target.clone(),
        });
    }
    match lake.stat(target).await?.map(|entry| entry.kind) {
        None => return Ok(()),
        Some(EntryKind::File) => {
            return Err(ImportError::TargetIsFile {
                url: lake.url_of(target),
            });
        }
        Some(EntryKind::Directory) => {}
    }
    let entries = lake.list(target).await?;
    let names: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry.path.file_name())
        .collect();
    let ours = names.iter().any(|name| Manifest::number_of(name).is_some());
    match names.first() {
        Some(found) if !ours => Err(ImportError::ForeignTarget {
            url: lake.url_of(target),
            found: (*found).to_owned(),
        }),
        _ => Ok(()),
    }
}

async fn write_parts(
    database: &mut Database,
    table: &TableInfo,
    cuts: &[Option<String>],
    request: &ImportRequest,
    publication: &Publication,
    progress: &ProgressBar,
) -> Result<Vec<WrittenPart>, ImportError> {
    let what = format!("reading the table `{}`", table.name);
    let url = database.url().clone();
    let (mut rows_before, mut bytes_before) = (0, 0);
    // A part is closed while the next one is read.
    let mut closing = JoinSet::new();
    for (index, cut) in cuts.iter().enumerate() {
        let name = part::name(index);
        let writer = publication.create_part(&name).await?;
        let mut part = Part::new(writer, table, &request.format);
        let mut rows = database.rows(&what, &select(table, cut.as_deref()));
        while let Some(row) = rows.try_next().await? {
            part.append(&row, FIRST_VALUE)
                .map_err(|error| DatabaseError::value(&url, &table.name, error))?;
            part.flush_if_full().await?;
            let (rows, bytes) = part.progress();
            if rows.is_multiple_of(1000) {
                show(progress, rows_before + rows, bytes_before + bytes);
            }
        }
        let part = part.finish(name).await?;
        rows_before += part.info().rows;
        bytes_before += part.info().bytes;
        show(progress, rows_before, bytes_before);
        progress.inc(1);
        closing.spawn(part.close());
    }
    let parts: Result<Vec<_>, _> = closing.join_all().await.into_iter().collect();
    let mut parts = parts?;
    parts.sort_by(|one, other| one.info.name.cmp(&other.info.name));
    Ok(parts)
}

/// The column of the answer at which the table's own begin.
const FIRST_VALUE: usize = 1;

/// A constant comes first: the driver takes a row whose first value has 16 MiB or more for the
/// end of the answer, and would silently leave out the rest.
fn select(table: &TableInfo, condition: Option<&str>) -> String {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| quoted(&column.name))
        .collect();
    let condition = condition.map_or(String::new(), |text| format!(" WHERE {text}"));
    format!(
        "SELECT 0, {} FROM {}{condition}",
        columns.join(", "),
        quoted(&table.name)
    )
}

fn show(progress: &ProgressBar, rows: u64, bytes: u64) {
    progress.set_message(format!(
        "{} rows, {} MB",
        thousands(rows),
        thousands(bytes / 1_000_000)
    ));
}

fn manifest(
    request: &ImportRequest,
    database: &Database,
    table: &TableInfo,
    run: RunId,
    imported_at: Timestamp,
    parts: Vec<WrittenPart>,
) -> Manifest {
    let columns = table.columns.iter().map(|column| Column {
        name: column.name.clone(),
        sql_type: column.sql_type.clone(),
        kind: column.storage.kind(),
        canonical: None,
    });
    Manifest {
        version: MANIFEST_VERSION,
        run,
        source: SourceInfo {
            url: database.url().to_string(),
            table: table.name.clone(),
            server: database.server.clone(),
        },
        imported_at,
        files: FileFormat::default(),
        format: request.format.clone(),
        columns: columns.collect(),
        ambiguous_rows: parts.iter().map(|part| part.ambiguous_rows).sum(),
        lossy_nulls: 0,
        quarantined_rows: 0,
        quality: Vec::new(),
        parts: parts.into_iter().map(|part| part.info).collect(),
        arguments: request.arguments.clone(),
    }
}
