//! The parts of an import looked at again, before it is published and any time later.

use super::part::{self, Content, PartReading, ReadError};
use super::report::{Difference, Report, RowCheck};
use comptoir_lake::publish::Publication;
use comptoir_lake::published::PublishedRun;
use comptoir_lake::{LakeError, LakeReader};
use comptoir_model::api::PartInfo;
use comptoir_model::manifest::Manifest;
use futures::{FutureExt, StreamExt, TryStreamExt};
use std::sync::Arc;

/// How many parts are read at a time.
const PARTS_AT_A_TIME: usize = 4;

/// Reads all parts of a run and compares each with the manifest. `location` is for the report.
pub async fn verify(run: &PublishedRun, location: String) -> Result<Report, ReadError> {
    let manifest = run.manifest();
    let mut differences = differences(manifest, Parts::Published(run)).await?;
    for other in &manifest.appended.others {
        let reader = match run.open_other(&other.name).await {
            Err(error @ LakeError::NotFound { .. }) => {
                differences.push(Difference::Damaged {
                    reason: error.to_string(),
                });
                continue;
            }
            opened => opened?,
        };
        let reading = part::read_bytes(reader).await?;
        differences.extend(part::compare_bytes(
            &other.name,
            (other.bytes, &other.sha256),
            &reading,
        ));
    }
    Ok(Report {
        run: manifest.run.clone(),
        location,
        parts: manifest.parts.len(),
        others: manifest.appended.others.len(),
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        row_check: RowCheck::of(manifest),
        source: None,
        differences,
    })
}

/// Reads back what was written, before `manifest` publishes it: the checksums that the manifest has
/// were added up from what the source sent.
pub async fn verify_written(
    publication: &Publication,
    manifest: &Manifest,
) -> Result<Vec<Difference>, ReadError> {
    differences(manifest, Parts::Written(publication)).await
}

/// Where parts are read from.
#[derive(Clone, Copy)]
enum Parts<'a> {
    Published(&'a PublishedRun),
    Written(&'a Publication),
}

impl Parts<'_> {
    async fn open(self, manifest: &Manifest, index: usize) -> Result<LakeReader, LakeError> {
        match self {
            Self::Published(run) => run.open_part(index),
            Self::Written(publication) => publication.open_part(&manifest.parts[index].name).await,
        }
    }

    async fn open_quarantine(self, file: &PartInfo) -> Result<LakeReader, LakeError> {
        match self {
            Self::Published(run) => run.open_quarantine(file).await,
            Self::Written(publication) => publication.open_part(&file.name).await,
        }
    }
}

async fn differences(manifest: &Manifest, parts: Parts<'_>) -> Result<Vec<Difference>, ReadError> {
    let mut differences = differences_of_parts(manifest, parts).await?;
    let content = Arc::new(Content::of_quarantine(manifest));
    for said in &manifest.quarantine {
        let reader = match parts.open_quarantine(said).await {
            Ok(reader) => reader,
            Err(error @ LakeError::NotFound { .. }) => {
                let reason = error.to_string();
                differences.push(Difference::Damaged { reason });
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let found = part::read_part(reader, Arc::clone(&content)).await?;
        differences.extend(part::compare(said, &found, RowCheck::Count));
    }
    Ok(differences)
}

async fn differences_of_parts(
    manifest: &Manifest,
    parts: Parts<'_>,
) -> Result<Vec<Difference>, ReadError> {
    let content = Arc::new(Content::of(manifest));
    let check = RowCheck::of(manifest);
    let readings: Vec<PartReading> = futures::stream::iter(0..manifest.parts.len())
        .map(|index| {
            let content = Arc::clone(&content);
            let reading =
                async move { part::read_part(parts.open(manifest, index).await?, content).await };
            // Boxed: the compiler can't see of the future itself that it may move between threads.
            reading.boxed()
        })
        .buffered(PARTS_AT_A_TIME)
        .try_collect()
        .await?;
    Ok((manifest.parts.iter().zip(&readings))
        .flat_map(|(said, found)| part::compare(said, found, check))
        .collect())
}
