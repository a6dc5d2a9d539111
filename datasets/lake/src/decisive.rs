//! Files that decide: never half of one, and one winner.

use crate::error::{LakeError, Result, Retry};
use crate::lake::{Create, Lake, Recursive};
use crate::path::LakePath;
use crate::unique::unique_suffix;
use bytes::Bytes;

/// See [`Lake::write_decisive`].
pub(crate) async fn write(lake: &Lake, path: &LakePath, bytes: Bytes) -> Result<()> {
    let temporary = temporary_of(path)?;
    let written = write_temporary(lake, &temporary, bytes).await;
    let decided = match written {
        Ok(()) => lake.rename(&temporary, path).await,
        Err(error) => Err(error),
    };
    match decided {
        Ok(()) => Ok(()),
        // Nobody else knows the temporary name: if it is gone, it is the new name's now.
        Err(error) if error.retry() == Retry::Unknown => match lake.stat(&temporary).await? {
            None => Ok(()),
            Some(_) => Err(error),
        },
        Err(error) => {
            // What failed is of more interest than what can't be tidied up after it.
            drop(lake.delete(&temporary, Recursive::No).await);
            Err(error)
        }
    }
}

/// Whether a name is that of a file before its rename: after a crash it is of no use.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(TEMPORARY_SUFFIX)
}

const TEMPORARY_SUFFIX: &str = ".tmp";

/// The file before its rename, under a name that nobody else uses.
pub(crate) async fn write_temporary(lake: &Lake, temporary: &LakePath, bytes: Bytes) -> Result<()> {
    let mut writer = lake.create(temporary, Create::Exclusive).await?;
    writer.write(bytes).await?;
    writer.close().await
}

fn temporary_of(path: &LakePath) -> Result<LakePath> {
    let invalid = || LakeError::InvalidPath {
        path: path.to_string(),
        reason: "it names no file",
    };
    let parent = path.parent().ok_or_else(invalid)?;
    let name = path.file_name().ok_or_else(invalid)?;
    parent.join(&temporary_name(name, &unique_suffix()))
}

pub(crate) fn temporary_name(name: &str, unique: &str) -> String {
    format!(".{name}.{unique}{TEMPORARY_SUFFIX}")
}
