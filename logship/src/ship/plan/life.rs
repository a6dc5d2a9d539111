//! One file that is being shipped.

use super::look::SeenFile;
use crate::archive::manifest::Chain;
use crate::archive::names::{Epoch, LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::records::{self, EndCause, FileId, Head, may_be_same};
use jiff::Timestamp;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) number: LifeNumber,
    pub(super) head: Head,
    /// Where it was found last.
    pub(super) known_file: FileId,
    /// When that file was made.
    pub(super) born: Option<Timestamp>,
    /// When a former process found it there. `None` of a life that this process began or found, and
    /// whose file it has held since.
    pub(super) found_at: Option<Timestamp>,
    pub(super) place: Place,
    /// The end of what was handed to pieces.
    pub(super) position: u64,
    /// The end of what is hsynced.
    pub(super) durable: u64,
    /// The size of its file.
    pub(super) seen: u64,
    /// The largest size that its file ever had.
    pub(super) seen_max: u64,
    /// Since when it did not grow.
    pub(super) quiet_since: Duration,
    /// Whether it has the name that is written to.
    pub(super) is_main: bool,
    pub(super) piece: Option<OpenPiece>,
    /// The last piece before this process.
    pub(super) last: Option<LastPiece>,
    /// The last piece that takes no more bytes.
    pub(super) last_closed: Option<(Name, PieceEnd)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    At(FileId),
    /// Its file is gone or holds something else. Decided upon by a look behind `look`, which may have
    /// missed what took its place, and by one during which nothing was rotated.
    Lost {
        cause: EndCause,
        look: u64,
        /// A file that looked like it held something else once it was compared: it may have been
        /// rotated in between, so one more look decides.
        has_changed: bool,
    },
    /// Nothing more comes of it, to be recorded.
    Over {
        cause: EndCause,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct OpenPiece {
    pub(super) id: PieceId,
    pub(super) created: Duration,
    pub(super) lines: u64,
    /// Of the lines, those that are durable.
    pub(super) lines_durable: u64,
    /// When bytes of it were last begun to be made durable.
    pub(super) sync_began: Option<Duration>,
    /// By others, who have no place to open one.
    pub(super) is_wanted: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LastPiece {
    pub(super) name: Name,
    pub(super) id: PieceId,
    pub(super) end: PieceEnd,
    /// No recovery has decided about it: its end may still be set.
    pub(super) is_undecided: bool,
}

impl LastPiece {
    /// What stands for the last piece where all of a life is sealed: its last frame.
    pub(super) fn sealed(chain: &Chain, life: LifeNumber) -> Option<Self> {
        let sealed = chain.lives.get(&life)?;
        let (manifest, start) = sealed.last?;
        Some(Self {
            name: Name::Manifest(manifest),
            id: PieceId {
                life,
                start,
                epoch: Epoch::default(),
            },
            end: PieceEnd {
                end: sealed.end,
                lines: sealed.lines,
            },
            is_undecided: false,
        })
    }
}

impl Life {
    /// One that begins now.
    pub(super) fn begin(sidecar: &records::Life, size: u64, now: Duration) -> Self {
        Self {
            number: sidecar.life,
            head: sidecar.head.clone(),
            known_file: sidecar.file,
            born: sidecar.born,
            found_at: None,
            place: Place::At(sidecar.file),
            position: sidecar.first,
            durable: sidecar.first,
            seen: size,
            seen_max: size,
            quiet_since: now,
            is_main: false,
            piece: None,
            last: None,
            last_closed: None,
        }
    }

    pub(super) fn file(&self) -> Option<FileId> {
        match self.place {
            Place::At(file) => Some(file),
            Place::Lost { .. } | Place::Over { .. } => None,
        }
    }

    /// Whether a file is where this life was last.
    pub(super) fn is_own(&self, file: &SeenFile) -> bool {
        let may_be = |found_at| may_be_same(self.born, found_at, file.born);
        file.id == self.known_file && self.found_at.is_none_or(may_be)
    }

    pub(super) fn lag(&self) -> u64 {
        match self.place {
            Place::At(_) => self.seen.saturating_sub(self.durable),
            Place::Lost { .. } | Place::Over { .. } => self.position - self.durable,
        }
    }

    /// A file shorter than this can't be it.
    pub(super) fn size_min(&self) -> u64 {
        match &self.last {
            Some(last) if last.is_undecided => last.id.start + 1,
            _ => self.position,
        }
    }

    /// Rotated or deleted, shipped, and quiet.
    pub(super) fn is_settled(&self, settle: Duration, now: Duration) -> bool {
        !self.is_main
            && self.file().is_some()
            && self.position == self.seen
            && now.saturating_sub(self.quiet_since) >= settle
    }
}
