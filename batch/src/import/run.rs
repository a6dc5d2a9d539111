//! One run: description, snapshot, ranges, parts, publication.

use super::columns::{Fidelity, ReadColumn};
use super::encoding::Layout;
use super::error::ImportError;
use super::inspection::Inspection;
use super::part::WrittenPart;
use super::permit::Permit;
use super::request::{ImportReport, ImportRequest, Selection, Source, SplitMethod, Validation};
use super::sampling::Sampled;
use super::selection::{self, Select};
use super::snapshot::{self, Snapshot, SnapshotMode};
use super::splits::{self, Coverage, Cutting, Splitter};
use super::worker::{self, Job, WORKERS_MAX, Written};
use super::{split_column, target};
use crate::database::{Access, Database, Limits, Product, TableInfo, quoted};
use crate::quality::Facts;
use crate::verify::{self, Decision, DriftPolicy};
use comptoir_lake::publish::Publication;
use comptoir_lake::{Lake, LakeError, published};
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{
    Column, MANIFEST_VERSION, Manifest, SnapshotInfo, SourceInfo, SourceRows,
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
    import_with(source, lake, request, run, clock, Permit::Unasked, progress).await
}

/// The same; `permit` is asked last, when everything is written and nothing is published.
pub(super) async fn import_with(
    source: &Source,
    lake: &Lake,
    request: &ImportRequest,
    run: RunId,
    clock: impl Fn() -> Timestamp,
    permit: Permit<'_>,
    progress: &ProgressBar,
) -> Result<ImportReport, ImportError> {
    target::ensure_free(lake, &request.target, request.existing).await?;
    let limits = Limits::default();
    let mut database = Database::connect(&source.url, &source.login, Access::Read, limits).await?;
    let server = database.server.clone();
    let plan = Plan::of(&mut database, request).await?;
    // Read before the snapshot opens, so that a change after this time may be in the import, and
    // no change before it can be missing.
    let imported_at = clock();
    let workers = plan.workers(request);
    let snapshot = snapshot::open(database, source, workers, request.snapshot).await?;
    let Snapshot {
        mut connections,
        info,
    } = snapshot;
    let first = &mut connections[0];
    let cuts = plan.cuts(first, request).await?;
    let counted = match request.validation {
        Validation::None => None,
        Validation::ReadBack => {
            Some(selection::count(first, &request.selection, &plan.table).await?)
        }
    };
    let selects = plan.selects(&cuts, request);
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
    let before = manifest_before(lake, request).await?;
    ensure_contract(request, &plan.table.name, before.as_ref(), &columns)?;
    let inspection = Inspection::open(first, &request.quality, &plan.table, &layout).await?;
    let publication = Publication::begin(lake, &request.target, run.clone()).await?;
    let job = Job::new(
        layout,
        selects,
        inspection,
        request.max_rate,
        publication,
        progress.clone(),
    );
    let job = Arc::new(job);
    let written = worker::write_parts(&job, connections).await;
    let written = written.and_then(|written| ensure_complete(written, counted));
    let job = Arc::into_inner(job).ok_or_else(|| ImportError::Worker {
        reason: "it still holds the publication".to_owned(),
    })?;
    let Job {
        publication,
        inspection,
        ..
    } = job;
    let Written { parts, checks } = match written {
        Ok(written) => written,
        Err(error) => {
            abandon(publication).await;
            return Err(error);
        }
    };
    let facts = Facts {
        rows: parts.iter().map(|part| part.info.rows).sum(),
        rows_before: before.map(|manifest| manifest.rows()),
        now: imported_at,
    };
    let quality = inspection.outcomes(checks, &facts);
    let from = SourceInfo {
        url: source.url.to_string(),
        table: plan.table.name.clone(),
        rows: match &request.selection {
            Selection::Table { filter, .. } => {
                filter.clone().map_or(SourceRows::All, SourceRows::Where)
            }
            Selection::Query(sql) => SourceRows::Query(sql.clone()),
        },
        server,
    };
    let mut manifest = manifest(request, from, columns, run, imported_at, info, parts);
    manifest.quality = quality;
    if let Err(error) = ensure_right(&publication, &manifest, request.validation).await {
        abandon(publication).await;
        return Err(error);
    }
    if let Err(error) = permit.ask().await {
        abandon(publication).await;
        return Err(error);
    }
    publication.commit(&manifest, clock()).await?;
    progress.finish_and_clear();
    Ok(ImportReport {
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        parts: manifest.parts.len(),
        ambiguous_rows: manifest.ambiguous_rows,
        quarantined_rows: manifest.quarantined_rows(),
        broken_rules: (manifest.quality.into_iter())
            .filter(|outcome| !outcome.is_kept())
            .collect(),
        location: lake.url_of(&request.target),
        run: manifest.run,
        imported_at,
    })
}

/// What is read, and by which column it is cut.
pub(super) struct Plan {
    pub(super) table: TableInfo,
    pub(super) columns: Vec<ReadColumn>,
    /// The column in SQL, its name, and how it is cut.
    cut: Option<(String, String, Splitter)>,
}

impl Plan {
    pub(super) async fn of(
        database: &mut Database,
        request: &ImportRequest,
    ) -> Result<Self, ImportError> {
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

    /// How many connections read, where the server gives them one moment.
    pub(super) fn workers(&self, request: &ImportRequest) -> usize {
        let wanted = self.cut.as_ref().map(|_| request.mappers.get() as usize);
        wanted.unwrap_or(1).min(WORKERS_MAX)
    }

    /// The ranges, by what is in the column at the moment of the snapshot.
    pub(super) async fn cuts(
        &self,
        database: &mut Database,
        request: &ImportRequest,
    ) -> Result<Vec<Option<String>>, ImportError> {
        let Some((sql, name, splitter)) = &self.cut else {
            return Ok(vec![None]);
        };
        if request.split.method == SplitMethod::Balanced && *splitter != Splitter::Boolean {
            let sampled = Sampled {
                selection: &request.selection,
                table: &self.table,
                name,
                sql,
                splitter: *splitter,
                workers: request.mappers,
            };
            return sampled.ranges(database).await;
        }
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

    fn selects(&self, cuts: &[Option<String>], request: &ImportRequest) -> Vec<Select> {
        let table = &self.table.name;
        cuts.iter()
            .map(|cut| selection::select(&request.selection, &self.columns, table, cut.as_deref()))
            .collect()
    }
}

/// What stays is swept by the next run.
async fn abandon(publication: Publication) {
    if let Err(error) = publication.abandon().await {
        tracing::debug!(%error, "could not delete the unfinished run");
    }
}

/// The import that lies in the target, where something is held against it.
async fn manifest_before(
    lake: &Lake,
    request: &ImportRequest,
) -> Result<Option<Manifest>, ImportError> {
    if request.schema_drift == DriftPolicy::Ignore && request.quality.rules.is_empty() {
        return Ok(None);
    }
    match published::open(lake, &request.target).await {
        Ok(run) => Ok(run.map(|run| run.manifest().clone())),
        Err(LakeError::Unpublished { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Holds the columns against those of the import before.
fn ensure_contract(
    request: &ImportRequest,
    table: &str,
    before: Option<&Manifest>,
    now: &[Column],
) -> Result<(), ImportError> {
    let Some(before) = before.filter(|_| request.schema_drift != DriftPolicy::Ignore) else {
        return Ok(());
    };
    match request.schema_drift.decide(table, &before.columns, now) {
        Decision::Same => Ok(()),
        Decision::GoOn(drift) => {
            tracing::info!("the columns of `{table}` have changed since the last run: {drift}");
            Ok(())
        }
        Decision::Refuse(error) => Err(error.into()),
    }
}

fn ensure_complete(written: Written, counted: Option<u64>) -> Result<Written, ImportError> {
    let set_aside = |part: &WrittenPart| part.quarantine.as_ref().map_or(0, |file| file.rows);
    let imported = (written.parts.iter())
        .map(|part| part.info.rows + set_aside(part))
        .sum();
    match counted {
        Some(counted) if counted != imported => Err(ImportError::Validation { counted, imported }),
        _ => Ok(written),
    }
}

/// Whether what was written may be published.
async fn ensure_right(
    publication: &Publication,
    manifest: &Manifest,
    validation: Validation,
) -> Result<(), ImportError> {
    let forbidding: Vec<_> = (manifest.quality.iter())
        .filter(|outcome| outcome.forbids_publication())
        .cloned()
        .collect();
    if !forbidding.is_empty() {
        return Err(ImportError::Quality(forbidding));
    }
    if validation == Validation::None {
        return Ok(());
    }
    let differences = verify::verify_written(publication, manifest).await?;
    if differences.is_empty() {
        Ok(())
    } else {
        Err(ImportError::Differences(differences))
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
        quarantine: (parts.iter())
            .filter_map(|part| part.quarantine.clone())
            .collect(),
        quality: Vec::new(),
        parts: parts.into_iter().map(|part| part.info).collect(),
        arguments: request.arguments.clone(),
    }
}
