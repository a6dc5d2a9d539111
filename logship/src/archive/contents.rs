//! Which pieces count, from names and recovery records alone. Pure.

use super::names::{ChainNumber, Epoch, LifeNumber, Name, PieceEnd, PieceId, SegmentId};
use super::records::Recovery;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The names in a source's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub owners: BTreeSet<Epoch>,
    pub lives: BTreeSet<LifeNumber>,
    pub ended: BTreeSet<LifeNumber>,
    pub recoveries: BTreeSet<Epoch>,
    pub gaps: BTreeSet<(LifeNumber, u64)>,
    pub pieces: BTreeMap<PieceId, FoundPiece>,
    pub manifests: BTreeSet<ChainNumber>,
    /// Under which name a segment lies there: those that no manifest names are none.
    pub segments: BTreeMap<SegmentId, Name>,
}

/// A piece under the name that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundPiece {
    Open,
    Closed(PieceEnd),
}

impl Listing {
    pub fn of(names: impl IntoIterator<Item = Name>) -> Self {
        let mut listing = Self::default();
        for name in names {
            match name {
                Name::Owner(epoch) => {
                    listing.owners.insert(epoch);
                }
                Name::Life(life) => {
                    listing.lives.insert(life);
                }
                Name::End(life) => {
                    listing.ended.insert(life);
                }
                Name::Recovery(epoch) => {
                    listing.recoveries.insert(epoch);
                }
                Name::Gap(life, from) => {
                    listing.gaps.insert((life, from));
                }
                // A listing may catch a rename with both names: the closed one says more.
                Name::OpenPiece(id) => {
                    listing.pieces.entry(id).or_insert(FoundPiece::Open);
                }
                Name::Piece(id, end) => {
                    listing.pieces.insert(id, FoundPiece::Closed(end));
                }
                Name::OpenSegment(id) => {
                    listing.segments.entry(id).or_insert(name);
                }
                Name::Segment(id) => {
                    listing.segments.insert(id, name);
                }
                Name::Manifest(number) => {
                    listing.manifests.insert(number);
                }
            }
        }
        listing
    }

    pub fn highest_owner(&self) -> Epoch {
        self.owners.last().copied().unwrap_or_default()
    }

    /// The recovery that decides about the pieces of an epoch: the first one after it. `None` while
    /// the epoch's owner is the last one.
    pub fn decided_by(&self, epoch: Epoch) -> Option<Epoch> {
        self.recoveries.range(epoch.next()..).next().copied()
    }

    /// Pieces that no recovery has decided about yet.
    pub fn undecided(&self) -> impl Iterator<Item = (PieceId, FoundPiece)> + '_ {
        self.pieces
            .iter()
            .filter(|(id, _)| self.decided_by(id.epoch).is_none())
            .map(|(id, found)| (*id, *found))
    }

    /// Whether a piece begins there that is being written or closed: those behind it may be closed
    /// before it is.
    pub fn has_open(&self, life: LifeNumber, start: u64) -> bool {
        self.undecided()
            .any(|(id, found)| id.life == life && id.start == start && found == FoundPiece::Open)
    }

    /// The name under which a piece lies there.
    pub fn name_of(&self, id: PieceId) -> Option<Name> {
        self.pieces.get(&id).map(|found| match found {
            FoundPiece::Open => Name::OpenPiece(id),
            FoundPiece::Closed(end) => Name::Piece(id, *end),
        })
    }

    /// The pieces that readers may touch, in order: those that a recovery names, with the end that
    /// it gives them, and the closed ones of the last owner.
    pub fn counted(&self, recoveries: &BTreeMap<Epoch, Recovery>) -> BTreeMap<PieceId, PieceEnd> {
        let recovered = recoveries.values().flat_map(|recovery| &recovery.pieces);
        let recovered = recovered.map(|piece| (piece.id(), piece.end()));
        let closed = self.undecided().filter_map(|(id, found)| match found {
            FoundPiece::Closed(end) => Some((id, end)),
            FoundPiece::Open => None,
        });
        recovered
            .chain(closed)
            .filter(|(id, end)| end.end > id.start)
            .collect()
    }
}

/// All pieces of one life.
pub fn pieces_of(life: LifeNumber) -> RangeInclusive<PieceId> {
    let id = |start, epoch| PieceId { life, start, epoch };
    id(0, Epoch(0))..=id(u64::MAX, Epoch(u64::MAX))
}

/// The pieces of `life` one behind the other from `first`. What does not continue them is void; a
/// piece that no recovery decided about can be so, if a paused owner woke up and created it.
pub fn chain(
    pieces: &BTreeMap<PieceId, PieceEnd>,
    life: LifeNumber,
    first: u64,
) -> Vec<(PieceId, PieceEnd)> {
    let mut end = first;
    let mut chain = Vec::new();
    for (id, piece_end) in pieces.range(pieces_of(life)) {
        if id.start == end && piece_end.end > end {
            end = piece_end.end;
            chain.push((*id, *piece_end));
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::records::{RecoveredPiece, VERSION};
    use jiff::Timestamp;

    fn id(start: u64, epoch: u64) -> PieceId {
        PieceId {
            life: LifeNumber(1),
            start,
            epoch: Epoch(epoch),
        }
    }

    fn closed(start: u64, end: u64, epoch: u64) -> Name {
        Name::Piece(id(start, epoch), PieceEnd { end, lines: 0 })
    }

    fn recovery(epoch: u64, pieces: &[(u64, u64, u64)]) -> (Epoch, Recovery) {
        let piece = |(start, end, epoch): &(u64, u64, u64)| {
            let end = PieceEnd {
                end: *end,
                lines: 0,
            };
            RecoveredPiece::new(id(*start, *epoch), end)
        };
        let recovery = Recovery {
            version: VERSION,
            epoch: Epoch(epoch),
            pieces: pieces.iter().map(piece).collect(),
            recovered_at: Timestamp::UNIX_EPOCH,
        };
        (Epoch(epoch), recovery)
    }

    #[test]
    fn what_a_recovery_does_not_name_is_void_and_its_ends_count() {
        let listing = Listing::of([
            Name::Recovery(Epoch(1)),
            closed(0, 10, 1),
            Name::OpenPiece(id(10, 1)),
            Name::Recovery(Epoch(2)),
            // Of an owner that was paused, and came too late.
            closed(25, 40, 1),
            closed(20, 30, 2),
            Name::OpenPiece(id(30, 2)),
        ]);
        let recoveries = [recovery(1, &[]), recovery(2, &[(0, 10, 1), (10, 20, 1)])].into();
        let counted = listing.counted(&recoveries);
        let spans: Vec<_> = chain(&counted, LifeNumber(1), 0)
            .iter()
            .map(|(id, end)| (id.start, end.end))
            .collect();
        assert_eq!(spans, [(0, 10), (10, 20), (20, 30)]);
    }
}
