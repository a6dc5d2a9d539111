//! What must hold before a run is published.

use super::error::ImportError;
use super::part::WrittenPart;
use super::request::{ImportRequest, Validation};
use super::worker::Written;
use crate::verify::{self, Decision, DriftPolicy};
use comptoir_lake::publish::Publication;
use comptoir_lake::{Lake, LakeError, published};
use comptoir_model::manifest::{Column, Manifest};

/// The import that lies in the target, where something is held against it.
pub(super) async fn manifest_before(
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
pub(super) fn ensure_contract(
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
        Decision::Refuse(error) => Err(ImportError::SchemaDrift(Box::new(error))),
    }
}

/// Where the server counted: whether every row was written, set aside, or left out because an
/// earlier run had published it.
pub(super) fn ensure_complete(
    written: Written,
    left_out: u64,
    counted: Option<u64>,
) -> Result<Written, ImportError> {
    let taken: u64 = written.parts.iter().map(WrittenPart::rows_read).sum();
    let imported = taken + left_out;
    match counted {
        Some(counted) if counted != imported => Err(ImportError::Validation { counted, imported }),
        _ => Ok(written),
    }
}

/// Whether what was written may be published.
pub(super) async fn ensure_right(
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
