//! Rows that were set aside have no part in a merge: their files go with its result.

use super::MergeError;
use comptoir_lake::publish::{Publication, set_aside_name};
use comptoir_lake::published::PublishedRun;
use comptoir_model::api::PartInfo;
use sha2::{Digest, Sha256};

/// Copies the files of rows that `run`, or those before it, had set aside, and checks them by their
/// SHA-256. Each has the run in its name from then on.
pub(crate) async fn carry_set_aside(
    run: &PublishedRun,
    publication: &Publication,
) -> Result<Vec<PartInfo>, MergeError> {
    let manifest = run.manifest();
    let mut carried = Vec::with_capacity(manifest.quarantine.len());
    for file in &manifest.quarantine {
        let name = set_aside_name(&file.name, &manifest.run);
        let mut reader = run.open_quarantine(file).await?;
        let mut writer = publication.create_part(&name).await?;
        let mut sha256 = Sha256::new();
        while let Some(chunk) = reader.next_chunk().await? {
            sha256.update(&chunk);
            writer.write(chunk).await?;
        }
        let found = hex::encode(sha256.finalize());
        if found != file.sha256 {
            return Err(MergeError::unreadable(format!(
                "{} has the SHA-256 {found}, its manifest says {}",
                file.name, file.sha256
            )));
        }
        writer.hsync().await?;
        writer.close().await?;
        carried.push(PartInfo {
            name,
            ..file.clone()
        });
    }
    Ok(carried)
}
