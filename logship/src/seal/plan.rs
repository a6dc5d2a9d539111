//! What a sealer does next, from a listing and the records alone. Pure.
//!
//! The number of a manifest decides between sealers: a plan is made of exactly the manifests below
//! its number, and the first manifest of a number stays. So whatever an owner that was paused still
//! does, each byte is sealed once. Only pieces whose end no later owner can change are sealed.

use super::times::Times;
use crate::archive::contents::{Listing, chain};
use crate::archive::manifest::Chain;
use crate::archive::names::{ChainNumber, Epoch, LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::records::{End, Gap, Life, Recovery};
use crate::archive::segment_path::{SegmentDirectory, SegmentPath};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// When pieces become a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealLimits {
    /// Of a segment, before it is compressed. Default 128 MiB.
    pub bytes: u64,
    /// Joined at once. Default 256.
    pub pieces: usize,
    /// A piece is sealed when it is that old, with those behind it. Default a day.
    pub age: SignedDuration,
    /// From one look at the archive to the next. Default a minute.
    pub every: std::time::Duration,
    /// Pieces of different directories are not joined, and those of one that is over do not wait.
    /// Default none.
    pub times: Times,
}

impl Default for SealLimits {
    fn default() -> Self {
        Self {
            bytes: 128 << 20,
            pieces: 256,
            age: SignedDuration::from_hours(24),
            every: std::time::Duration::from_mins(1),
            times: Times::default(),
        }
    }
}

/// What lies in the lake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) listing: Listing,
    pub(crate) lives: BTreeMap<LifeNumber, Life>,
    pub(crate) ends: BTreeMap<LifeNumber, End>,
    pub(crate) recoveries: BTreeMap<Epoch, Recovery>,
    pub(crate) gaps: BTreeMap<(LifeNumber, u64), Gap>,
    pub(crate) chain: Chain,
    /// When each piece was written to last.
    pub(crate) written_at: BTreeMap<PieceId, Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Delete what manifests have taken the place of.
    Sweep(BTreeSet<Name>),
    Seal(Box<Run>),
    /// Move segments that manifests name to where these say.
    Move(Vec<SegmentPath>),
    Nothing,
}

/// What becomes one entry of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) number: ChainNumber,
    pub(crate) life: Life,
    pub(crate) start: u64,
    /// Where its segment belongs.
    pub(crate) directory: Option<SegmentDirectory>,
    /// One behind the other from `start`; none where only an end is to be told.
    pub(crate) pieces: Vec<(PieceId, PieceEnd)>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) ended: Option<End>,
}

impl Facts {
    pub(crate) fn next(&self, limits: &SealLimits, now: Timestamp) -> Work {
        let superseded = self.superseded();
        if !superseded.is_empty() {
            return Work::Sweep(superseded);
        }
        let mut runs = self.lives.values();
        if let Some(run) = runs.find_map(|life| self.run(life, limits, now)) {
            return Work::Seal(Box::new(run));
        }
        // Last: one that can't be moved keeps nothing from being sealed.
        let waiting = self.waiting();
        if waiting.is_empty() {
            Work::Nothing
        } else {
            Work::Move(waiting)
        }
    }

    /// Segments that manifests name, and that do not lie where these say yet.
    fn waiting(&self) -> Vec<SegmentPath> {
        let named = self.listing.segments.keys().filter_map(|id| {
            let directory = self.chain.segments.get(id)?.clone();
            let id = *id;
            directory.is_some().then_some(SegmentPath { directory, id })
        });
        named.collect()
    }

    /// Whether a new owner would have something to seal, once it has recovered the archive, or to
    /// sweep.
    pub(crate) fn is_due(&self, limits: &SealLimits, now: Timestamp) -> bool {
        let counted = self.listing.counted(&self.recoveries);
        let has_old = |life: &Life| {
            let start = self.chain.sealed_to(life.life, life.first);
            let mut pieces = chain(&counted, life.life, start).into_iter();
            pieces.any(|(id, _)| self.is_old(id, limits, now))
        };
        self.next(limits, now) != Work::Nothing || self.lives.values().any(has_old)
    }

    fn is_old(&self, id: PieceId, limits: &SealLimits, now: Timestamp) -> bool {
        let written_at = self.written_at.get(&id).copied().unwrap_or(now);
        now.duration_since(written_at) >= limits.age || limits.times.is_over(written_at, now)
    }

    /// Where the bytes of a piece belong.
    fn directory(&self, id: PieceId, times: &Times, now: Timestamp) -> Option<SegmentDirectory> {
        times.directory(self.written_at.get(&id).copied().unwrap_or(now))
    }

    fn head(&self) -> ChainNumber {
        self.chain
            .head
            .map_or_else(ChainNumber::default, |head| head.0)
    }

    fn superseded(&self) -> BTreeSet<Name> {
        let listing = &self.listing;
        let sealed_to = |life| self.chain.sealed_to(life, 0);
        let pieces = listing.pieces.keys();
        // A void piece that begins before the end of what is sealed goes along.
        let pieces = pieces
            .filter(|id| id.start < sealed_to(id.life))
            .filter_map(|id| listing.name_of(*id));
        // Another attempt at a number that is not taken may still win.
        let segments = listing
            .segments
            .iter()
            .filter(|(id, _)| id.number <= self.head() && !self.chain.segments.contains_key(id))
            .map(|(_, name)| *name);
        let gaps = listing.gaps.iter().filter(|(life, from)| {
            let life = self.chain.lives.get(life);
            life.is_some_and(|life| life.gaps.contains_key(from))
        });
        let gaps = gaps.map(|(life, from)| Name::Gap(*life, *from));
        // The last recovery makes void what came too late for those before.
        let last = self.recoveries.keys().last();
        let recoveries = self.recoveries.iter().filter(|(epoch, recovery)| {
            let mut pieces = recovery.pieces.iter();
            Some(*epoch) != last && pieces.all(|piece| piece.end <= sealed_to(piece.life))
        });
        let recoveries = recoveries.map(|(epoch, _)| Name::Recovery(*epoch));
        pieces
            .chain(segments)
            .chain(gaps)
            .chain(recoveries)
            .collect()
    }

    /// What is due of a life.
    fn run(&self, life: &Life, limits: &SealLimits, now: Timestamp) -> Option<Run> {
        let number = life.life;
        let start = self.chain.sealed_to(number, life.first);
        let counted = self.listing.counted(&self.recoveries);
        let mut settled = chain(&counted, number, start);
        let chained = settled.last().map_or(start, |(_, piece)| piece.end);
        // The end is recorded while the last piece is still being closed.
        let end = self.ends.get(&number).filter(|end| end.end <= chained);
        let is_last_open = settled
            .last()
            .is_some_and(|(id, _)| self.listing.decided_by(id.epoch).is_none());
        // A later owner may find that the last piece ends earlier than its name says.
        if end.is_none() && is_last_open {
            settled.pop();
        }
        let directory_of = |(id, _): &(PieceId, _)| self.directory(*id, &limits.times, now);
        let directory = settled.first().and_then(directory_of);
        let mut behind = settled.iter();
        let others = behind.position(|piece| directory_of(piece) != directory);
        let together = others.unwrap_or(settled.len());
        let pieces = fitting(&settled[..together], limits);
        let is_full = pieces.len() < settled.len()
            || pieces.len() >= limits.pieces
            || pieces.iter().map(length).sum::<u64>() >= limits.bytes;
        let is_old = (settled.first()).is_some_and(|(id, _)| self.is_old(*id, limits, now));
        let sealed = self.chain.lives.get(&number);
        let ended = end.filter(|_| pieces.len() == settled.len());
        let ended = ended.filter(|_| !sealed.is_some_and(|sealed| sealed.has_ended));
        let has_rest = end.is_some() && !pieces.is_empty();
        if !(is_full || is_old || has_rest || ended.is_some()) {
            return None;
        }
        let run_end = pieces.last().map_or(start, |(_, piece)| piece.end);
        let gaps = self.gaps.range((number, 0)..=(number, run_end));
        let is_told = |from: &u64| sealed.is_some_and(|sealed| sealed.gaps.contains_key(from));
        Some(Run {
            number: self.head().next(),
            life: life.clone(),
            start,
            directory,
            pieces,
            gaps: gaps
                .filter(|((_, from), _)| !is_told(from))
                .map(|(_, gap)| gap.clone())
                .collect(),
            ended: ended.cloned(),
        })
    }
}

fn length((id, end): &(PieceId, PieceEnd)) -> u64 {
    end.end - id.start
}

/// As many as make one segment, one at least.
fn fitting(settled: &[(PieceId, PieceEnd)], limits: &SealLimits) -> Vec<(PieceId, PieceEnd)> {
    let mut bytes = 0;
    let mut fitting = Vec::new();
    for piece in settled.iter().take(limits.pieces) {
        bytes += length(piece);
        if bytes > limits.bytes && !fitting.is_empty() {
            break;
        }
        fitting.push(*piece);
    }
    fitting
}

#[cfg(test)]
mod tests;
