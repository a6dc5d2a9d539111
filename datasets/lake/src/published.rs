//! Reading a published run: the old or the new one, complete and checked.

mod files;
mod run;

pub use files::{Described, Expected, list_described, piece};
pub use run::{PartReader, PublishedRun};

use crate::entry::EntryKind;
use crate::error::{LakeError, Result};
use crate::file::LakeReader;
use crate::lake::Lake;
use crate::path::LakePath;
use crate::publish::{Layout, Listing, Target, look_beside};
use bytes::Bytes;
use comptoir_model::manifest::{MANIFEST_VERSION, Manifest};
use serde::Deserialize;
use std::time::Duration;

/// How often a reader that is overtaken by publications looks again.
const ATTEMPTS_MAX: u32 = 50;

/// How long it waits before it does.
const PAUSE: Duration = Duration::from_millis(20);

/// Opens the current run of a target; `None` if nothing has been published there.
///
/// Follows a standing intent while the target is being replaced. All parts are open when it
/// returns, so the run can be read to its end though another one replaces it (for at least 24 h).
pub async fn open(lake: &Lake, target: &LakePath) -> Result<Option<PublishedRun>> {
    let layout = Layout::new(target)?;
    for _ in 0..ATTEMPTS_MAX {
        match attempt(lake, &layout).await? {
            Attempt::Opened(run) => return Ok(Some(*run)),
            Attempt::NothingThere => return Ok(None),
            Attempt::Overtaken => tokio::time::sleep(PAUSE).await,
        }
    }
    Err(overtaken(target))
}

fn overtaken(target: &LakePath) -> LakeError {
    LakeError::Unavailable {
        path: target.clone(),
        reason: format!("it was replaced {ATTEMPTS_MAX} times while being opened"),
    }
}

/// The manifest of the current run, without opening its parts; `None` if nothing has been published.
pub async fn describe(lake: &Lake, target: &LakePath) -> Result<Option<Manifest>> {
    let layout = Layout::new(target)?;
    for _ in 0..ATTEMPTS_MAX {
        match locate(lake, &layout).await? {
            Location::Nowhere => return Ok(None),
            Location::Moving => {}
            Location::At(location) => match manifest_in(lake, &location).await {
                Ok(Some(manifest)) => return Ok(Some(manifest)),
                Ok(None) => {}
                Err(LakeError::Unpublished { .. }) if is_unpublished(lake, &location).await? => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            },
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(overtaken(target))
}

/// The current run with all its bytes, part by part; opens it again when it was replaced, and its
/// data deleted, while being read. `None` if nothing has been published.
pub async fn read_all(
    lake: &Lake,
    target: &LakePath,
) -> Result<Option<(PublishedRun, Vec<Bytes>)>> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(run) = open(lake, target).await? else {
            return Ok(None);
        };
        let mut parts = Vec::with_capacity(run.manifest().parts.len());
        let read = async {
            for index in 0..run.manifest().parts.len() {
                parts.push(run.read_part(index).await?);
            }
            Ok(())
        };
        match read.await {
            Ok(()) => return Ok(Some((run, parts))),
            Err(error) if run.still_current().await? => return Err(error),
            Err(_) => {}
        }
    }
    Err(LakeError::Unavailable {
        path: target.clone(),
        reason: format!("it was replaced {ATTEMPTS_MAX} times while being read"),
    })
}

enum Attempt {
    Opened(Box<PublishedRun>),
    NothingThere,
    Overtaken,
}

async fn attempt(lake: &Lake, layout: &Layout) -> Result<Attempt> {
    let location = match locate(lake, layout).await? {
        Location::At(location) => location,
        Location::Nowhere => return Ok(Attempt::NothingThere),
        Location::Moving => return Ok(Attempt::Overtaken),
    };
    let manifest = match manifest_in(lake, &location).await {
        Ok(Some(manifest)) => manifest,
        Ok(None) => return Ok(Attempt::Overtaken),
        Err(LakeError::Unpublished { .. }) if is_unpublished(lake, &location).await? => {
            return Ok(Attempt::NothingThere);
        }
        Err(error) => return Err(error),
    };
    let mut parts = Vec::with_capacity(manifest.parts.len());
    for part in &manifest.parts {
        match open_part(lake, &location, &manifest, &part.name).await {
            Ok(reader) => parts.push(reader),
            Err(LakeError::NotFound { path }) => {
                return if is_same(lake, &location, &manifest).await? {
                    Err(LakeError::Corrupt {
                        path,
                        reason: "the manifest names it, but it is missing".to_owned(),
                    })
                } else {
                    Ok(Attempt::Overtaken)
                };
            }
            Err(error) => return Err(error),
        }
    }
    // Parts of two runs may have been opened, if one replaced the other in between.
    if !is_same(lake, &location, &manifest).await? {
        return Ok(Attempt::Overtaken);
    }
    check_lengths(&manifest, &parts)?;
    Ok(Attempt::Opened(Box::new(PublishedRun::new(
        lake, layout, location, manifest, parts,
    ))))
}

/// Opens a part under the name it has. One that was added not long ago may still lie under the name
/// it waited under, which it leaves once and for all.
async fn open_part(
    lake: &Lake,
    location: &LakePath,
    manifest: &Manifest,
    name: &str,
) -> Result<LakeReader> {
    if let Some(hidden) = manifest.appended.hidden.get(name) {
        match lake.open_read(&location.join(hidden)?).await {
            Err(LakeError::NotFound { .. }) => {}
            opened => return opened,
        }
    }
    lake.open_read(&location.join(name)?).await
}

async fn is_same(lake: &Lake, location: &LakePath, manifest: &Manifest) -> Result<bool> {
    let now = manifest_in(lake, location).await?;
    Ok(now.is_some_and(|now| now.run == manifest.run))
}

fn check_lengths(manifest: &Manifest, parts: &[LakeReader]) -> Result<()> {
    for (part, reader) in manifest.parts.iter().zip(parts) {
        if reader.len() != part.bytes {
            return Err(LakeError::Corrupt {
                path: reader.path().clone(),
                reason: format!(
                    "it has {} bytes, its manifest says {}",
                    reader.len(),
                    part.bytes
                ),
            });
        }
    }
    Ok(())
}

pub(crate) enum Location {
    At(LakePath),
    Nowhere,
    /// A publication went on while we looked.
    Moving,
}

/// Where the current run lies.
pub(crate) async fn locate(lake: &Lake, layout: &Layout) -> Result<Location> {
    if lake.stat(&layout.target).await?.is_some() {
        return Ok(Location::At(layout.target.clone()));
    }
    // What lies beside tells only of a moment at which there is no target: one publication may have
    // ended, and another begun, since it was looked for. Each leaves its number behind.
    let beside = look_beside(lake, layout, Target::Absent).await?;
    if lake.stat(&layout.target).await?.is_some() {
        return Ok(Location::Moving);
    }
    let again = look_beside(lake, layout, Target::Absent).await?;
    if again.old != beside.old || again.intents != beside.intents {
        return Ok(Location::Moving);
    }
    let name = beside.without_target();
    Ok(name.map_or(Location::Nowhere, |name| Location::At(layout.path(&name))))
}

/// The manifest with the highest number in a directory; `None` if there is no such directory (any
/// more).
pub(crate) async fn manifest_in(lake: &Lake, directory: &LakePath) -> Result<Option<Manifest>> {
    let entries = match lake.list(directory).await {
        Ok(entries) => entries,
        Err(LakeError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let listing = Listing::of(&entries);
    let Some(&number) = listing.manifests.last() else {
        return Err(LakeError::Unpublished {
            path: directory.clone(),
        });
    };
    read_manifest(lake, directory, number).await
}

/// The manifest of this number; `None` if there is none (any more).
pub(crate) async fn read_manifest(
    lake: &Lake,
    directory: &LakePath,
    number: u64,
) -> Result<Option<Manifest>> {
    let path = directory.child(&Manifest::file_name(number));
    match lake.read(&path).await {
        Ok(bytes) => parse(&path, &bytes).map(Some),
        Err(LakeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether nobody has published anything in a directory: it is empty, or somebody is about to add
/// the first parts.
async fn is_unpublished(lake: &Lake, directory: &LakePath) -> Result<bool> {
    match lake.list(directory).await {
        Ok(entries) => Ok(Listing::of(&entries).is_unpublished()
            && entries.iter().all(|entry| entry.kind == EntryKind::File)),
        Err(LakeError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn parse(path: &LakePath, bytes: &[u8]) -> Result<Manifest> {
    /// What every version has.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let corrupt = |error: serde_json::Error| LakeError::Corrupt {
        path: path.clone(),
        reason: error.to_string(),
    };
    let Versioned { version } = serde_json::from_slice(bytes).map_err(corrupt)?;
    if version > MANIFEST_VERSION {
        return Err(LakeError::NewerManifest {
            path: path.clone(),
            version,
            known: MANIFEST_VERSION,
        });
    }
    serde_json::from_slice(bytes).map_err(corrupt)
}
