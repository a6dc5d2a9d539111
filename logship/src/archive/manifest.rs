//! The chain of a source: signed entries, each named by its number and bound to the one before by
//! its hash. Most describe a sealed range of a life.

use super::digest::Digest;
use super::facts::Carry;
use super::names::{ChainNumber, Epoch, LifeNumber, SegmentId};
use super::records::{End, FileId, Gap, Head};
use super::segment_path::{SegmentDirectory, SegmentPath};
use super::signature::{PublicKey, Purpose, SignedFile};
use super::source_id::SourceId;
use super::tombstone::Expired;
use comptoir_model::app_log::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the first line of `manifest-<number>` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    pub number: ChainNumber,
    /// The SHA-256 of the whole file of the manifest before; `None` of the first.
    pub previous: Option<Digest>,
    pub source: SourceId,
    pub epoch: Epoch,
    pub sealed_at: Timestamp,
    pub entry: Entry,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    Sealed(Box<Sealed>),
    Key(KeyChange),
    Expired(Expired),
}

/// A range of a life, which has no pieces any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub life: LifeNumber,
    pub file: SealedFile,
    /// Its first byte in the life.
    pub start: u64,
    /// Exclusive.
    pub end: u64,
    /// Newlines.
    pub lines: u64,
    /// The earliest and the latest time of its lines.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Of the bytes as they stood in the source.
    pub raw_sha256: Digest,
    /// `None` where the range is empty, and only the end of the life is told.
    pub segment: Option<Segment>,
    /// What the line behind the last byte takes over.
    #[serde(default, skip_serializing_if = "Carry::is_empty")]
    pub carry: Carry,
    /// Of this life, found since its manifest before.
    pub gaps: Vec<Gap>,
    /// Once, in the first manifest after it was recorded.
    pub ended: Option<End>,
}

/// Which file a life was, from its sidecar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFile {
    pub name: String,
    pub file: FileId,
    pub head: Head,
    pub first: u64,
    pub found_at: Timestamp,
}

/// The compressed bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Where it lies, below the log's directory.
    pub name: SegmentPath,
    pub bytes: u64,
    /// Of the file as it is stored.
    pub sha256: Digest,
    pub frames: Vec<Frame>,
}

/// A part of a segment that can be read alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Where it begins in the segment.
    pub at: u64,
    /// Its length there.
    pub stored: u64,
    /// Its first byte in the life, and how many it holds.
    pub start: u64,
    pub bytes: u64,
    pub lines: u64,
    /// The earliest and the latest time of its lines.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Lines by their level.
    pub levels: BTreeMap<Level, u64>,
    /// What its first line takes over from those before.
    #[serde(default, skip_serializing_if = "Carry::is_empty")]
    pub carry: Carry,
}

/// From the next number on, another key signs. This entry is signed by the new one, and carries an
/// endorsement by the old one, or several that lead from the old one to the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    pub endorsements: Vec<SignedEndorsement>,
}

/// The two lines of an endorsement, as one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedEndorsement(pub String);

/// What an old key signs of a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endorsement {
    pub version: u32,
    pub new_key: PublicKey,
    pub endorsed_at: Timestamp,
}

impl SignedEndorsement {
    /// The key that endorses and the one that is endorsed; `None` where it is not genuine.
    pub fn opened(&self) -> Option<(PublicKey, PublicKey)> {
        let signed = SignedFile::parse(self.0.as_bytes()).ok()?;
        let body: Endorsement = serde_json::from_slice(signed.body).ok()?;
        (signed.is_genuine(Purpose::Endorsement)).then_some((signed.public_key, body.new_key))
    }
}

/// Whether genuine endorsements lead from one key to the other. None are needed from a key to
/// itself.
pub fn leads(endorsements: &[SignedEndorsement], from: PublicKey, to: PublicKey) -> bool {
    let mut known = vec![from];
    for (old, new) in endorsements.iter().filter_map(SignedEndorsement::opened) {
        if known.contains(&old) {
            known.push(new);
        }
    }
    known.contains(&to)
}

/// A manifest as it lies in the lake.
#[derive(Clone, Debug)]
pub struct ChainEntry {
    pub manifest: Manifest,
    /// Of the whole file: what the next manifest names.
    pub sha256: Digest,
    /// The key that it says it is signed with.
    pub public_key: PublicKey,
}

impl ChainEntry {
    pub fn sealed(&self) -> Option<&Sealed> {
        match &self.manifest.entry {
            Entry::Sealed(sealed) => Some(sealed),
            Entry::Key(_) | Entry::Expired(_) => None,
        }
    }
}

/// What the manifests say of one life. What expired of it was archived, and counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedLife {
    /// The exclusive end of what is sealed.
    pub end: u64,
    pub bytes: u64,
    pub lines: u64,
    pub gaps: BTreeMap<u64, Gap>,
    /// Whether a manifest tells how it ended.
    pub has_ended: bool,
    /// The manifest of its last bytes, and where its last frame begins.
    pub last: Option<(ChainNumber, u64)>,
    pub carry: Carry,
}

/// The chain without its indexes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The last entry: its number, its hash, and its key.
    pub head: Option<(ChainNumber, Digest, PublicKey)>,
    pub lives: BTreeMap<LifeNumber, SealedLife>,
    /// Those that manifests name, also where they expired, and where they belong: a sealer sweeps none
    /// of these.
    pub segments: BTreeMap<SegmentId, Option<SegmentDirectory>>,
}

impl Chain {
    /// `entries` come in the order of their numbers.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a ChainEntry>) -> Self {
        let mut chain = Self::default();
        for entry in entries {
            chain.push(entry);
        }
        chain
    }

    pub fn push(&mut self, entry: &ChainEntry) {
        self.head = Some((entry.manifest.number, entry.sha256, entry.public_key));
        let Some(sealed) = entry.sealed() else {
            return;
        };
        let life = self.lives.entry(sealed.life).or_default();
        life.end = sealed.end;
        life.bytes += sealed.end - sealed.start;
        life.lines += sealed.lines;
        life.has_ended |= sealed.ended.is_some();
        life.gaps
            .extend(sealed.gaps.iter().map(|gap| (gap.from, gap.clone())));
        if let Some(segment) = &sealed.segment {
            let SegmentPath { directory, id } = segment.name.clone();
            self.segments.insert(id, directory);
            life.carry = sealed.carry;
            let start = segment
                .frames
                .last()
                .map_or(sealed.start, |last| last.start);
            life.last = Some((entry.manifest.number, start));
        }
    }

    /// Where the pieces of a life go on behind what is sealed.
    pub fn sealed_to(&self, life: LifeNumber, first: u64) -> u64 {
        self.lives.get(&life).map_or(first, |life| life.end)
    }
}
