//! Reading an archive: the bytes of each life, exactly as they stood in the source, from segments
//! as far as there are manifests, and from pieces behind them.

use super::contents::{Listing, chain, pieces_of};
use super::error::ArchiveError;
use super::facts::Carry;
use super::manifest::{ChainEntry, Frame, Sealed};
use super::names::{LifeNumber, Name, PieceEnd, PieceId};
use super::records::{End, Gap, Life};
use super::segment_path::SegmentPath;
use super::store::Store;
use super::tombstone::Tombstones;
use bytes::Bytes;
use comptoir_lake::{Lake, LakePath, LakeReader};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An archive that changes while it is read is listed again so often.
const LISTINGS_MAX: u32 = 10;

/// One life in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedLife {
    pub sidecar: Life,
    /// One behind the other, from `sidecar.first`; those without bytes only tell an end.
    pub sealed: Vec<Arc<Sealed>>,
    /// So many of these, the first ones, have no bytes any more: they were deleted because of their
    /// age, and a tombstone says so.
    pub expired: usize,
    /// One behind the other, from the end of what is sealed.
    pub pieces: Vec<(PieceId, PieceEnd)>,
    pub gaps: Vec<Gap>,
    /// `None` of a life that may go on.
    pub end: Option<End>,
}

impl ArchivedLife {
    /// The exclusive end of what can be read.
    pub fn end_offset(&self) -> u64 {
        let last = self.pieces.last();
        last.map_or(self.sealed_to(), |(_, piece)| piece.end)
    }

    /// The exclusive end of what is sealed.
    pub fn sealed_to(&self) -> u64 {
        self.sealed
            .last()
            .map_or(self.sidecar.first, |sealed| sealed.end)
    }

    /// What expired.
    pub fn expired(&self) -> &[Arc<Sealed>] {
        &self.sealed[..self.expired]
    }

    /// The first byte that can be read: behind what expired.
    pub fn begin_offset(&self) -> u64 {
        let last = self.expired().last();
        last.map_or(self.sidecar.first, |expired| expired.end)
    }

    /// What the first line that can be read takes over from those before.
    pub fn begin_carry(&self) -> Carry {
        let segments = self.expired().iter();
        let last = segments.rev().find(|sealed| sealed.segment.is_some());
        last.map(|sealed| sealed.carry).unwrap_or_default()
    }

    /// Newlines in what can be read.
    pub fn lines(&self) -> u64 {
        let sealed = self.sealed[self.expired..].iter();
        let sealed: u64 = sealed.map(|sealed| sealed.lines).sum();
        let pieces: u64 = self.pieces.iter().map(|(_, end)| end.lines).sum();
        sealed + pieces
    }

    /// What can be read at once, in order, from the part on that holds the byte at `offset`.
    pub fn parts_from(&self, offset: u64) -> impl Iterator<Item = Part<'_>> {
        let sealed = self.sealed.partition_point(|sealed| sealed.end <= offset);
        let sealed = sealed.max(self.expired);
        let segments = self.sealed[sealed..].iter();
        let segments = segments.filter_map(|sealed| sealed.segment.as_ref());
        let frames = segments.flat_map(|segment| {
            let frames = segment.frames.iter();
            frames.map(move |frame| Part::Frame(&segment.name, frame))
        });
        let pieces = self.pieces.iter().map(|(id, end)| Part::Piece(*id, *end));
        frames
            .chain(pieces)
            .skip_while(move |part| part.end() <= offset)
    }
}

/// Some bytes of a life that are read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    Frame(&'a SegmentPath, &'a Frame),
    Piece(PieceId, PieceEnd),
}

impl Part<'_> {
    pub fn start(&self) -> u64 {
        match self {
            Self::Frame(_, frame) => frame.start,
            Self::Piece(id, _) => id.start,
        }
    }

    /// Exclusive.
    pub fn end(&self) -> u64 {
        match self {
            Self::Frame(_, frame) => frame.start + frame.bytes,
            Self::Piece(_, end) => end.end,
        }
    }
}

/// A source's archive as it was when it was listed: closed pieces and segments only.
#[derive(Clone, Debug)]
pub struct Archive {
    store: Store,
    listing: Listing,
    lives: BTreeMap<LifeNumber, ArchivedLife>,
    /// The segment that was read last.
    open: Option<(SegmentPath, LakeReader)>,
}

impl Archive {
    /// `directory` is that of one source: `/user/flume/logs/app.log`.
    pub async fn open(lake: &Lake, directory: &LakePath) -> Result<Self, ArchiveError> {
        let store = Store::new(lake.clone(), directory.clone());
        let mut listings = 0;
        loop {
            listings += 1;
            match Box::pin(Self::list(&store)).await {
                Err(error) if error.may_pass() && listings < LISTINGS_MAX => {}
                archive => return archive,
            }
        }
    }

    async fn list(store: &Store) -> Result<Self, ArchiveError> {
        let listing = store.list().await?;
        let location = || store.lake.url_of(&store.directory);
        if listing == Listing::default() {
            return Err(ArchiveError::None {
                location: location(),
            });
        }
        let recoveries = store.recoveries(&listing).await?;
        let sidecars: BTreeMap<_, Life> = (store)
            .read_all(listing.lives.iter().copied(), Name::Life)
            .await?;
        let mut ends: BTreeMap<_, End> = (store)
            .read_all(listing.ended.iter().copied(), Name::End)
            .await?;
        let gaps: BTreeMap<_, Gap> = (store)
            .read_all(listing.gaps.iter().copied(), |(life, from)| {
                Name::Gap(life, from)
            })
            .await?;
        let entries = store.entries(&listing).await?;
        let expired = Tombstones::of(&entries).expired;
        let expired: BTreeSet<(LifeNumber, u64)> = (entries.iter())
            .filter(|entry| expired.contains_key(&entry.manifest.number))
            .filter_map(|entry| Some((entry.sealed()?.life, entry.sealed()?.end)))
            .collect();
        let counted = listing.counted(&recoveries);
        let mut lives = BTreeMap::new();
        for (life, sidecar) in sidecars {
            let hole = |from, to| ArchiveError::Hole {
                location: location(),
                life,
                from,
                to,
            };
            let sealed: Vec<Arc<Sealed>> = sealed_of(&entries, life);
            let mut end = sidecar.first;
            for part in &sealed {
                if part.start != end {
                    return Err(hole(end, part.start));
                }
                end = part.end;
            }
            let pieces = chain(&counted, life, end);
            let chained = pieces.last().map_or(end, |(_, last)| last.end);
            let furthest = (counted.range(pieces_of(life)))
                .map(|(id, _)| id.start)
                .max();
            // A piece behind the chain's end has lost what stood before it.
            let is_hole = !listing.has_open(life, chained);
            if let Some(to) = furthest.filter(|start| *start > chained && is_hole) {
                return Err(hole(chained, to));
            }
            let sealed_gaps = sealed.iter().flat_map(|sealed| &sealed.gaps);
            let own_gaps = gaps.range((life, 0)..=(life, u64::MAX)).map(|(_, gap)| gap);
            let all_gaps: BTreeMap<u64, &Gap> = sealed_gaps
                .chain(own_gaps)
                .map(|gap| (gap.from, gap))
                .collect();
            let archived = ArchivedLife {
                gaps: all_gaps.into_values().cloned().collect(),
                sidecar,
                expired: expired_of(&expired, life, &sealed),
                sealed,
                pieces,
                end: ends.remove(&life),
            };
            lives.insert(life, archived);
        }
        Ok(Self {
            store: store.clone(),
            listing,
            lives,
            open: None,
        })
    }

    /// In the order in which they began.
    pub fn lives(&self) -> impl Iterator<Item = &ArchivedLife> {
        self.lives.values()
    }

    pub fn life(&self, number: LifeNumber) -> Option<&ArchivedLife> {
        self.lives.get(&number)
    }

    /// The bytes of a life from `offset` on, as many as are read at once; `None` at its end. Lists
    /// again where pieces were sealed meanwhile.
    pub async fn read_from(
        &mut self,
        life: LifeNumber,
        offset: u64,
    ) -> Result<Option<Bytes>, ArchiveError> {
        let mut listings = 0;
        loop {
            listings += 1;
            match self.part_from(life, offset).await {
                Err(error) if error.is_gone() && listings < LISTINGS_MAX => {
                    let (lake, directory) = (&self.store.lake, &self.store.directory);
                    *self = Self::open(lake, directory).await?;
                }
                read => return read,
            }
        }
    }

    async fn part_from(
        &mut self,
        life: LifeNumber,
        offset: u64,
    ) -> Result<Option<Bytes>, ArchiveError> {
        let Some(archived) = self.lives.get(&life) else {
            return Ok(None);
        };
        let begin = archived.begin_offset();
        if offset < begin {
            return Err(ArchiveError::Expired {
                location: self.store.lake.url_of(&self.store.directory),
                life,
                from: offset,
                to: begin,
            });
        }
        let holds = |part: &Part| part.start() <= offset;
        let (start, bytes) = match archived.parts_from(offset).next().filter(holds) {
            None => return Ok(None),
            Some(Part::Piece(id, end)) => (id.start, self.read(id, end).await?),
            Some(Part::Frame(segment, frame)) => {
                let frame = frame.clone();
                let reader = match &self.open {
                    Some((open, reader)) if open == segment => reader,
                    _ => {
                        let reader = self.store.open_segment(segment).await?;
                        &self.open.insert((segment.clone(), reader)).1
                    }
                };
                (frame.start, self.store.read_frame(reader, &frame).await?)
            }
        };
        let skipped = usize::try_from(offset - start).unwrap_or(bytes.len());
        Ok(Some(bytes.slice(skipped.min(bytes.len())..)))
    }

    /// The bytes of one piece, checked against its end.
    async fn read(&self, id: PieceId, end: PieceEnd) -> Result<Bytes, ArchiveError> {
        let reader = self.store.open_piece(&self.listing, id, end).await?;
        // A woken writer may have gone on behind the end that was recorded: that is not ours.
        let length = end.end - id.start;
        let bytes = reader.read_range(0..length).await?;
        if bytes.len() as u64 == length {
            Ok(bytes)
        } else {
            Err(ArchiveError::Short {
                piece: reader.path().to_string(),
                has: id.start + bytes.len() as u64,
                end: end.end,
            })
        }
    }

    /// All bytes of a life that did not expire. For tests and small logs: a part at a time needs less memory.
    pub async fn read_life(&self, life: LifeNumber) -> Result<Vec<u8>, ArchiveError> {
        let mut archive = self.clone();
        let mut offset = archive.life(life).map_or(0, ArchivedLife::begin_offset);
        let mut bytes = Vec::new();
        while let Some(part) = archive.read_from(life, offset).await? {
            offset += part.len() as u64;
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}

/// How many of the first ranges of a life expired: up to the last one that did, with those without
/// bytes in between.
fn expired_of(
    expired: &BTreeSet<(LifeNumber, u64)>,
    life: LifeNumber,
    sealed: &[Arc<Sealed>],
) -> usize {
    let is_expired =
        |sealed: &Arc<Sealed>| sealed.segment.is_some() && expired.contains(&(life, sealed.end));
    sealed
        .iter()
        .rposition(is_expired)
        .map_or(0, |last| last + 1)
}

fn sealed_of(entries: &[ChainEntry], life: LifeNumber) -> Vec<Arc<Sealed>> {
    let sealed = entries.iter().filter_map(ChainEntry::sealed);
    let of_life = sealed.filter(|sealed| sealed.life == life);
    of_life.cloned().map(Arc::new).collect()
}
