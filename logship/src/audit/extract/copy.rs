//! Copying segments out of an archive, each held against what its manifest says.

use super::ExtractError;
use crate::archive::digest::Digest;
use crate::archive::manifest::Segment;
use crate::archive::names::ChainNumber;
use crate::archive::store::Store;
use crate::audit::judge::Judged;
use crate::audit::verify::Progress;
use crate::audit::{Finding, FindingKind};
use comptoir_lake::{Create, LakeError, Recursive};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What became of a segment.
#[derive(Debug)]
pub(super) enum Copied {
    Whole,
    /// It was taken as it is, if it is there at all.
    Wrong(Finding),
}

pub(super) async fn copy(
    store: &Store,
    target: &Store,
    judged: &Judged,
    numbers: &[ChainNumber],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<BTreeMap<ChainNumber, Copied>, ExtractError> {
    progress(Progress::Begins(numbers.len()));
    let mut copied = BTreeMap::new();
    for number in numbers {
        if let Some(segment) = super::segment_of(judged, *number) {
            copied.insert(*number, copy_segment(store, target, segment).await?);
        }
        progress(Progress::Read);
    }
    Ok(copied)
}

async fn copy_segment(
    store: &Store,
    target: &Store,
    segment: &Segment,
) -> Result<Copied, ExtractError> {
    let wrong = |kind, detail: &str| Copied::Wrong(Finding::new(kind, &segment.name, detail));
    let missing = || wrong(FindingKind::Missing, "the archive has no such file");
    let mut reader = match store.open_segment(&segment.name).await {
        Err(LakeError::NotFound { .. }) => return Ok(missing()),
        reader => reader?,
    };
    let path = target.segment_path(&segment.name)?;
    let mut writer = target.lake.create(&path, Create::Overwrite).await?;
    let mut sum = Sha256::new();
    loop {
        match reader.next_chunk().await {
            Ok(Some(bytes)) => {
                sum.update(&bytes);
                writer.write(bytes).await?;
            }
            Ok(None) => break,
            // It may have been deleted while it was read, which a DataNode says in its own words.
            Err(error) => {
                return match store.open_segment(&segment.name).await {
                    Err(LakeError::NotFound { .. }) => {
                        target.lake.delete(&path, Recursive::No).await?;
                        Ok(missing())
                    }
                    _ => Err(error.into()),
                };
            }
        }
    }
    writer.close().await?;
    Ok(if Digest::from(sum.finalize()) == segment.sha256 {
        Copied::Whole
    } else {
        let detail = "it was taken as it is, and is not what was signed";
        wrong(FindingKind::Altered, detail)
    })
}
