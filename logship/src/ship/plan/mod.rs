//! What a shipper does next: a pure state machine. Facts come in by [`Plan::done`], one step at a
//! time goes out by [`Plan::next`], and a thin shell carries it out.
//!
//! A step that fails ends the plan: the shell drops it and begins with a new one, which finds out
//! from the archive how far the old one came. So there is one way back, whatever broke.

mod idle;
mod life;
mod look;
mod settled;
mod start;
mod tail;

#[cfg(test)]
mod simulation;

pub(crate) use look::{Look, Role, SeenFile};

use crate::archive::contents::Listing;
use crate::archive::manifest::Chain;
use crate::archive::names::{Epoch, LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::records::{self, End, FileId, Gap, Head, Recovery};
use jiff::Timestamp;
use life::Life;
use look::{Names, Verdict};
use settled::{Settled, SettledLives};
use start::Start;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How much at a time, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A piece is closed at this length. Default 16 MiB.
    pub piece_bytes: u64,
    /// A piece is closed when it is that old. Default 60 s.
    pub piece_age: Duration,
    /// A rotated file that is shipped and did not grow for so long is done with. Default 60 s.
    pub settle: Duration,
    /// The most that one step copies. Default 1 MiB.
    pub chunk_bytes: u64,
    /// Copied bytes are made durable at the latest after so many. Default 16 MiB.
    pub sync_bytes: u64,
    /// From one time that copied bytes of a piece are made durable to the next, if no more follow.
    /// Default 0.
    pub sync_every: Duration,
    /// From one look at the files to the next, without a hint, while one of them has lost its name
    /// or is being looked for: no hint tells of those. Default 500 ms.
    pub look_every: Duration,
    /// The same, while each file has the name that is written to. Default 5 min.
    pub look_rarely: Duration,
    /// From one look for a later owner to the next. Default 5 s.
    pub owner_every: Duration,
    /// Files of a log that are shipped at the same time; more rotated siblings wait. Default 32.
    pub lives_max: usize,
    /// Pieces that are being closed at the same time. Default 4.
    pub closings_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            piece_bytes: 16 << 20,
            piece_age: Duration::from_mins(1),
            settle: Duration::from_mins(1),
            chunk_bytes: 1 << 20,
            sync_bytes: 16 << 20,
            sync_every: Duration::ZERO,
            look_every: Duration::from_millis(500),
            look_rarely: Duration::from_mins(5),
            owner_every: Duration::from_secs(5),
            lives_max: 32,
            closings_max: 4,
        }
    }
}

impl Limits {
    /// Of a process that ships many logs: what each of them holds in memory counts as often as
    /// there are open pieces.
    pub fn of_many() -> Self {
        Self {
            chunk_bytes: 256 << 10,
            sync_bytes: 1 << 20,
            // The lake is asked before each creation anyway.
            owner_every: Duration::from_mins(1),
            ..Self::default()
        }
    }
}

/// Both clocks, read by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Never goes back.
    pub(crate) running: Duration,
    pub(crate) time: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    List,
    /// Read who holds an epoch.
    AskOwner(Epoch),
    /// Create `owner-<epoch>`, if nobody was faster.
    Claim(Epoch),
    ReadRecords {
        lives: BTreeSet<LifeNumber>,
        recoveries: BTreeSet<Epoch>,
        gaps: BTreeSet<(LifeNumber, u64)>,
    },
    /// Whether `owner-<epoch>` exists.
    CheckOwner(Epoch),
    /// Fence the writer of an open piece, and learn how long it is.
    Recover(PieceId),
    Look,
    /// How much of what the archive has of a life this file has too.
    Compare {
        life: LifeNumber,
        file: FileId,
        end: u64,
        last: Option<(Name, PieceEnd)>,
    },
    /// Whether a file has what the last piece of a life that is over has, at its place.
    CompareEnded {
        life: LifeNumber,
        file: FileId,
        last: Name,
        end: PieceEnd,
    },
    /// Whether two files are the same up to `bytes`, judged by the last of them.
    CompareFiles {
        file: FileId,
        other: FileId,
        bytes: u64,
    },
    Write(Record),
    /// Give a recovered piece the name of a closed one.
    Publish(PieceId, PieceEnd),
    Create(PieceId),
    /// Append the next bytes of a file to its open piece, if the file still is what it was: behind
    /// the bytes that were copied last, or, at the first copy, with this beginning.
    Copy {
        piece: PieceId,
        file: FileId,
        head: Head,
        from: u64,
        bytes: u64,
    },
    /// Make what was copied durable.
    Sync(PieceId),
    /// Begin to close in the background; [`Plan::closed`] says when it is done.
    Close(PieceId, PieceEnd),
    /// Nothing to do before then, unless something changes.
    Wait(Duration),
    /// Everything is closed, as [`Plan::stop`] asked for.
    Stopped,
    /// A later owner exists.
    Superseded(Epoch),
    /// There is something to ship: another plan, of [`Plan::new`], has to begin.
    Woken,
}

/// A decisive file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Life(records::Life),
    Recovery(Recovery),
    Gap(Gap),
    End(End),
}

impl Record {
    pub(crate) fn name(&self) -> Name {
        match self {
            Self::Life(life) => Name::Life(life.life),
            Self::Recovery(recovery) => Name::Recovery(recovery.epoch),
            Self::Gap(gap) => Name::Gap(gap.life, gap.from),
            Self::End(end) => Name::End(end.life),
        }
    }
}

/// What came of a step.
#[derive(Clone, Debug)]
pub(crate) enum Done {
    Listed(Listing),
    Owner {
        is_this_process: bool,
    },
    /// Whether it was won.
    Claimed(bool),
    Records(Records),
    /// Whether it exists.
    OwnerChecked(bool),
    Recovered(PieceEnd),
    Looked(Look),
    /// How far the file agrees with the archive; `None` where it does not at all.
    Compared(Option<PieceEnd>),
    /// `None` where the piece can't be read any more.
    EndedCompared(Option<bool>),
    FilesCompared(bool),
    Written,
    Published,
    Created,
    Copied(Copied),
    Synced,
    Closing,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    pub(crate) lives: BTreeMap<LifeNumber, records::Life>,
    pub(crate) ends: BTreeMap<LifeNumber, End>,
    pub(crate) recoveries: BTreeMap<Epoch, Recovery>,
    pub(crate) gaps: BTreeMap<(LifeNumber, u64), Gap>,
    /// What is sealed.
    pub(crate) chain: Chain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    Bytes {
        bytes: u64,
        lines: u64,
    },
    /// The file no longer has the bytes that were copied last.
    Changed,
}

/// What stands in the archive, and what is on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Durable, of the whole archive.
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    /// In the files that are there, but not durable in the archive.
    pub(crate) lag_bytes: u64,
    pub(crate) pieces_closed: u64,
    pub(crate) pieces_open: u64,
    pub(crate) gaps: u64,
    pub(crate) gap_bytes: u64,
    pub(crate) is_tailing: bool,
    pub(crate) has_source: bool,
    /// Of the file that is written now: where the next byte to ship stands.
    pub(crate) position: u64,
    /// The piece of the file that is written now.
    pub(crate) piece: Option<PieceId>,
}

#[derive(Debug)]
pub(crate) struct Plan {
    limits: Limits,
    /// What the local cache knows: the largest size seen of a life's file.
    seen: BTreeMap<LifeNumber, u64>,
    phase: Phase,
    epoch: Epoch,
    next_life: LifeNumber,
    lives: BTreeMap<LifeNumber, Life>,
    settled: SettledLives,
    /// Those that have a record.
    gaps: BTreeSet<(LifeNumber, u64)>,
    look: Look,
    looks: u64,
    names: Names,
    looked_at: Option<Duration>,
    /// Files that the archive has, as they were at the last look: lives that are over had them, or they
    /// are copies of one that is shipped.
    archived_files: BTreeSet<FileId>,
    /// Files that differed from a file of the same beginning, and at which look.
    distinct: BTreeMap<FileId, u64>,
    /// Files that were compared with lives that are over.
    verdicts: BTreeMap<(LifeNumber, FileId), Verdict>,
    /// Since the last look.
    refused: BTreeSet<(LifeNumber, FileId)>,
    records: VecDeque<Record>,
    owner_checked: Option<Duration>,
    /// No creation without a look for a later owner just before.
    may_create: bool,
    closings: BTreeMap<PieceId, PieceEnd>,
    stopping: bool,
    /// Files wait until fewer are shipped at the same time.
    is_crowded: bool,
    archived: Progress,
}

#[derive(Debug)]
enum Phase {
    Start(Box<Start>),
    Tail,
    Over(Epoch),
    Woken,
}

impl Plan {
    /// `mine` is the epoch that this process held last, if any; `seen` comes from the local cache.
    pub(crate) fn new(
        limits: Limits,
        mine: Option<Epoch>,
        seen: BTreeMap<LifeNumber, u64>,
    ) -> Self {
        Self {
            limits,
            seen,
            phase: Phase::Start(Box::new(Start::new(mine))),
            epoch: Epoch::default(),
            next_life: LifeNumber(1),
            lives: BTreeMap::new(),
            settled: SettledLives::default(),
            gaps: BTreeSet::new(),
            look: Look::default(),
            looks: 0,
            names: Names::Others,
            looked_at: None,
            archived_files: BTreeSet::new(),
            distinct: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            refused: BTreeSet::new(),
            records: VecDeque::new(),
            owner_checked: None,
            may_create: false,
            closings: BTreeMap::new(),
            stopping: false,
            is_crowded: false,
            archived: Progress::default(),
        }
    }

    /// The step to carry out now. Asked again without [`Plan::done`], it may be another one.
    pub(crate) fn next(&mut self, now: Now) -> Step {
        match self.phase {
            Phase::Over(epoch) => Step::Superseded(epoch),
            Phase::Woken => Step::Woken,
            Phase::Start(_) if self.stopping => Step::Stopped,
            Phase::Start(_) => self.next_of_start(now),
            Phase::Tail => self.next_of_tail(now),
        }
    }

    /// What came of the step that [`Plan::next`] gave last.
    pub(crate) fn done(&mut self, step: &Step, done: Done, now: Now) {
        self.may_create = false;
        match (step, done) {
            (Step::CheckOwner(epoch), Done::OwnerChecked(true)) => self.phase = Phase::Over(*epoch),
            (Step::CheckOwner(_), Done::OwnerChecked(false)) => {
                self.owner_checked = Some(now.running);
                self.may_create = true;
            }
            (Step::Look, Done::Looked(look)) => self.looked(look, now),
            (Step::Compare { life, file, .. }, Done::Compared(verified)) => {
                self.compared(*life, *file, verified, now);
            }
            (Step::CompareEnded { life, file, .. }, Done::EndedCompared(same)) => {
                self.ended_compared(*life, *file, same);
            }
            (Step::CompareFiles { file, bytes, .. }, Done::FilesCompared(same)) => {
                self.files_compared(*file, *bytes, same);
            }
            (step, done) => match self.phase {
                Phase::Start(_) => self.done_of_start(step, done),
                _ => self.done_of_tail(step, done, now),
            },
        }
    }

    /// A piece is closed, and has its closed name.
    pub(crate) fn closed(&mut self, piece: PieceId) {
        if let Some(end) = self.closings.remove(&piece) {
            self.archived.pieces_closed += u64::from(end.end > piece.start);
        }
    }

    /// Something may have changed: the next step is a look.
    pub(crate) fn hint(&mut self) {
        self.looked_at = None;
    }

    /// Others need the piece's place among the open ones: make it durable and close it.
    pub(crate) fn end_piece(&mut self, id: PieceId) {
        if let Some(life) = self.lives.get_mut(&id.life)
            && let Some(piece) = life.piece.as_mut().filter(|piece| piece.id == id)
        {
            piece.is_wanted = true;
        }
    }

    /// Time has passed since the plan was asked: nothing is created without another look for a
    /// later owner.
    pub(crate) fn delayed(&mut self) {
        self.may_create = false;
    }

    /// Whether all that was seen is durable, closed and recorded, so that nothing would be left to
    /// do if nothing changed. Files that are written now may always go on.
    pub(crate) fn is_done(&self) -> bool {
        self.is_following()
            && self.looked_at.is_some()
            && self.records.is_empty()
            && !self.is_crowded
            && (self.lives.values()).all(|life| life.file().is_some() && life.lag() == 0)
    }

    /// Whether the archive is known, and the files are looked at.
    fn is_following(&self) -> bool {
        match &self.phase {
            Phase::Tail => true,
            Phase::Start(start) => start.is_idle(),
            Phase::Over(_) | Phase::Woken => false,
        }
    }

    /// Whether no file has the name that is written to, and all that was is recorded.
    pub(crate) fn is_over(&self) -> bool {
        self.is_done() && self.lives.is_empty() && self.look.main().is_none()
    }

    /// Copy nothing more, make durable and close what there is.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// The epoch that this plan holds, once it has claimed one.
    pub(crate) fn epoch(&self) -> Option<Epoch> {
        (self.epoch != Epoch::default()).then_some(self.epoch)
    }

    /// Whether the file of a life is looked for, whatever it is called now.
    pub(crate) fn is_searching(&self) -> bool {
        (self.lives.values()).any(|life| matches!(life.place, life::Place::Lost { .. }))
    }

    /// Files that must stay open: their bytes can be read after they are deleted, and their inode
    /// number can't be given to another file.
    pub(crate) fn held(&self) -> BTreeSet<FileId> {
        self.lives.values().filter_map(Life::file).collect()
    }

    /// For the local cache.
    pub(crate) fn seen(&self) -> BTreeMap<LifeNumber, u64> {
        (self.lives.iter())
            .map(|(number, life)| (*number, life.seen_max))
            .collect()
    }

    pub(crate) fn progress(&self) -> Progress {
        let open = self.lives.values().filter(|life| life.piece.is_some());
        let main = self.lives.values().find(|life| life.is_main);
        Progress {
            lag_bytes: self.lives.values().map(Life::lag).sum(),
            pieces_open: (open.count() + self.closings.len()) as u64,
            is_tailing: self.is_following(),
            has_source: !self.look.files.is_empty(),
            position: main.map_or(0, |life| life.position),
            piece: main.and_then(|life| life.piece).map(|piece| piece.id),
            ..self.archived
        }
    }

    /// Files of lives that are over, and wholly in the archive: rotation may delete them.
    pub(crate) fn settled_files(&self) -> BTreeSet<FileId> {
        let whole = |settled: &&Settled| {
            (self.look.files.get(&settled.file))
                .is_some_and(|seen| seen.size == settled.end && settled.head.fits(&seen.head))
        };
        let settled = self.settled.iter().filter(whole);
        settled.map(|settled| settled.file).collect()
    }

    /// Whether the file that is written now is wholly durable in the archive, and how large it is.
    pub(crate) fn main_file(&self) -> Option<(u64, bool)> {
        let main = self.look.main()?;
        let life = (self.lives.values()).find(|life| life.file() == Some(main.id));
        let is_durable = life.is_some_and(|life| life.durable >= main.size);
        Some((main.size, is_durable))
    }
}
