//! Where tests kill the process, as a power cut would: behind each step that leaves something in the
//! lake. Does nothing in release builds.

use crate::ship::plan::{Record, Step};
use comptoir_config::fault;

macro_rules! fault_points {
    ($($(#[$docs:meta])* $point:ident = $name:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FaultPoint {
            $($(#[$docs])* $point,)+
        }

        impl FaultPoint {
            pub const ALL: &[Self] = &[$(Self::$point),+];

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)+
                }
            }
        }
    };
}
fault_points! {
    OwnerClaimed = "owner-claimed",
    /// Its lease is free, and its length is known.
    PieceRecovered = "piece-recovered",
    RecoveryWritten = "recovery-written",
    /// One that was recovered has its closed name.
    RecoveredPieceNamed = "recovered-piece-named",
    LifeWritten = "life-written",
    PieceCreated = "piece-created",
    Copied = "copied",
    Synced = "synced",
    /// And not named so.
    PieceClosed = "piece-closed",
    PieceNamed = "piece-named",
    EndWritten = "end-written",
    GapWritten = "gap-written",
    SegmentWritten = "segment-written",
    SegmentReadBack = "segment-read-back",
    SegmentNamed = "segment-named",
    ManifestWritten = "manifest-written",
    /// For a segment that is to be moved there.
    DirectoryMade = "directory-made",
    SegmentMoved = "segment-moved",
    /// One of the files that a manifest took the place of.
    Swept = "swept",
}

impl FaultPoint {
    /// Of those behind steps of the shipper's plan.
    pub(crate) fn behind(step: &Step) -> Option<Self> {
        Some(match step {
            Step::Claim(_) => Self::OwnerClaimed,
            Step::Recover(_) => Self::PieceRecovered,
            Step::Write(Record::Recovery(_)) => Self::RecoveryWritten,
            Step::Write(Record::Life(_)) => Self::LifeWritten,
            Step::Write(Record::End(_)) => Self::EndWritten,
            Step::Write(Record::Gap(_)) => Self::GapWritten,
            Step::Publish(..) => Self::RecoveredPieceNamed,
            Step::Create(_) => Self::PieceCreated,
            Step::Copy { .. } => Self::Copied,
            Step::Sync(_) => Self::Synced,
            _ => return None,
        })
    }

    /// Is passed; kills the process if a test wants it here.
    pub(crate) fn pass(self) {
        fault::pass(self.name());
    }
}
