//! What the chain says that an archive holds: the tables of a report.

use super::evidence::Evidence;
use super::judge::Judged;
use crate::archive::digest::Digest;
use crate::archive::manifest::{Entry, Sealed};
use crate::archive::names::{ChainNumber, LifeNumber};
use crate::archive::records::Gap;
use crate::archive::tombstone::written_by;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Of one source, and of what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub head: Option<Head>,
    /// The earliest and the latest time of a line.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub all: Sums,
    /// By the first day of the month, in UTC, in which they were written.
    pub months: BTreeMap<Date, Sums>,
    pub files: BTreeMap<LifeNumber, File>,
    /// With the names that their files had.
    pub gaps: Vec<(String, Gap)>,
    /// Gap records that no manifest includes yet.
    pub unsealed_gaps: u64,
    pub tombstones: BTreeMap<ChainNumber, Tombstone>,
}

/// The last entry of the chain.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub number: ChainNumber,
    pub sha256: Digest,
    pub sealed_at: Timestamp,
}

/// Segments, and what they hold of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub segments: u64,
    pub lines: u64,
    pub bytes: u64,
    /// Of the bytes, those that expired.
    pub expired_bytes: u64,
}

/// A life.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub name: String,
    pub sums: Sums,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Tombstone {
    pub at: Timestamp,
    pub before: Timestamp,
    pub sums: Sums,
}

impl Contents {
    /// `asks` says which sealed ranges are asked for.
    pub(super) fn of(evidence: &Evidence, judged: &Judged, asks: impl Fn(&Sealed) -> bool) -> Self {
        let mut contents = Self {
            unsealed_gaps: evidence.listing.gaps.len() as u64,
            ..Self::default()
        };
        for (number, entry) in &judged.entries {
            let at = entry.manifest.sealed_at;
            contents.head = Some(Head {
                number: *number,
                sha256: entry.sha256,
                sealed_at: at,
            });
            match &entry.manifest.entry {
                Entry::Sealed(sealed) if asks(sealed) => {
                    let tombstone = judged.tombstones.expired.get(number).copied();
                    contents.add(sealed, at, tombstone);
                }
                Entry::Expired(expired) => {
                    let told = contents.tombstones.entry(*number).or_default();
                    (told.at, told.before) = (at, expired.before);
                }
                Entry::Sealed(_) | Entry::Key(_) => {}
            }
        }
        // One whose segments were not asked for has nothing to tell.
        contents
            .tombstones
            .retain(|_, tombstone| tombstone.sums.segments > 0);
        contents
    }

    fn add(&mut self, sealed: &Sealed, sealed_at: Timestamp, tombstone: Option<ChainNumber>) {
        let bytes = sealed.end - sealed.start;
        let sums = Sums {
            segments: u64::from(sealed.segment.is_some()),
            lines: sealed.lines,
            bytes,
            expired_bytes: tombstone.map_or(0, |_| bytes),
        };
        let written = written_by(sealed, sealed_at).to_zoned(TimeZone::UTC);
        let month = written.date().first_of_month();
        let file = self.files.entry(sealed.life).or_default();
        file.name.clone_from(&sealed.file.name);
        widen((&mut file.from, &mut file.to), sealed);
        widen((&mut self.from, &mut self.to), sealed);
        file.sums.add(sums);
        self.all.add(sums);
        if sealed.segment.is_some() {
            self.months.entry(month).or_default().add(sums);
        }
        if let Some(tombstone) = tombstone {
            self.tombstones.entry(tombstone).or_default().sums.add(sums);
        }
        let gaps = sealed.gaps.iter().cloned();
        self.gaps
            .extend(gaps.map(|gap| (sealed.file.name.clone(), gap)));
    }
}

impl Sums {
    fn add(&mut self, more: Self) {
        self.segments += more.segments;
        self.lines += more.lines;
        self.bytes += more.bytes;
        self.expired_bytes += more.expired_bytes;
    }
}

fn widen((from, to): (&mut Option<Timestamp>, &mut Option<Timestamp>), sealed: &Sealed) {
    *from = (*from).into_iter().chain(sealed.from).min();
    *to = (*to).max(sealed.to);
}
