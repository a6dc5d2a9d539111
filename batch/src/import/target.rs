//! What may be replaced.

use super::error::ImportError;
use super::request::{Existing, ImportRequest};
use comptoir_lake::{EntryKind, Lake, LakeError, LakePath, published};
use comptoir_model::manifest::Manifest;

/// Refuses a target that holds what is not to be replaced or added to. An empty directory, made with its
/// rights by an operator or left by a job of Sqoop that failed, will always do.
pub(super) async fn ensure_free(lake: &Lake, request: &ImportRequest) -> Result<(), ImportError> {
    let (target, existing) = (&request.target, &request.existing);
    if target.file_name().is_none() {
        return Err(ImportError::TargetIsRoot {
            path: target.clone(),
        });
    }
    let url = || lake.url_of(target);
    let exists = || match request.incremental {
        Some(_) => ImportError::MergeOrAppend { url: url() },
        None => ImportError::TargetExists { url: url() },
    };
    match lake.stat(target).await?.map(|entry| entry.kind) {
        None if *existing == Existing::Refuse && is_being_published(lake, target).await? => {
            return Err(exists());
        }
        None => return Ok(()),
        Some(EntryKind::File) => return Err(ImportError::TargetIsFile { url: url() }),
        Some(EntryKind::Directory) => {}
    }
    let entries = lake.list(target).await?;
    let names: Vec<_> = (entries.iter())
        .filter_map(|entry| entry.path.file_name())
        .collect();
    let ours = names.iter().any(|name| Manifest::number_of(name).is_some());
    match (names.first(), existing) {
        (None, _) | (_, Existing::ReplaceAll | Existing::Append | Existing::MergeBy(_)) => Ok(()),
        (Some(_), Existing::Refuse) => Err(exists()),
        (Some(_), Existing::ReplaceOurs) if ours => Ok(()),
        (Some(found), Existing::ReplaceOurs) => Err(ImportError::ForeignTarget {
            url: url(),
            found: (*found).to_owned(),
        }),
    }
}

/// Whether a run that was decided has not yet become the target.
async fn is_being_published(lake: &Lake, target: &LakePath) -> Result<bool, LakeError> {
    Ok(published::open(lake, target).await?.is_some())
}
