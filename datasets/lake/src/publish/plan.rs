//! What to do next with what lies beside a target. Pure: facts in, a step out.
//!
//! Any process may compute and carry out the next step, at any time, with facts that may be stale
//! by then. Each step is one atomic change that fails where it no longer fits, so what follows from
//! the plan is safe without a lock:
//!
//! - `old-<n>` never goes away while anybody could still want to create it, so the number `n` is
//!   used up once: [`Step::MoveAside`] and [`Step::Mark`] succeed once for each `n`.
//! - A run's directory leaves its name once, either to the target or to `swept-<run>`; who finds it
//!   gone has lost.
//! - The target is looked at before and after the directory listing, and must not have changed.
//!   Missing before, while the listing shows no higher `old-*`, it is missing because of this
//!   number; there after, although the listing shows `old-<n>`, it is another publication's.

use super::layout::{Intent, Name};
use comptoir_model::ids::RunId;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How long the data of a replaced run stays for readers that have it open.
pub const KEEP_OLD_DATA: SignedDuration = SignedDuration::from_hours(24);

/// How many `old-*` stay as markers against late publishers.
pub const KEEP_MARKERS: usize = 100;

/// What was found in the target and in the directory beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) target: Target,
    pub(crate) intents: BTreeMap<u64, Intent>,
    pub(crate) old: BTreeMap<u64, Old>,
    /// Which run the marker of a standing intent's number was created for.
    pub(crate) marked_for: BTreeMap<u64, RunId>,
    /// The numbers whose time of replacement is recorded.
    pub(crate) stamped: BTreeSet<u64>,
    pub(crate) runs: BTreeSet<RunId>,
    pub(crate) swept: BTreeSet<RunId>,
    pub(crate) temporaries: Vec<String>,
    pub(crate) exchange: Exchange,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Absent,
    Holds(RunId),
    /// Something that was not published by us: replaced like anything else.
    Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Old {
    /// A directory with the data that was replaced, or empty after 24 h.
    Directory,
    /// There was nothing to replace.
    Marker,
}

/// Whether two names can be swapped in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    Possible,
    Impossible,
}

/// One atomic change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The target becomes `old-<n>`.
    MoveAside(u64),
    /// There is no target: a file `old-<n>`, which names the run, uses up the number.
    Mark(u64, RunId),
    /// The run and the target swap places; where that can't be, the target becomes `old-<n>`.
    Exchange(u64, RunId),
    /// What was the target, and lies where the run lay, becomes `old-<n>`.
    KeepExchanged(u64, RunId),
    /// The run becomes the target.
    Place(RunId),
    /// A run that was swept although it was decided, by somebody who did not know yet, gets its
    /// name back.
    Restore(RunId),
    /// Records when the data of `old-<n>` was replaced.
    Stamp(u64, Timestamp),
    DeleteIntent(u64),
    /// A run nobody will publish gets another name, in one step.
    Sweep(RunId),
    DeleteSwept(RunId),
    /// A decisive file that never got its name.
    DeleteTemporary(String),
    /// The data of `old-<n>` goes, its name stays.
    Empty(u64),
    /// `old-<n>` goes.
    Forget(u64),
}

impl Facts {
    /// The number of the next intent.
    pub(crate) fn next_number(&self) -> u64 {
        self.highest_old().unwrap_or(0) + 1
    }

    /// The `old-*` with data that was replaced by publications after number `n`.
    pub(crate) fn replaced_after(&self, n: u64) -> impl Iterator<Item = u64> {
        let later = self.old.range(n + 1..);
        later.filter_map(|(&later, &old)| (old == Old::Directory).then_some(later))
    }

    fn highest_old(&self) -> Option<u64> {
        self.old.keys().next_back().copied()
    }

    /// The next step towards a state without standing intents; `None` where nothing is left to do.
    pub(crate) fn roll_forward(&self) -> Option<Step> {
        self.intents
            .iter()
            .find_map(|(&n, intent)| self.resolve(n, intent))
    }

    /// Whether an intent names the run.
    pub(crate) fn names(&self, run: &RunId) -> bool {
        self.intents.values().any(|intent| intent.run == *run)
    }

    fn resolve(&self, n: u64, intent: &Intent) -> Option<Step> {
        let run = &intent.run;
        let run_is_there = self.runs.contains(run);
        let old = self.old.get(&n);
        if self.target == Target::Holds(run.clone()) {
            return Some(match old {
                None if run_is_there => Step::KeepExchanged(n, run.clone()),
                Some(Old::Directory) if !self.stamped.contains(&n) => Step::Stamp(n, intent.at),
                _ => Step::DeleteIntent(n),
            });
        }
        if self.is_void(n, run) {
            return Some(if run_is_there {
                Step::Sweep(run.clone())
            } else {
                Step::DeleteIntent(n)
            });
        }
        match (old, run_is_there) {
            (None, true) => Some(match (&self.target, self.exchange) {
                (Target::Absent, _) => Step::Mark(n, run.clone()),
                (_, Exchange::Possible) => Step::Exchange(n, run.clone()),
                (_, Exchange::Impossible) => Step::MoveAside(n),
            }),
            // Swept before anything was moved. Where there is a target, the number is used up before
            // the run may go: another process may be about to move the target aside for it, and
            // then the run must take its place. Where there is none, the run goes first: readers
            // would be led to it once the number is used up, and its sweeper may yet delete it.
            (None, false) if self.swept.contains(run) && self.target == Target::Absent => {
                Some(Step::DeleteSwept(run.clone()))
            }
            (None, false) => Some(Step::Mark(n, run.clone())),
            (Some(_), true) => Some(Step::Place(run.clone())),
            (Some(_), false) if self.swept.contains(run) => Some(Step::Restore(run.clone())),
            (Some(Old::Marker), false) => Some(Step::DeleteIntent(n)),
            // Somebody deleted the run by hand. The intent stays and leads readers to `old-<n>`
            // until the next publication.
            (Some(Old::Directory), false) => None,
        }
    }

    /// Whether an intent came too late: its number was used up by another publication.
    fn is_void(&self, n: u64, run: &RunId) -> bool {
        let by_a_later_one = self.highest_old().is_some_and(|highest| n < highest);
        let with_data = self.old.contains_key(&n) && self.target != Target::Absent;
        let without = self.marked_for.get(&n).is_some_and(|other| other != run);
        by_a_later_one || with_data || without
    }

    /// Where readers find complete data while there is no target: in the run that takes its place,
    /// once `old-<n>` exists and nothing can stop it any more.
    pub(crate) fn without_target(&self) -> Option<Name> {
        self.intents
            .iter()
            .rev()
            .filter(|(n, intent)| !self.is_void(**n, &intent.run))
            .find_map(|(&n, Intent { run, .. })| match self.old.get(&n)? {
                _ if self.runs.contains(run) => Some(Name::Run(run.clone())),
                _ if self.swept.contains(run) => Some(Name::Swept(run.clone())),
                Old::Directory => Some(Name::Old(n)),
                Old::Marker => None,
            })
    }

    /// What nobody will publish any more: runs and swept runs that no intent names, and decisive
    /// files that never got their names.
    pub(crate) fn sweep(&self, own: &RunId) -> Vec<Step> {
        let runs = self
            .runs
            .iter()
            .filter(|run| *run != own && !self.names(run));
        let swept = self.swept.iter().filter(|run| !self.names(run));
        runs.cloned()
            .map(Step::Sweep)
            .chain(swept.cloned().map(Step::DeleteSwept))
            .chain(self.temporaries.iter().cloned().map(Step::DeleteTemporary))
            .collect()
    }

    /// What may go of the replaced data at `now`, given when each was replaced.
    pub(crate) fn forget(&self, replaced: &BTreeMap<u64, Timestamp>, now: Timestamp) -> Vec<Step> {
        let excess = self.old.len().saturating_sub(KEEP_MARKERS);
        let forgotten = self.old.keys().take(excess).copied();
        let aged =
            |n: &u64| (replaced.get(n)).is_some_and(|at| now.duration_since(*at) >= KEEP_OLD_DATA);
        let emptied = self.old.keys().skip(excess).copied().filter(aged);
        forgotten
            .map(Step::Forget)
            .chain(emptied.map(Step::Empty))
            .collect()
    }
}
