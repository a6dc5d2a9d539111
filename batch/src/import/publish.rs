//! What becomes of the parts that were written: they replace the target, are added to it, or are
//! merged with what is there.

use super::columns::Fidelity;
use super::error::ImportError;
use super::incremental::Before;
use super::request::{Existing, ImportRequest};
use super::run::abandon;
use crate::merge::{KeyOrder, Merge, MergeError};
use comptoir_lake::publish::{Base, Publication};
use comptoir_lake::published::{self, PublishedRun};
use comptoir_lake::{Lake, LakeError};
use comptoir_model::manifest::Manifest;
use jiff::Timestamp;

pub(super) async fn publish(
    publication: Publication,
    lake: &Lake,
    request: &ImportRequest,
    manifest: &Manifest,
    before: &Before,
    now: Timestamp,
) -> Result<(), ImportError> {
    let base = match request.incremental {
        Some(_) => before.base(),
        None => Base::Any,
    };
    match &request.existing {
        Existing::Append => publication.append(manifest, &base).await?,
        Existing::ReplaceOurs | Existing::ReplaceAll | Existing::Refuse => {
            publication.commit(manifest, now).await?
        }
        Existing::MergeBy(key) => match published::open(lake, &request.target).await? {
            None => publication.commit(manifest, now).await?,
            Some(older) => {
                // What was published since this run began is of another state.
                if !base.fits_manifest(older.manifest()) {
                    abandon(publication).await;
                    return Err(ImportError::Lake(LakeError::Fenced {
                        path: request.target.clone(),
                    }));
                }
                let order = match request.rendering.fidelity {
                    Fidelity::Lossless => None,
                    Fidelity::AsSqoop => Some(KeyOrder::Bytes),
                };
                match merged(&publication, &older, manifest, key, order).await {
                    Ok(merged) => {
                        let older = &older.manifest().run;
                        publication.commit_onto(&merged, older, now).await?
                    }
                    Err(error) => {
                        abandon(publication).await;
                        return Err(error.into());
                    }
                }
            }
        },
    };
    Ok(())
}

/// Merges the parts that were written with those that are published, and describes the result.
async fn merged(
    publication: &Publication,
    older: &PublishedRun,
    newer: &Manifest,
    key: &str,
    order: Option<KeyOrder>,
) -> Result<Manifest, MergeError> {
    let mut merge = Merge::new(newer, key, order)?;
    merge.take_published(older).await?;
    merge.take_written(publication).await?;
    let part = merge.finish(publication).await?;
    Ok(Manifest {
        parts: vec![part],
        ..newer.clone()
    })
}
