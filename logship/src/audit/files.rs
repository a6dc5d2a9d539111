//! Segments against what their manifests say.

use super::evidence::Evidence;
use super::finding::{Finding, FindingKind};
use super::judge::Judged;
use crate::archive::ArchiveError;
use crate::archive::digest::Digest;
use crate::archive::manifest::{ChainEntry, Frame, Sealed, Segment};
use crate::archive::names::{ChainNumber, Name, SegmentId};
use crate::archive::segment_path::SegmentPath;
use crate::archive::store::Store;
use crate::archive::sums::read_sums;
use comptoir_lake::{LakeError, LakePath};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Which segment has which bytes.
pub(super) type Sums = Arc<BTreeMap<Digest, (ChainNumber, SegmentPath)>>;

pub(super) fn sums(judged: &Judged) -> Sums {
    let entries = judged.entries.iter();
    let sums = entries.filter_map(|(number, entry)| {
        let segment = entry.sealed()?.segment.as_ref()?;
        Some((segment.sha256, (*number, segment.name.clone())))
    });
    Arc::new(sums.collect())
}

/// Its name and its length.
pub(super) fn check_length(evidence: &Evidence, sealed: &Sealed) -> Option<Finding> {
    let segment = sealed.segment.as_ref()?;
    let name = &segment.name;
    let bytes = range(sealed);
    match evidence.length_of(name) {
        None => Some(Finding::new(FindingKind::Missing, name, bytes)),
        Some(length) if length < segment.bytes => {
            let detail = format!("{length} of {} bytes are left, of {bytes}", segment.bytes);
            Some(Finding::new(FindingKind::Truncated, name, detail))
        }
        Some(length) if length > segment.bytes => {
            let detail = format!("{length} bytes instead of {}", segment.bytes);
            Some(Finding::new(FindingKind::Altered, name, detail))
        }
        Some(_) => None,
    }
}

/// Every byte, stored and raw. Holds one frame at a time. `length` is what its length showed.
pub(super) async fn check_bytes(
    store: &Store,
    sealed: &Sealed,
    segment: &Segment,
    sums: &Sums,
    length: Option<Finding>,
) -> Result<Option<Finding>, ArchiveError> {
    let name = &segment.name;
    let reader = match store.open_segment(name).await {
        Err(error) => match ArchiveError::from(error) {
            error if error.is_gone() => {
                let detail = range(sealed);
                return Ok(Some(Finding::new(FindingKind::Missing, name, detail)));
            }
            error => return Err(error),
        },
        Ok(reader) => reader,
    };
    let read = read_sums(&reader, &segment.frames).await?;
    if read.stored == segment.sha256 {
        let is_raw = read.raw == sealed.raw_sha256;
        return Ok((!is_raw).then(|| {
            let detail = "its bytes are those that were signed, but not those of the source";
            Finding::new(FindingKind::Altered, name, detail)
        }));
    }
    if let Some((number, other)) = sums.get(&read.stored) {
        let detail = format!("it holds {other} of manifest {}", number.0);
        return Ok(Some(Finding::new(FindingKind::Reordered, name, detail)));
    }
    if length.is_some() {
        return Ok(length);
    }
    let life = sealed.life.0;
    let detail = if read.damaged.is_empty() {
        format!("all bytes of life {life} can still be read, but its SHA-256 is another")
    } else {
        let span = |frame: &Frame| format!("{} to {}", frame.start, frame.start + frame.bytes);
        let damaged: Vec<String> = read.damaged.iter().map(span).collect();
        let damaged = damaged.join(", ");
        format!("of life {life}, bytes {damaged} are damaged")
    };
    Ok(Some(Finding::new(FindingKind::Altered, name, detail)))
}

/// Segments that no manifest names. A crash may leave one until the shipper sweeps it; a copy of
/// one that counts was put there by somebody.
pub(super) async fn check_others(
    store: &Store,
    evidence: &Evidence,
    judged: &Judged,
    sums: &Sums,
) -> Result<Vec<Finding>, ArchiveError> {
    let mut findings = Vec::new();
    for (name, path) in others(store, evidence, judged)? {
        let mut reader = match store.lake.open_read(&path).await {
            Ok(reader) => reader,
            Err(error) => match ArchiveError::from(error) {
                error if error.is_gone() => continue,
                error => return Err(error),
            },
        };
        let mut sum = Sha256::new();
        while let Some(bytes) = reader.next_chunk().await? {
            sum.update(&bytes);
        }
        if let Some((_, of)) = sums.get(&Digest::from(sum.finalize())) {
            let detail = format!("it is a copy of {of}, and no manifest names it");
            findings.push(Finding::new(FindingKind::Doubled, name, detail));
        }
    }
    Ok(findings)
}

/// The files with a segment's name that lie where no manifest names one. One that waits to be moved is
/// none, unless it lies there as well where it belongs.
fn others(
    store: &Store,
    evidence: &Evidence,
    judged: &Judged,
) -> Result<Vec<(String, LakePath)>, LakeError> {
    let sealed = judged.entries.values().filter_map(ChainEntry::sealed);
    let segments = sealed.filter_map(|sealed| sealed.segment.as_ref());
    let named: BTreeSet<&SegmentPath> = segments.map(|segment| &segment.name).collect();
    let placed = || evidence.directories.values().flat_map(BTreeMap::keys);
    let waiting: BTreeSet<SegmentId> = named.iter().map(|segment| segment.id).collect();
    let there: BTreeSet<SegmentId> = placed()
        .filter(|segment| named.contains(segment))
        .map(|segment| segment.id)
        .collect();
    let beside = evidence.listing.segments.iter().filter(|(id, name)| {
        let is_closed = **name == Name::Segment(**id);
        !(is_closed && waiting.contains(id)) || there.contains(id)
    });
    let beside = beside.map(|(_, name)| Ok((name.to_string(), store.path(*name)?)));
    let elsewhere = placed().filter(|segment| !named.contains(segment));
    let elsewhere =
        elsewhere.map(|segment| Ok((segment.to_string(), store.segment_path(segment)?)));
    beside.chain(elsewhere).collect()
}

/// What of the source a segment holds, for people.
fn range(sealed: &Sealed) -> String {
    let life = format!(
        "life {}, bytes {} to {}",
        sealed.life.0, sealed.start, sealed.end
    );
    match (sealed.from, sealed.to) {
        (Some(from), Some(to)) => format!("{life}, {from} to {to}"),
        _ => life,
    }
}
