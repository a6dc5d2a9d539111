//! Where tests kill the process, as a power cut would: behind each step that leaves something in the
//! lake. Does nothing in release builds.

use crate::ship::plan::{Record, Step};

/// The environment variable with the point, and at the how manieth time: `synced:2`.
pub const KILL_AT: &str = "LOGSHIP_TEST_KILL_AT";

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
    #[cfg(debug_assertions)]
    pub(crate) fn pass(self) {
        use rustix::process::{Signal, getpid, kill_process};
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        let Ok(wanted) = std::env::var(KILL_AT) else {
            return;
        };
        let (name, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        if name != self.name() {
            return;
        }
        let passed = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
        if times.parse() == Ok(passed) {
            kill_process(getpid(), Signal::KILL).ok();
        }
    }

    #[cfg(not(debug_assertions))]
    pub(crate) fn pass(self) {}
}
