//! One run: description, snapshot, ranges, parts, publication.

use super::checks::{ensure_complete, ensure_contract, ensure_right, manifest_before};
use super::columns::ReadColumn;
use super::error::ImportError;
use super::incremental::{self, Before, IncrementalOutcome, IncrementalReport, Window};
use super::inspection::Inspection;
use super::part::WrittenPart;
use super::permit::Permit;
use super::plan::Plan;
use super::preview;
use super::progress::Progress;
use super::publish::Publishing;
use super::request::{ImportReport, ImportRequest, Selection, Source, Validation};
use super::selection;
use super::snapshot::{self, Snapshot};
use super::target;
use super::worker::{self, Job, Written};
use crate::database::{Access, Database, Limits};
use crate::quality::Facts;
use comptoir_lake::Lake;
use comptoir_lake::publish::Publication;
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{
    Appended, Column, MANIFEST_VERSION, Manifest, SnapshotInfo, SourceInfo, SourceRows,
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
    let workers = plan.workers(request);
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
    let asked_for = &request.selection;
    let narrowed = (window.as_ref()).map(|window| request.narrowed(&window.condition));
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
    let layout = plan.layout(request);
    let forms = layout.canonical_forms();
    let columns = columns(&plan.columns, &forms);
    let published = manifest_before(lake, request).await?;
    ensure_contract(request, &plan.table.name, published.as_ref(), &columns)?;
    let inspection = Inspection::open(first, &request.quality, &plan.table, &layout).await?;
    let publication = Publication::begin(lake, &request.target, run.clone()).await?;
    let overlap = window.as_ref().and_then(|window| window.overlap.clone());
    let expected = match &window {
        None if !progress.is_hidden() => preview::expected_rows(first, request, &plan).await?,
        _ => None,
    };
    let shown = Progress::begin(progress.clone(), selects.len(), expected);
    let job = Job::new(
        layout,
        selects,
        inspection,
        request.max_rate,
        publication,
        overlap.clone(),
        shown,
    );
    let job = Arc::new(job);
    let written = worker::write_parts(&job, connections).await;
    let left_out = overlap.map_or(0, |overlap| overlap.left_out());
    let written = written.and_then(|written| ensure_complete(written, left_out, counted));
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
    let read: u64 = parts.iter().map(WrittenPart::rows_read).sum();
    if window.is_some() && read == 0 && before.holds_rows {
        abandon(publication).await;
        progress.finish_and_clear();
        return Ok(before.nothing_new(lake, request, run, imported_at));
    }
    let facts = Facts {
        rows: parts.iter().map(|part| part.info.rows).sum(),
        rows_before: published.map(|manifest| manifest.rows()),
        now: imported_at,
    };
    let quality = inspection.outcomes(checks, &facts);
    let from = SourceInfo {
        url: source.url.to_string(),
        table: plan.table.name.clone(),
        rows: source_rows(asked_for),
        server,
    };
    let mut manifest = manifest(request, from, columns, run, imported_at, info, parts);
    manifest.quality = quality;
    manifest.incremental = (window.as_ref().zip(request.incremental.as_ref()))
        .map(|(window, wanted)| window.state(wanted, manifest.run.clone()));
    if let Err(error) = ensure_right(&publication, &manifest, request.validation).await {
        abandon(publication).await;
        return Err(error);
    }
    let publishing = Publishing {
        lake,
        request,
        before: &before,
        permit,
    };
    publishing.publish(publication, &manifest, clock()).await?;
    progress.finish_and_clear();
    let incremental = window
        .zip(request.incremental.as_ref())
        .map(|(window, wanted)| wanted.report(Some(window.ceiling), IncrementalOutcome::Published));
    Ok(report(manifest, lake.url_of(&request.target), incremental))
}

/// What stays is swept by the next run.
pub(super) async fn abandon(publication: Publication) {
    if let Err(error) = publication.abandon().await {
        tracing::debug!(%error, "could not delete the unfinished run");
    }
}

fn source_rows(selection: &Selection) -> SourceRows {
    match selection {
        Selection::Table { filter: None, .. } => SourceRows::All,
        Selection::Table {
            filter: Some(filter),
            ..
        } => SourceRows::Where(filter.clone()),
        Selection::Query(sql) => SourceRows::Query(sql.clone()),
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
        appended: Appended::default(),
        incremental: None,
        parts: parts.into_iter().map(|part| part.info).collect(),
        arguments: request.arguments.clone(),
    }
}

fn report(
    manifest: Manifest,
    location: String,
    incremental: Option<IncrementalReport>,
) -> ImportReport {
    ImportReport {
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        parts: manifest.parts.len(),
        ambiguous_rows: manifest.ambiguous_rows,
        quarantined_rows: manifest.quarantined_rows(),
        broken_rules: (manifest.quality.into_iter())
            .filter(|outcome| !outcome.is_kept())
            .collect(),
        location,
        incremental,
        run: manifest.run,
        imported_at: manifest.imported_at,
    }
}
