//! One file that is being shipped.

use crate::archive::names::{LifeNumber, Name, PieceEnd, PieceId};
use crate::archive::records::{self, EndCause, FileId, Head};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) number: LifeNumber,
    pub(super) head: Head,
    /// Where it was found last.
    pub(super) known_file: FileId,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    At(FileId),
    /// Its file is gone or holds something else. Decided upon by the look after `look`, because
    /// what took its place may have been missed by that one.
    Lost {
        cause: EndCause,
        look: u64,
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
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LastPiece {
    pub(super) name: Name,
    pub(super) id: PieceId,
    pub(super) end: PieceEnd,
    /// No recovery has decided about it: its end may still be set.
    pub(super) is_undecided: bool,
}

impl Life {
    /// One that begins now.
    pub(super) fn begin(sidecar: &records::Life, size: u64, now: Duration) -> Self {
        Self {
            number: sidecar.life,
            head: sidecar.head.clone(),
            known_file: sidecar.file,
            place: Place::At(sidecar.file),
            position: sidecar.first,
            durable: sidecar.first,
            seen: size,
            seen_max: size,
            quiet_since: now,
            is_main: false,
            piece: None,
            last: None,
        }
    }

    pub(super) fn file(&self) -> Option<FileId> {
        match self.place {
            Place::At(file) => Some(file),
            Place::Lost { .. } | Place::Over { .. } => None,
        }
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
