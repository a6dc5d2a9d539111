//! Expiry: segments that are too old are deleted, and a signed entry of the chain says so for ever.
//!
//! It needs no ownership and may run beside a shipper: whoever has the next number of the chain first
//! is in it, the other one looks again (see `append`). The tombstone is durable, and its head is kept
//! in the anchor, before anything is deleted; what is deleted is what the tombstones that lie in the
//! lake name. So a run that was interrupted at any step is finished by the next one.

use super::SealSettings;
use super::append::{Appended, Appender, ChainHead};
use super::error::{KeyError, SealError};
use crate::archive::ArchiveError;
use crate::archive::manifest::{ChainEntry, Entry};
use crate::archive::names::{ChainNumber, LifeNumber, Name};
use crate::archive::segment_path::{SegmentDirectory, SegmentPath};
use crate::archive::signature::SigningKey;
use crate::archive::store::Store;
use crate::archive::tombstone::{Expired, ExpiredSegment, Tombstones, written_by};
use crate::audit::Finding;
use crate::audit::evidence::Evidence;
use crate::audit::judge::{Judged, judge};
use comptoir_lake::{Lake, LakeError, LakePath, Recursive};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A shipper that has the next number so often in a row is too fast for us.
const ATTEMPTS_MAX: u32 = 20;

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Apply,
    /// Only tells what would be done.
    Dry,
}

/// What was done, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// Named by a tombstone of this run.
    pub named: Vec<ExpiredSegment>,
    pub tombstone: Option<ChainNumber>,
    /// Segments that tombstones name, of this run or of one that was interrupted, and that are gone
    /// now.
    pub deleted: u64,
    /// Old enough, but not there, or not as long as they were: no tombstone may turn a loss into an
    /// expiry. What lies behind them in their lives is kept.
    pub lost: Vec<ExpiredSegment>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExpireError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(
        "{location} is not as it was signed: {first}\nhint: nothing expires of it; `comptoir-logship audit verify` tells all that is wrong"
    )]
    Damaged { location: String, first: Finding },
    #[error(
        "{location}: others were faster {ATTEMPTS_MAX} times\nhint: nothing was deleted; try again when less is sealed"
    )]
    Crowded { location: String },
}

impl From<LakeError> for ExpireError {
    fn from(error: LakeError) -> Self {
        Self::Archive(error.into())
    }
}

/// Expires what was written before `before` in the archive of one source. An archive whose chain is
/// damaged is left as it is.
pub async fn expire(
    lake: &Lake,
    directory: &LakePath,
    settings: &SealSettings,
    before: Timestamp,
    mode: Mode,
) -> Result<Expiry, ExpireError> {
    let store = Store::new(lake.clone(), directory.clone());
    let location = || lake.url_of(directory);
    let source = settings.source(directory.file_name().unwrap_or_default());
    let mut expiry = Expiry::default();
    for _ in 0..ATTEMPTS_MAX {
        let evidence = Evidence::gather(&store, &source.name, settings.anchor.as_ref()).await?;
        let judged = judge(&evidence, None);
        if let Some(first) = judged.findings.first() {
            return Err(ExpireError::Damaged {
                location: location(),
                first: first.clone(),
            });
        }
        let due = due(&judged, &evidence, before);
        expiry.lost = due.lost;
        if mode == Mode::Dry {
            expiry.named = due.expired;
            return Ok(expiry);
        }
        let key = private_key(settings)?;
        let appender = Appender {
            store: &store,
            source: &source,
            key: &key,
            epoch: evidence.listing.highest_owner(),
        };
        let head = head(&judged);
        if due.expired.is_empty() {
            keep_head(settings, &appender, head).await?;
            expiry.deleted = sweep(&store, &judged, &evidence).await?;
            return Ok(expiry);
        }
        if let Some(change) = appender.key_change(head, &settings.key)? {
            appender.append(head, change).await?;
            continue;
        }
        let tombstone = Entry::Expired(Expired {
            before,
            segments: due.expired.clone(),
        });
        if appender.append(head, tombstone).await? == Appended::Ours {
            expiry.named.extend(due.expired);
            expiry.tombstone = Some(head.map(|head| head.0).unwrap_or_default().next());
        }
    }
    Err(ExpireError::Crowded {
        location: location(),
    })
}

/// What is to expire now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Due {
    expired: Vec<ExpiredSegment>,
    lost: Vec<ExpiredSegment>,
}

/// Of each life the first segments that were all written before `before` and lie there as they were.
/// Pure.
fn due(judged: &Judged, evidence: &Evidence, before: Timestamp) -> Due {
    let mut due = Due::default();
    let mut kept: BTreeSet<LifeNumber> = BTreeSet::new();
    for (number, entry) in &judged.entries {
        let Some((segment, bytes, at)) = segment_of(*number, entry) else {
            continue;
        };
        if kept.contains(&segment.life) || judged.tombstones.expired.contains_key(number) {
            continue;
        }
        if at >= before {
            kept.insert(segment.life);
        } else if evidence.length_of(&segment.name) == Some(bytes) {
            due.expired.push(segment);
        } else {
            kept.insert(segment.life);
            due.lost.push(segment);
        }
    }
    due
}

/// A segment, its stored length, and by when it was written.
fn segment_of(number: ChainNumber, entry: &ChainEntry) -> Option<(ExpiredSegment, u64, Timestamp)> {
    let sealed = entry.sealed()?;
    let segment = sealed.segment.as_ref()?;
    let at = written_by(sealed, entry.manifest.sealed_at);
    let expired = ExpiredSegment::of(number, sealed)?;
    Some((expired, segment.bytes, at))
}

fn head(judged: &Judged) -> ChainHead {
    let (number, last) = judged.entries.last_key_value()?;
    Some((*number, last.sha256, last.public_key))
}

fn private_key(settings: &SealSettings) -> Result<SigningKey, SealError> {
    let files = &settings.key;
    let key = files.load()?;
    key.ok_or_else(|| {
        KeyError::NoKey {
            path: files.private().display().to_string(),
        }
        .into()
    })
}

/// Whoever cuts the tombstone off later is seen.
async fn keep_head(
    settings: &SealSettings,
    appender: &Appender<'_>,
    head: ChainHead,
) -> Result<(), SealError> {
    match (&settings.anchor, head) {
        (Some(anchor), Some((number, sha256, _))) => {
            let head = (number, sha256);
            anchor.keep(appender.source, head, appender.key).await
        }
        _ => Ok(()),
    }
}

/// Deletes what tombstones name, and the directories that are empty then. Returns how many segments that
/// were.
async fn sweep(store: &Store, judged: &Judged, evidence: &Evidence) -> Result<u64, ExpireError> {
    let Tombstones { expired, .. } = &judged.tombstones;
    let mut deleted = 0;
    for number in expired.keys() {
        let segment = judged.entries.get(number).and_then(segment_path);
        let Some(segment) = segment.filter(|segment| evidence.length_of(segment).is_some()) else {
            continue;
        };
        // In this order: a sealer may move it meanwhile, and only so.
        let waiting = store.path(Name::Segment(segment.id))?;
        let own = store.segment_path(segment)?;
        let mut is_deleted = store.lake.delete(&waiting, Recursive::No).await?;
        if own != waiting {
            is_deleted |= store.lake.delete(&own, Recursive::No).await?;
        }
        deleted += u64::from(is_deleted);
    }
    for directory in emptied(judged, evidence) {
        let path = store.directory(&directory)?;
        match store.lake.delete(&path, Recursive::No).await {
            // Somebody else's files.
            Err(LakeError::NotEmpty { .. } | LakeError::WrongKind { .. }) => {}
            deleted => drop(deleted?),
        }
    }
    Ok(deleted)
}

/// The directories whose segments have all expired, and those above them that hold no others: the
/// deepest first. Pure.
fn emptied(judged: &Judged, evidence: &Evidence) -> Vec<SegmentDirectory> {
    let mut gone = BTreeSet::new();
    let mut kept = BTreeSet::new();
    for (number, entry) in &judged.entries {
        let is_expired = judged.tombstones.expired.contains_key(number);
        let own = segment_path(entry).and_then(|segment| segment.directory.clone());
        let above = own.as_ref().and_then(SegmentDirectory::parent);
        let above = std::iter::successors(above, SegmentDirectory::parent);
        let (known, own) = if is_expired {
            let is_there = |own: &SegmentDirectory| evidence.directories.contains_key(own);
            (&mut gone, own.filter(is_there))
        } else {
            (&mut kept, own)
        };
        known.extend(above.chain(own));
    }
    let mut emptied: Vec<SegmentDirectory> = gone.difference(&kept).cloned().collect();
    emptied.sort_by_key(|directory| std::cmp::Reverse(directory.parts().count()));
    emptied
}

fn segment_path(entry: &ChainEntry) -> Option<&SegmentPath> {
    let segment = entry.sealed()?.segment.as_ref()?;
    Some(&segment.name)
}
