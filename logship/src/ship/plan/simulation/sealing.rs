//! The sealer of a process, whose shell is this file, and the chain that sealers write.
//!
//! Between what a sealer decides and what comes of it, anything may happen: another owner takes
//! over, and a commit whose outcome was unknown may still come long after its process is gone.

use super::storage::Storage;
use crate::archive::digest::Digest;
use crate::archive::facts::Carry;
use crate::archive::manifest::{Chain, ChainEntry, Entry, Frame, Sealed, SealedFile, Segment};
use crate::archive::names::{ChainNumber, Epoch, LifeNumber, Name, PieceId, SegmentId};
use crate::archive::sample;
use crate::archive::segment_path::SegmentPath;
use crate::archive::tombstone::{Expired, ExpiredSegment, Tombstones};
use crate::seal::SealLimits;
use crate::seal::plan::{Facts, Run, Work};
use crate::seal::times::{TimePart, Times};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// The manifests, with the bytes of their segments.
#[derive(Clone, Debug, Default)]
pub(super) struct Sealings {
    entries: Vec<(ChainEntry, Vec<u8>)>,
    /// Segments, where they lie.
    pub(super) segments: BTreeSet<SegmentPath>,
    /// Commits that nobody knows the outcome of, and that may still come.
    late: Vec<Commit>,
}

/// A segment that is written and verified, and its manifest, which is not.
#[derive(Clone, Debug)]
struct Commit {
    run: Run,
    segment: SegmentId,
    content: Vec<u8>,
}

/// What a sealer has decided and not done yet.
#[derive(Debug, Default)]
pub(super) struct Sealer {
    commit: Option<Commit>,
    sweep: VecDeque<Name>,
    moves: VecDeque<SegmentPath>,
}

impl Sealings {
    pub(super) fn chain(&self) -> Chain {
        Chain::of(self.entries.iter().map(|(entry, _)| entry))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = Name> + '_ {
        let manifests = self.entries.iter();
        let manifests = manifests.map(|(entry, _)| Name::Manifest(entry.manifest.number));
        let beside = self
            .segments
            .iter()
            .filter(|segment| segment.directory.is_none());
        manifests.chain(beside.map(|segment| Name::Segment(segment.id)))
    }

    /// The sealed bytes of a life, also those that expired. Fails where a manifest names a segment
    /// that was swept, and no tombstone does.
    pub(super) fn content(&self, life: LifeNumber) -> Vec<u8> {
        let expired = self.tombstones().expired;
        let of_life = self.entries.iter().filter_map(|(entry, content)| {
            let sealed = entry.sealed().filter(|sealed| sealed.life == life)?;
            if let Some(segment) = &sealed.segment {
                let is_expired = expired.contains_key(&entry.manifest.number);
                let waiting = SegmentPath::beside(segment.name.id);
                let is_there = [&segment.name, &waiting].map(|path| self.segments.contains(path));
                let is_there = is_there.contains(&true);
                assert!(is_there || is_expired, "{segment:?} is gone");
            }
            Some(content.as_slice())
        });
        of_life.collect::<Vec<_>>().concat()
    }

    /// Segments that do not lie where their manifests say.
    pub(super) fn waiting(&self) -> usize {
        let chain = self.chain();
        let waiting = self.segments.iter().filter(|segment| {
            let directory = chain.segments.get(&segment.id);
            directory.is_some_and(|directory| *directory != segment.directory)
        });
        waiting.count()
    }

    /// Nothing is left of a segment that has expired, or was moved by somebody else.
    fn move_to_its_place(&mut self, segment: SegmentPath) {
        if self.segments.remove(&SegmentPath::beside(segment.id)) {
            self.segments.insert(segment);
        }
    }

    /// Of one manifest.
    pub(super) fn last(&self, manifest: Name) -> &[u8] {
        let mut entries = self.entries.iter();
        let entry = entries.find(|(entry, _)| Name::Manifest(entry.manifest.number) == manifest);
        entry.map_or(&[], |(_, content)| content)
    }

    /// Of the last manifest of a life.
    pub(super) fn last_of(&self, life: LifeNumber) -> &[u8] {
        let chain = self.chain();
        let last = chain.lives.get(&life).and_then(|life| life.last);
        last.map_or(&[], |(number, _)| self.last(Name::Manifest(number)))
    }

    /// The first manifest of a number stays.
    fn commit(&mut self, commit: Commit) {
        let number = commit.run.number;
        if number.0 == self.entries.len() as u64 + 1 {
            self.entries.push((entry(&commit), commit.content));
        }
    }

    fn tombstones(&self) -> Tombstones {
        Tombstones::of(self.entries.iter().map(|(entry, _)| entry))
    }

    /// A command beside the shippers, which may be killed before it has deleted anything: some
    /// segments of each life expire.
    pub(super) fn expire(&mut self, random: &mut ChaCha8Rng) {
        let before = self.tombstones();
        let mut kept = BTreeSet::new();
        let mut segments = Vec::new();
        for (entry, _) in &self.entries {
            let number = entry.manifest.number;
            let sealed = entry
                .sealed()
                .filter(|_| !before.expired.contains_key(&number));
            let Some(segment) = sealed.and_then(|sealed| ExpiredSegment::of(number, sealed)) else {
                continue;
            };
            if kept.contains(&segment.life) || random.random_range(0..4) == 0 {
                kept.insert(segment.life);
            } else {
                segments.push(segment);
            }
        }
        if !segments.is_empty() {
            let expired = Expired {
                before: Timestamp::MAX,
                segments,
            };
            let number = ChainNumber(self.entries.len() as u64 + 1);
            let entry = sample::entry(number, Entry::Expired(expired));
            self.entries.push((entry, Vec::new()));
        }
        if random.random() {
            let expired = self.tombstones().expired;
            let gone = self.entries.iter().filter_map(|(entry, _)| {
                let segment = entry.sealed()?.segment.as_ref()?;
                (expired.contains_key(&entry.manifest.number)).then_some(&segment.name)
            });
            for segment in gone {
                self.segments.remove(&SegmentPath::beside(segment.id));
                self.segments.remove(segment);
            }
        }
    }

    pub(super) fn commit_late(&mut self, random: &mut ChaCha8Rng) {
        if !self.late.is_empty() {
            let late = random.random_range(0..self.late.len());
            let commit = self.late.swap_remove(late);
            self.commit(commit);
        }
    }
}

impl Sealer {
    /// Forgets what it was doing; a commit that was on its way may still come.
    pub(super) fn crash(&mut self, storage: &mut Storage, random: &mut ChaCha8Rng) {
        let commit = self.commit.take();
        storage
            .sealings
            .late
            .extend(commit.filter(|_| random.random()));
        self.sweep.clear();
        self.moves.clear();
    }

    /// Decides, or does the next part of what it has decided: whether there was anything to do.
    pub(super) fn step(
        &mut self,
        storage: &mut Storage,
        random: &mut ChaCha8Rng,
        epoch: Epoch,
    ) -> bool {
        if let Some(name) = self.sweep.pop_front() {
            storage.delete(name);
            return true;
        }
        if let Some(segment) = self.moves.pop_front() {
            storage.sealings.move_to_its_place(segment);
            return true;
        }
        if let Some(commit) = self.commit.take() {
            storage.sealings.commit(commit);
            return true;
        }
        if storage.owner(epoch.next()).is_some() {
            return false;
        }
        let limits = SealLimits {
            bytes: 60,
            pieces: 3,
            age: if random.random() {
                SignedDuration::ZERO
            } else {
                SignedDuration::MAX
            },
            every: Duration::ZERO,
            times: if random.random() {
                Times::new(vec![
                    TimePart::Day,
                    TimePart::Text("/".to_owned()),
                    TimePart::Hour,
                ])
                .unwrap()
            } else {
                Times::default()
            },
        };
        let facts = facts(storage);
        match facts.next(&limits, Timestamp::UNIX_EPOCH) {
            Work::Nothing => return false,
            Work::Move(segments) => self.moves = segments.into(),
            Work::Sweep(names) => self.sweep = names.into_iter().collect(),
            Work::Seal(run) => {
                let segment = SegmentId {
                    number: run.number,
                    attempt: random.random(),
                };
                let mut content = Vec::new();
                for (id, end) in &run.pieces {
                    let length = super::process::length(end.end - id.start);
                    content.extend_from_slice(&storage.content(*id)[..length]);
                }
                storage
                    .sealings
                    .segments
                    .insert(SegmentPath::beside(segment));
                self.commit = Some(Commit {
                    run: *run,
                    segment,
                    content,
                });
            }
        }
        true
    }

    /// Until there is nothing left to do, however old pieces have to be.
    pub(super) fn settle(&mut self, storage: &mut Storage, random: &mut ChaCha8Rng, epoch: Epoch) {
        let mut idle = 0;
        while idle < 10 {
            idle = if self.step(storage, random, epoch) {
                0
            } else {
                idle + 1
            };
        }
    }
}

fn facts(storage: &Storage) -> Facts {
    let records = storage.records().clone();
    let listing = storage.list();
    let pieces = listing.pieces.keys();
    Facts {
        written_at: pieces.map(|id| (*id, hour_of(*id))).collect(),
        listing,
        lives: records.lives,
        ends: records.ends,
        recoveries: records.recoveries,
        gaps: records.gaps,
        chain: storage.sealings.chain(),
    }
}

/// By the clock of the lake, which is ahead.
fn hour_of(id: PieceId) -> Timestamp {
    let hours = i64::try_from(id.start / 50).unwrap();
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

fn entry(commit: &Commit) -> ChainEntry {
    let Commit {
        run,
        segment,
        content,
    } = commit;
    let bytes = content.len() as u64;
    let raw_sha256 = Digest::of(content);
    let frame = Frame {
        at: 0,
        stored: bytes,
        start: run.start,
        bytes,
        lines: 0,
        from: None,
        to: None,
        levels: BTreeMap::new(),
        carry: Carry::default(),
    };
    let sealed = Sealed {
        life: run.life.life,
        file: SealedFile {
            name: run.life.name.clone(),
            file: run.life.file,
            head: run.life.head.clone(),
            first: run.life.first,
            found_at: run.life.found_at,
        },
        start: run.start,
        end: run.start + bytes,
        lines: 0,
        from: None,
        to: None,
        raw_sha256,
        segment: (bytes > 0).then(|| Segment {
            name: SegmentPath {
                directory: run.directory.clone(),
                id: *segment,
            },
            bytes,
            sha256: raw_sha256,
            frames: vec![frame],
        }),
        carry: Carry::default(),
        gaps: run.gaps.clone(),
        ended: run.ended.clone(),
    };
    sample::entry(run.number, Entry::Sealed(Box::new(sealed)))
}
