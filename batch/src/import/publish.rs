//! What becomes of the parts that were written: they replace the target, are added to it, or are
//! merged with what is there.

use super::columns::Fidelity;
use super::error::ImportError;
use super::incremental::Before;
use super::permit::Permit;
use super::request::{Existing, ImportRequest};
use super::run::abandon;
use crate::merge::{self, KeyOrder, Merge, MergeError};
use comptoir_lake::publish::{Base, Publication};
use comptoir_lake::published::{self, PublishedRun};
use comptoir_lake::{Lake, LakeError};
use comptoir_model::manifest::Manifest;
use jiff::Timestamp;

/// All that decides how.
pub(super) struct Publishing<'a> {
    pub(super) lake: &'a Lake,
    pub(super) request: &'a ImportRequest,
    /// What an incremental import began from.
    pub(super) before: &'a Before,
    pub(super) permit: Permit<'a>,
}

impl Publishing<'_> {
    pub(super) async fn publish(
        &self,
        publication: Publication,
        manifest: &Manifest,
        now: Timestamp,
    ) -> Result<(), ImportError> {
        let request = self.request;
        let base = match request.incremental {
            Some(_) => self.before.base(),
            None => Base::Any,
        };
        match &request.existing {
            Existing::Append => {
                let publication = self.permitted(publication).await?;
                publication.append(manifest, &base).await?;
            }
            Existing::ReplaceOurs | Existing::ReplaceAll | Existing::Refuse => {
                let publication = self.permitted(publication).await?;
                publication.commit(manifest, now).await?;
            }
            Existing::MergeBy(key) => match published::open(self.lake, &request.target).await? {
                None => {
                    let publication = self.permitted(publication).await?;
                    publication.commit(manifest, now).await?;
                }
                Some(older) => {
                    // What was published since this run began is of another state.
                    if !base.fits_manifest(older.manifest()) {
                        abandon(publication).await;
                        let path = request.target.clone();
                        return Err(ImportError::Lake(LakeError::Fenced { path }));
                    }
                    let order = match request.rendering.fidelity {
                        Fidelity::Lossless => None,
                        Fidelity::AsSqoop => Some(KeyOrder::Bytes),
                    };
                    let merged = match merged(&publication, &older, manifest, key, order).await {
                        Ok(merged) => merged,
                        Err(error) => {
                            abandon(publication).await;
                            return Err(error.into());
                        }
                    };
                    let publication = self.permitted(publication).await?;
                    let older = &older.manifest().run;
                    publication.commit_onto(&merged, older, now).await?;
                }
            },
        }
        Ok(())
    }

    /// Asked last: nothing that takes long comes between this and the decision.
    async fn permitted(&self, publication: Publication) -> Result<Publication, ImportError> {
        match self.permit.ask().await {
            Ok(()) => Ok(publication),
            Err(error) => {
                abandon(publication).await;
                Err(error)
            }
        }
    }
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
    let mut quarantine = newer.quarantine.clone();
    quarantine.extend(merge::carry_set_aside(older, publication).await?);
    Ok(Manifest {
        parts: vec![part],
        quarantine,
        ..newer.clone()
    })
}
