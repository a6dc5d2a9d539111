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
use crate::archive::signature::SigningKey;
use crate::archive::store::Store;
use crate::archive::tombstone::{Expired, ExpiredSegment, Tombstones, written_by};
use crate::audit::Finding;
use crate::audit::evidence::Evidence;
use crate::audit::judge::{Judged, judge};
use comptoir_lake::{Lake, LakePath, Recursive};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

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

impl From<comptoir_lake::LakeError> for ExpireError {
    fn from(error: comptoir_lake::LakeError) -> Self {
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
        let due = due(&judged, &evidence.lengths, before);
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
            expiry.deleted = sweep(&store, &judged, &evidence.lengths).await?;
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
fn due(judged: &Judged, lengths: &BTreeMap<Name, u64>, before: Timestamp) -> Due {
    let mut due = Due::default();
    let mut kept: BTreeSet<LifeNumber> = BTreeSet::new();
    for (number, entry) in &judged.entries {
        let Some((segment, name, bytes, at)) = segment_of(*number, entry) else {
            continue;
        };
        if kept.contains(&segment.life) || judged.tombstones.expired.contains_key(number) {
            continue;
        }
        if at >= before {
            kept.insert(segment.life);
        } else if lengths.get(&name) == Some(&bytes) {
            due.expired.push(segment);
        } else {
            kept.insert(segment.life);
            due.lost.push(segment);
        }
    }
    due
}

/// A segment, its name and stored length, and by when it was written.
fn segment_of(
    number: ChainNumber,
    entry: &ChainEntry,
) -> Option<(ExpiredSegment, Name, u64, Timestamp)> {
    let sealed = entry.sealed()?;
    let segment = sealed.segment.as_ref()?;
    let at = written_by(sealed, entry.manifest.sealed_at);
    let expired = ExpiredSegment::of(number, sealed)?;
    Some((expired, Name::Segment(segment.name), segment.bytes, at))
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

/// Deletes what tombstones name, and returns how many segments that were.
async fn sweep(
    store: &Store,
    judged: &Judged,
    lengths: &BTreeMap<Name, u64>,
) -> Result<u64, ExpireError> {
    let Tombstones { expired, .. } = &judged.tombstones;
    let mut deleted = 0;
    for number in expired.keys() {
        let sealed = judged.entries.get(number).and_then(ChainEntry::sealed);
        let segment = sealed.and_then(|sealed| sealed.segment.as_ref());
        let name = segment.map(|segment| Name::Segment(segment.name));
        if let Some(name) = name.filter(|name| lengths.contains_key(name)) {
            let path = store.path(name)?;
            deleted += u64::from(store.lake.delete(&path, Recursive::No).await?);
        }
    }
    Ok(deleted)
}
