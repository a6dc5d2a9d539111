//! A published import looked at again.

use super::part::{self, Content, ReadError};
use super::report::{Difference, Report, RowCheck};
use comptoir_lake::published::PublishedRun;
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

/// How many parts are read at a time.
const PARTS_AT_A_TIME: usize = 4;

/// Reads all parts of a run and compares each with the manifest. `location` is for the report.
pub async fn verify(run: &PublishedRun, location: String) -> Result<Report, ReadError> {
    let manifest = run.manifest();
    let content = Arc::new(Content::of(manifest));
    let row_check = RowCheck::of(manifest);
    let readings: Vec<_> = futures::stream::iter(0..manifest.parts.len())
        .map(|index| {
            let content = Arc::clone(&content);
            async move { part::read_part(run.open_part(index)?, content).await }
        })
        .buffered(PARTS_AT_A_TIME)
        .try_collect()
        .await?;
    let differences: Vec<Difference> = (manifest.parts.iter().zip(&readings))
        .flat_map(|(said, found)| part::compare(said, found, row_check))
        .collect();
    Ok(Report {
        run: manifest.run.clone(),
        location,
        parts: manifest.parts.len(),
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        row_check,
        source: None,
        differences,
    })
}
