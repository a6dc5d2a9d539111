//! One run: description, snapshot, ranges, parts, publication.

use super::columns::{Fidelity, ReadColumn};
use super::encoding::Layout;
use super::error::ImportError;
use super::incremental::{self, Before, IncrementalOutcome, Window};
use super::part::WrittenPart;
use super::request::{ImportReport, ImportRequest, Selection, Source, Validation};
use super::selection::{self, Select};
use super::snapshot::{self, Snapshot, SnapshotMode};
use super::splits::{self, Coverage, Cutting, Splitter};
use super::worker::{self, Job, WORKERS_MAX};
use super::{publish, split_column, target};
use crate::database::{Access, Database, Limits, Product, TableInfo, quoted};
use crate::verify::{self, Decision, DriftPolicy};
use comptoir_lake::publish::Publication;
use comptoir_lake::{Lake, LakeError, published};
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{
    Appended, Column, MANIFEST_VERSION, Manifest, SnapshotInfo, SourceInfo,
};
use comptoir_model::row_checksum::CanonicalForm;
use indicatif::ProgressBar;
use jiff::Timestamp;
use std::sync::Arc;

/// Imports rows and publishes them in the target, all or nothing.
///
/// The parts are read by several workers inside one consistent snapshot: they show the source as it
/// was at one moment, whatever is written meanwhile. Until the last step readers see the old
/// import; a run that ends anywhere before leaves it untouched, and the next one sweeps what it
/// left. Each worker's memory is bounded by the biggest row plus a few MiB.
pub async fn import(
    source: &Source,
    lake: &Lake,
    request: &ImportRequest,
    run: RunId,
    clock: impl Fn() -> Timestamp,
    progress: &ProgressBar,
) -> Result<ImportReport, ImportError> {
    target::ensure_free(lake, request).await?;
    let before = match request.incremental {
        Some(_) => Before::of(lake, request).await?,
        None => Before::default(),
    };
    let limits = Limits::default();
    let mut database = Database::connect(&source.url, &source.login, Access::Read, limits).await?;
    let server = database.server.clone();
    let plan = Plan::of(&mut database, request).await?;
    let asked = match &request.incremental {
        Some(wanted) => {
            Some(incremental::begin(&mut database, request, wanted, &plan.table).await?)
        }
        None => None,
    };
    // Read before the snapshot opens, so that a change after this time may be in the import, and
    // no change before it can be missing.
    let imported_at = clock();
    let workers = if plan.cut.is_some() {
        request.mappers.get() as usize
    } else {
        1
    };
    let workers = workers.min(WORKERS_MAX);
    let snapshot = snapshot::open(database, source, workers, request.snapshot).await?;
    let Snapshot {
        mut connections,
        info,
    } = snapshot;
    let first = &mut connections[0];
    let window = match asked {
        Some(asked) => {
            let window = asked.window(first, request, &before, &plan.table, imported_at);
            let Some(window) = window.await? else {
                progress.finish_and_clear();
                return Ok(before.nothing_new(lake, request, run, imported_at));
            };
            Some(window)
        }
        None => None,
    };
    let narrowed = window.as_ref().map(|window| request.narrowed(window));
    let request = narrowed.as_ref().unwrap_or(request);
    let cuts = plan.cuts(first, request).await?;
    let counted = match request.validation {
        Validation::None => None,
        Validation::ReadBack => {
            Some(selection::count(first, &request.selection, &plan.table).await?)
        }
    };
    let lead = window.as_ref().and_then(Window::lead);
    let selects = plan.selects(&cuts, request, lead);
    let layout = Layout {
        table: plan.table.name.clone(),
        columns: plan.columns.clone(),
        format: request.format.clone(),
        hive: request.rendering.hive.clone(),
        files: request.files,
        conversion: request.conversion,
    };
    let forms = layout.canonical_forms();
    let columns = columns(&plan.columns, &forms);
    ensure_contract(lake, request, &plan.table.name, &columns).await?;
    let publication = Publication::begin(lake, &request.target, run.clone()).await?;
    let overlap = window.as_ref().and_then(|window| window.overlap.clone());
    let progress_of_parts = progress.clone();
    let job = Job::new(
        layout,
        selects,
        publication,
        overlap.clone(),
        progress_of_parts,
    );
    let job = Arc::new(job);
    let written = worker::write_parts(&job, connections).await;
    let left_out = overlap.map_or(0, |overlap| overlap.left_out());
    let written = written.and_then(|parts| ensure_complete(parts, left_out, counted));
    let publication = Arc::into_inner(job).map(|job| job.publication);
    let publication = publication.ok_or_else(|| ImportError::Worker {
        reason: "it still holds the publication".to_owned(),
    })?;
    let parts = match written {
        Ok(parts) => parts,
        Err(error) => {
            abandon(publication).await;
            return Err(error);
        }
    };
    let rows: u64 = parts.iter().map(|part| part.info.rows).sum();
    if window.is_some() && rows == 0 && before.holds_rows {
        abandon(publication).await;
        progress.finish_and_clear();
        return Ok(before.nothing_new(lake, request, run, imported_at));
    }
    let from = SourceInfo {
        url: source.url.to_string(),
        table: plan.table.name.clone(),
        server,
    };
    let mut manifest = manifest(request, from, columns, run, imported_at, info, parts);
    manifest.incremental = (window.as_ref().zip(request.incremental.as_ref()))
        .map(|(window, wanted)| window.state(wanted, manifest.run.clone()));
    if request.validation == Validation::ReadBack {
        let differences = verify::verify_written(&publication, &manifest).await?;
        if !differences.is_empty() {
            abandon(publication).await;
            return Err(ImportError::Differences(differences));
        }
    }
    publish::publish(publication, lake, request, &manifest, &before, clock()).await?;
    progress.finish_and_clear();
    Ok(ImportReport {
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        parts: manifest.parts.len(),
        ambiguous_rows: manifest.ambiguous_rows,
        location: lake.url_of(&request.target),
        incremental: (window.zip(request.incremental.as_ref())).map(|(window, wanted)| {
            wanted.report(Some(window.ceiling), IncrementalOutcome::Published)
        }),
        run: manifest.run,
        imported_at,
    })
}

/// What is read, and by which column it is cut.
struct Plan {
    table: TableInfo,
    columns: Vec<ReadColumn>,
    /// The column in SQL, its name, and how it is cut.
    cut: Option<(String, String, Splitter)>,
}

impl Plan {
    async fn of(database: &mut Database, request: &ImportRequest) -> Result<Self, ImportError> {
        let table = selection::describe(database, &request.selection).await?;
        let wanted = match &request.selection {
            Selection::Table { columns, .. } => columns.as_deref(),
            Selection::Query(_) => None,
        };
        let columns = request.rendering.columns(&table, wanted)?;
        let product = database.product();
        let chosen = split_column::choose(&table, request.mappers, &request.split, product)?;
        let cut = chosen.map(|(column, splitter)| {
            let sql = match (&request.selection, &request.split.column) {
                // As the user wrote it: the query knows what it means.
                (Selection::Query(_), Some(written)) => written.clone(),
                _ => quoted(&column.name),
            };
            (sql, column.name.clone(), splitter)
        });
        if cut.is_some() && request.snapshot != SnapshotMode::Off && product != Product::Sqlite {
            split_column::ensure_snapshots(&table)?;
        }
        Ok(Self {
            table,
            columns,
            cut,
        })
    }

    /// The ranges, by what is in the column at the moment of the snapshot.
    async fn cuts(
        &self,
        database: &mut Database,
        request: &ImportRequest,
    ) -> Result<Vec<Option<String>>, ImportError> {
        let Some((sql, name, splitter)) = &self.cut else {
            return Ok(vec![None]);
        };
        let boundary_query = request.split.boundary_query.as_deref();
        let (selection, table) = (&request.selection, &self.table);
        let column = (name.as_str(), *splitter);
        let (min, max) =
            selection::bounds(database, selection, table, column, boundary_query).await?;
        let as_sqoop = request.rendering.fidelity == Fidelity::AsSqoop;
        let cutting = Cutting {
            splitter: *splitter,
            column: sql,
            bounds: (min.as_deref(), max.as_deref()),
            ranges: request.mappers,
            limit: request.split.limit,
            coverage: if as_sqoop || boundary_query.is_some() {
                Coverage::Bounded
            } else {
                Coverage::Whole
            },
            faithful: as_sqoop,
        };
        splits::plan(&cutting).map_err(|source| ImportError::Bounds {
            column: name.clone(),
            source,
        })
    }

    fn selects(
        &self,
        cuts: &[Option<String>],
        request: &ImportRequest,
        lead: Option<&str>,
    ) -> Vec<Select> {
        let (selection, table) = (&request.selection, &self.table.name);
        cuts.iter()
            .map(|cut| selection::select(selection, &self.columns, table, cut.as_deref(), lead))
            .collect()
    }
}

/// What stays is swept by the next run.
pub(super) async fn abandon(publication: Publication) {
    if let Err(error) = publication.abandon().await {
        tracing::debug!(%error, "could not delete the unfinished run");
    }
}

/// Holds the columns against those of the import that lies in the target.
async fn ensure_contract(
    lake: &Lake,
    request: &ImportRequest,
    table: &str,
    now: &[Column],
) -> Result<(), ImportError> {
    if request.schema_drift == DriftPolicy::Ignore {
        return Ok(());
    }
    let before = match published::open(lake, &request.target).await {
        Ok(Some(run)) => run.manifest().columns.clone(),
        Ok(None) | Err(LakeError::Unpublished { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match request.schema_drift.decide(table, &before, now) {
        Decision::Same => Ok(()),
        Decision::GoOn(drift) => {
            tracing::info!("the columns of `{table}` have changed since the last run: {drift}");
            Ok(())
        }
        Decision::Refuse(error) => Err(error.into()),
    }
}

fn ensure_complete(
    parts: Vec<WrittenPart>,
    left_out: u64,
    counted: Option<u64>,
) -> Result<Vec<WrittenPart>, ImportError> {
    let written: u64 = parts.iter().map(|part| part.info.rows).sum();
    let imported = written + left_out;
    match counted {
        Some(counted) if counted != imported => Err(ImportError::Validation { counted, imported }),
        _ => Ok(parts),
    }
}

fn columns(columns: &[ReadColumn], forms: &[CanonicalForm]) -> Vec<Column> {
    (columns.iter().zip(forms))
        .map(|(column, form)| Column {
            name: column.source.name.clone(),
            sql_type: column.source.sql_type.clone(),
            kind: column.kind,
            canonical: Some(*form),
        })
        .collect()
}

fn manifest(
    request: &ImportRequest,
    source: SourceInfo,
    columns: Vec<Column>,
    run: RunId,
    imported_at: Timestamp,
    snapshot: SnapshotInfo,
    parts: Vec<WrittenPart>,
) -> Manifest {
    Manifest {
        version: MANIFEST_VERSION,
        run,
        source,
        imported_at,
        snapshot: Some(snapshot),
        files: request.files,
        format: request.format.clone(),
        columns,
        ambiguous_rows: parts.iter().map(|part| part.ambiguous_rows).sum(),
        lossy_nulls: parts.iter().map(|part| part.lossy_nulls).sum(),
        quarantined_rows: 0,
        quality: Vec::new(),
        appended: Appended::default(),
        incremental: None,
        parts: parts.into_iter().map(|part| part.info).collect(),
        arguments: request.arguments.clone(),
    }
}
