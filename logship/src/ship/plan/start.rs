//! Taking over: claim the next epoch, fence who wrote before, find the files, record what counts.

use super::life::{LastPiece, Life, Place};
use super::settled::Settled;
use super::{Done, Now, Phase, Plan, Record, Records, Step};
use crate::archive::contents::{FoundPiece, Listing, chain};
use crate::archive::names::{Epoch, LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::records::{self, EndCause, RecoveredPiece, Recovery, VERSION};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Start {
    mine: Option<Epoch>,
    /// Only to find out whether there is something to ship: claims nothing, writes nothing.
    peeks: bool,
    stage: Stage,
    listing: Listing,
    records: Records,
    /// Open pieces of earlier owners that are not fenced yet.
    unfenced: VecDeque<PieceId>,
    /// Where the undecided pieces end.
    ends: BTreeMap<PieceId, PieceEnd>,
    /// What the recovery names.
    named: BTreeMap<PieceId, PieceEnd>,
    unpublished: VecDeque<(PieceId, PieceEnd)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    List,
    Ask(Epoch),
    Claim(Epoch),
    ListAgain,
    Read,
    Fence,
    Find,
    Record,
    Publish,
}

impl Start {
    pub(super) fn peek() -> Self {
        Self {
            peeks: true,
            ..Self::new(None)
        }
    }

    /// Whether it knows what the archive has, and waits for something to ship.
    pub(super) fn is_idle(&self) -> bool {
        self.peeks && self.stage == Stage::Find
    }

    /// Whether a piece ends as its name says.
    pub(super) fn ends_as_named(&self, last: &LastPiece) -> bool {
        !last.is_undecided || self.named.get(&last.id) == Some(&last.end)
    }

    pub(super) fn new(mine: Option<Epoch>) -> Self {
        Self {
            mine,
            peeks: false,
            stage: Stage::List,
            listing: Listing::default(),
            records: Records::default(),
            unfenced: VecDeque::new(),
            ends: BTreeMap::new(),
            named: BTreeMap::new(),
            unpublished: VecDeque::new(),
        }
    }
}

impl Plan {
    fn start(&mut self) -> &mut Start {
        match &mut self.phase {
            Phase::Start(start) => start,
            Phase::Tail | Phase::Over(_) | Phase::Woken => {
                unreachable!("asked in phase Start only")
            }
        }
    }

    pub(super) fn next_of_start(&mut self, now: Now) -> Step {
        let (epoch, may_create) = (self.epoch, self.may_create);
        let start = self.start();
        match start.stage {
            Stage::List | Stage::ListAgain => Step::List,
            Stage::Ask(epoch) => Step::AskOwner(epoch),
            Stage::Claim(epoch) => Step::Claim(epoch),
            Stage::Read => Step::ReadRecords {
                // Of those that are over, too: their files may still lie there.
                lives: start.listing.lives.clone(),
                recoveries: start.listing.recoveries.clone(),
                gaps: start.listing.gaps.clone(),
            },
            Stage::Fence => match start.unfenced.front() {
                Some(_) if !may_create => Step::CheckOwner(epoch.next()),
                Some(id) => Step::Recover(*id),
                None => {
                    self.resume();
                    Step::Look
                }
            },
            Stage::Find if start.peeks => self.next_of_idle(now),
            Stage::Find => self.find_lost().unwrap_or_else(|| {
                self.start().stage = Stage::Record;
                self.next_of_start(now)
            }),
            Stage::Record if !may_create => Step::CheckOwner(epoch.next()),
            Stage::Record => {
                self.clip();
                Step::Write(Record::Recovery(self.recovery(now)))
            }
            Stage::Publish => {
                if let Some((id, end)) = start.unpublished.front() {
                    return Step::Publish(*id, *end);
                }
                self.phase = Phase::Tail;
                self.next_of_tail(now)
            }
        }
    }

    pub(super) fn done_of_start(&mut self, step: &Step, done: Done) {
        let start = self.start();
        match (step, done) {
            (Step::List, Done::Listed(listing)) if start.peeks => {
                let is_open = |(_, found)| found == FoundPiece::Open;
                if listing.undecided().any(is_open) {
                    self.phase = Phase::Woken;
                } else {
                    start.listing = listing;
                    start.stage = Stage::Read;
                }
            }
            (Step::List, Done::Listed(listing)) if start.stage == Stage::List => {
                let highest = listing.highest_owner();
                start.stage = match start.mine {
                    Some(mine) if highest > mine => Stage::Ask(highest),
                    _ => Stage::Claim(highest.next()),
                };
            }
            (Step::List, Done::Listed(listing)) => {
                start.listing = listing;
                start.stage = Stage::Read;
            }
            // A claim whose outcome was unknown was ours.
            (
                Step::AskOwner(epoch),
                Done::Owner {
                    is_this_process: true,
                },
            ) => {
                start.stage = Stage::Claim(epoch.next());
            }
            (Step::AskOwner(epoch), Done::Owner { .. }) => self.phase = Phase::Over(*epoch),
            (Step::Claim(epoch), Done::Claimed(true)) => {
                start.stage = Stage::ListAgain;
                self.epoch = *epoch;
            }
            (Step::Claim(_), Done::Claimed(false)) => start.stage = Stage::List,
            (Step::ReadRecords { .. }, Done::Records(records)) => {
                start.records = records;
                for (id, found) in start.listing.undecided() {
                    match found {
                        FoundPiece::Open => start.unfenced.push_back(id),
                        FoundPiece::Closed(end) => {
                            start.ends.insert(id, end);
                        }
                    }
                }
                start.stage = Stage::Fence;
            }
            (Step::Recover(id), Done::Recovered(end)) => {
                start.unfenced.pop_front();
                start.ends.insert(*id, end);
            }
            (Step::Write(Record::Recovery(_)), Done::Written) => {
                start.stage = Stage::Publish;
                let listing = &start.listing;
                let open = start
                    .named
                    .iter()
                    .filter(|(id, _)| listing.pieces.get(id) == Some(&FoundPiece::Open));
                start.unpublished = open.map(|(id, end)| (*id, *end)).collect();
            }
            (Step::Publish(..), Done::Published) => {
                start.unpublished.pop_front();
            }
            (step, done) => unreachable!("{step:?} was answered by {done:?}"),
        }
    }

    /// Everybody before is fenced: how far did they come, and with which lives do we go on?
    fn resume(&mut self) {
        let start = self.start();
        start.stage = Stage::Find;
        let listing = &start.listing;
        let mut counted = listing.counted(&start.records.recoveries);
        counted.extend(start.ends.iter().map(|(id, end)| (*id, *end)));
        let name_of =
            |id: &PieceId, end: &PieceEnd| listing.name_of(*id).unwrap_or(Name::Piece(*id, *end));
        let mut lives = BTreeMap::new();
        let mut settled = Vec::new();
        let mut named = BTreeMap::new();
        let sealed = &start.records.chain;
        // Those that are sealed may lie there still, or be named by a recovery still.
        counted.retain(|id, _| id.start >= sealed.sealed_to(id.life, 0));
        for (number, sidecar) in &start.records.lives {
            let sealed_to = sealed.sealed_to(*number, sidecar.first);
            let pieces = chain(&counted, *number, sealed_to);
            let undecided = pieces.iter().filter(|(id, _)| start.ends.contains_key(id));
            named.extend(undecided.copied());
            if let Some(end) = start.records.ends.get(number) {
                // A paused owner may have said that it is over, while another one went on.
                let chained = pieces.last().map_or(sealed_to, |(_, piece)| piece.end);
                let last = pieces.last().map(|(id, end)| (name_of(id, end), *end));
                let sealed = || LastPiece::sealed(sealed, *number);
                settled.push(Settled {
                    life: *number,
                    head: sidecar.head.clone(),
                    file: end.file,
                    born: end.born,
                    end: chained,
                    last: last.or_else(|| sealed().map(|last| (last.name, last.end))),
                    ended_at: end.ended_at,
                });
            } else {
                let last = pieces.last().map(|(id, end)| LastPiece {
                    name: name_of(id, end),
                    id: *id,
                    end: *end,
                    is_undecided: start.ends.contains_key(id),
                });
                let last = last.or_else(|| LastPiece::sealed(sealed, *number));
                lives.insert(*number, resumed(sidecar, last));
            }
        }
        // Of lives that need no sidecar any more, everything is decided.
        let ends = start.ends.keys().copied().collect::<BTreeSet<_>>();
        counted.retain(|id, _| !ends.contains(id) || named.contains_key(id));
        let next_life = listing
            .lives
            .last()
            .map_or(LifeNumber(1), |life| life.next());
        let mut gaps = start.records.gaps.clone();
        for (number, life) in &sealed.lives {
            let of_life = life.gaps.iter();
            gaps.extend(of_life.map(|(from, gap)| ((*number, *from), gap.clone())));
        }
        let gap_sizes = gaps.values().filter_map(|gap| Some(gap.to? - gap.from));
        let gap_bytes = gap_sizes.sum();
        let gaps: BTreeSet<_> = gaps.into_keys().collect();
        let sealed_bytes: u64 = sealed.lives.values().map(|life| life.bytes).sum();
        let sealed_lines: u64 = sealed.lives.values().map(|life| life.lines).sum();
        let bytes: u64 = counted.iter().map(|(id, end)| end.end - id.start).sum();
        let lines: u64 = counted.values().map(|end| end.lines).sum();
        start.named = named;
        self.archived.bytes = sealed_bytes + bytes;
        self.archived.lines = sealed_lines + lines;
        self.archived.pieces_closed = counted.len() as u64;
        self.archived.gaps = gaps.len() as u64;
        self.archived.gap_bytes = gap_bytes;
        self.gaps = gaps;
        self.next_life = next_life;
        self.settled = settled.into_iter().collect();
        for life in lives.values_mut() {
            let seen = self.seen.get(&life.number).copied().unwrap_or_default();
            life.seen_max = life.position.max(seen);
        }
        self.lives = lives;
    }

    /// Files may have shown that a piece ends earlier than its length says.
    fn clip(&mut self) {
        let lasts: Vec<LastPiece> = (self.lives.values())
            .filter_map(|life| life.last)
            .filter(|last| last.is_undecided)
            .collect();
        for life in self.lives.values_mut() {
            // Its end may have been set.
            life.last_closed = life.last.map(|last| (last.name, last.end));
            life.last = None;
        }
        for last in lasts {
            let named = &mut self.start().named;
            if let Some(before) = named.insert(last.id, last.end) {
                self.archived.bytes -= before.end - last.end.end;
                self.archived.lines -= before.lines - last.end.lines;
            }
        }
    }

    fn recovery(&mut self, now: Now) -> Recovery {
        let epoch = self.epoch;
        let named = &self.start().named;
        Recovery {
            version: VERSION,
            epoch,
            pieces: (named.iter())
                .map(|(id, end)| RecoveredPiece::new(*id, *end))
                .collect(),
            recovered_at: now.time,
        }
    }
}

/// A life whose file is still to be found.
fn resumed(sidecar: &records::Life, last: Option<LastPiece>) -> Life {
    let mut life = Life::begin(sidecar, 0, Duration::ZERO);
    let end = last.map_or(sidecar.first, |last| last.end.end);
    life.position = end;
    life.durable = end;
    life.seen = end;
    life.found_at = Some(sidecar.found_at);
    life.last = last;
    life.last_closed = last.map(|last| (last.name, last.end));
    // Two looks: a rotation may run during the first.
    life.place = Place::Lost {
        cause: EndCause::Vanished,
        look: 1,
        has_changed: false,
    };
    life
}
