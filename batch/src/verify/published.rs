//! The parts of an import looked at again, before it is published and any time later.

use super::part::{self, Content, PartReading, ReadError};
use super::report::{Difference, Report, RowCheck};
use comptoir_lake::publish::Publication;
use comptoir_lake::published::PublishedRun;
use comptoir_lake::{LakeError, LakeReader};
use comptoir_model::manifest::Manifest;
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

/// How many parts are read at a time.
const PARTS_AT_A_TIME: usize = 4;

/// Reads all parts of a run and compares each with the manifest. `location` is for the report.
pub async fn verify(run: &PublishedRun, location: String) -> Result<Report, ReadError> {
    let manifest = run.manifest();
    let differences = differences(manifest, async |index| run.open_part(index)).await?;
    Ok(Report {
        run: manifest.run.clone(),
        location,
        parts: manifest.parts.len(),
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
    differences(manifest, async |index| {
        publication.open_part(&manifest.parts[index].name).await
    })
    .await
}

async fn differences(
    manifest: &Manifest,
    open: impl AsyncFn(usize) -> Result<LakeReader, LakeError>,
) -> Result<Vec<Difference>, ReadError> {
    let content = Arc::new(Content::of(manifest));
    let check = RowCheck::of(manifest);
    let readings: Vec<PartReading> = futures::stream::iter(0..manifest.parts.len())
        .map(async |index| part::read_part(open(index).await?, Arc::clone(&content)).await)
        .buffered(PARTS_AT_A_TIME)
        .try_collect()
        .await?;
    Ok((manifest.parts.iter().zip(&readings))
        .flat_map(|(said, found)| part::compare(said, found, check))
        .collect())
}
