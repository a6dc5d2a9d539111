//! Tombstones: entries of the chain that tell which segments were deleted because they were too old.
//! The manifests of these stay, so that the chain can be verified for ever.

use super::digest::Digest;
use super::manifest::{ChainEntry, Entry, Sealed};
use super::names::{ChainNumber, LifeNumber};
use super::segment_path::SegmentPath;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// From here on these segments are missing lawfully.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// All of them hold nothing that was written then or later, by [`written_by`].
    pub before: Timestamp,
    /// In the order of their numbers.
    pub segments: Vec<ExpiredSegment>,
}

/// What its manifest says of a segment that expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiredSegment {
    /// Of the manifest.
    pub number: ChainNumber,
    pub life: LifeNumber,
    pub start: u64,
    /// Exclusive.
    pub end: u64,
    /// Newlines.
    pub lines: u64,
    pub raw_sha256: Digest,
    pub name: SegmentPath,
    pub sha256: Digest,
}

impl ExpiredSegment {
    /// `None` of a manifest without a segment.
    pub fn of(number: ChainNumber, sealed: &Sealed) -> Option<Self> {
        let segment = sealed.segment.as_ref()?;
        Some(Self {
            number,
            life: sealed.life,
            start: sealed.start,
            end: sealed.end,
            lines: sealed.lines,
            raw_sha256: sealed.raw_sha256,
            name: segment.name.clone(),
            sha256: segment.sha256,
        })
    }
}

/// When the last byte of a range was written at the latest, which is what its age is counted from.
/// It is the latest time of its lines: nothing in it is younger. It is never later than the sealing,
/// so that a line with a time of the future can't hold it for ever; and where no line has a time, it
/// is the sealing.
pub fn written_by(sealed: &Sealed, sealed_at: Timestamp) -> Timestamp {
    sealed.to.map_or(sealed_at, |to| to.min(sealed_at))
}

/// What the tombstones of a chain say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tombstones {
    /// The manifests whose segments expired, each with the tombstone that says so. Of each life a
    /// prefix: one behind a segment that did not expire counts for nothing.
    pub expired: BTreeMap<ChainNumber, ChainNumber>,
    /// Tombstones that say of a manifest what it does not say itself, or that name what is too young:
    /// the tombstone, and the manifest.
    pub wrong: BTreeSet<(ChainNumber, ChainNumber)>,
}

impl Tombstones {
    /// `entries` come in the order of their numbers.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a ChainEntry>) -> Self {
        let mut sealed: BTreeMap<ChainNumber, (&Sealed, Timestamp)> = BTreeMap::new();
        let mut tombstones = Self::default();
        for entry in entries {
            let (own, at) = (entry.manifest.number, entry.manifest.sealed_at);
            match &entry.manifest.entry {
                Entry::Sealed(range) => drop(sealed.insert(own, (range, at))),
                Entry::Key(_) => {}
                Entry::Expired(expired) => {
                    for segment in &expired.segments {
                        tombstones.name(own, expired.before, segment, &sealed);
                    }
                }
            }
        }
        tombstones.keep_prefixes(&sealed);
        tombstones
    }

    fn name(
        &mut self,
        own: ChainNumber,
        before: Timestamp,
        named: &ExpiredSegment,
        sealed: &BTreeMap<ChainNumber, (&Sealed, Timestamp)>,
    ) {
        let number = named.number;
        match sealed.get(&number) {
            Some((range, at))
                if ExpiredSegment::of(number, range).as_ref() == Some(named)
                    && written_by(range, *at) < before =>
            {
                self.expired.entry(number).or_insert(own);
            }
            // Of a manifest that is missing or damaged, more can't be said.
            None if number < own => {}
            _ => drop(self.wrong.insert((own, number))),
        }
    }

    fn keep_prefixes(&mut self, sealed: &BTreeMap<ChainNumber, (&Sealed, Timestamp)>) {
        let mut begun: BTreeSet<LifeNumber> = BTreeSet::new();
        for (number, (range, _)) in sealed {
            if range.segment.is_none() {
                continue;
            }
            if begun.contains(&range.life) {
                self.expired.remove(number);
            } else if !self.expired.contains_key(number) {
                begun.insert(range.life);
            }
        }
    }
}

#[cfg(test)]
mod tests;
