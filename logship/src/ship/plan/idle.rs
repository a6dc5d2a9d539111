//! Before anything is claimed: an archive that has all of its log is left as it is, so that starts
//! which have nothing to ship leave no records.

use super::start::Start;
use super::{Limits, Now, Phase, Plan, Step};
use crate::archive::names::LifeNumber;
use std::collections::BTreeMap;

impl Plan {
    /// A plan that only reads, until there is something to ship: [`Step::Woken`]. `seen` comes from
    /// the local cache.
    pub(crate) fn idle(limits: Limits, seen: BTreeMap<LifeNumber, u64>) -> Self {
        Self {
            phase: Phase::Start(Box::new(Start::peek())),
            ..Self::new(limits, None, seen)
        }
    }

    /// Ends the wait of an idle plan: there is something to do for an owner of the archive.
    pub(crate) fn wake(&mut self) {
        if let Phase::Start(start) = &self.phase
            && start.is_idle()
        {
            self.phase = Phase::Woken;
        }
    }

    pub(super) fn next_of_idle(&mut self, now: Now) -> Step {
        if self.looked_at.is_none() {
            return Step::Look;
        }
        if let Some(step) = self.find_lost() {
            return step;
        }
        if self.has_all_lives() {
            match self.begin(now) {
                None => return self.wait(now),
                Some(
                    step @ (Step::CompareEnded { .. } | Step::CompareFiles { .. } | Step::Look),
                ) => {
                    return step;
                }
                // A file that nobody ships yet.
                Some(_) => {}
            }
        }
        self.phase = Phase::Woken;
        Step::Woken
    }

    /// Whether each life that is not over is the file that is written now, and wholly archived.
    fn has_all_lives(&self) -> bool {
        let Phase::Start(start) = &self.phase else {
            return false;
        };
        self.lives.values().all(|life| {
            life.is_main
                && life.file().is_some()
                && life.seen == life.position
                && life.last.is_none_or(|last| start.ends_as_named(&last))
        })
    }
}
