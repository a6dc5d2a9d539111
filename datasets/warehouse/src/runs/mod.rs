//! The batch views' side: what a run may speak for, its rows, and the switch to it.
//!
//! A run goes: [`crate::ViewsWriter::end_partitions`], [`crate::ViewsWriter::seal`], [`Warehouse::batch_facts`], the archive's own totals,
//! [`Candidate::of`], [`BatchRun::begin`], [`BatchRun::load`] for each block that changed,
//! [`BatchRun::switch`], and then [`Warehouse::prune_chunk`] and [`Warehouse::sweep_chunk`] until
//! they find nothing. It may end anywhere: until the switch nobody sees it, and after the switch
//! nothing is missing.
//!
//! Why whole blocks are enough where two runs overlap: both wrote every quarter of an hour that
//! has an event of a generation which the current run of their beginning did not cover. The one
//! that covers more may become current after the other, never before it, and what the other one
//! changed lies within what it covers: its blocks take the place of all of them. Of days that the
//! archive has forgotten a block is made of the one that counts and of the news ([`Holds::News`]):
//! it is as whole, because it is only made while the run is current that the news are counted from.

mod current;
mod facts;
mod load;
mod prune;
mod rows;
mod sweep;
mod switch;

pub(crate) use current::{Current, Spoken, blocks, current, current_run};
pub use facts::BatchFacts;
pub use load::{Block, Holds, Loaded};
pub(crate) use rows::{GRAIN_MINUTE, GRAIN_QUARTER};
pub use switch::Switched;

use crate::error::Result;
use crate::warehouse::Warehouse;
use comptoir_model::live::{ControlTotals, QuarterHour};
use comptoir_model::merge::Candidate;
use jiff::Timestamp;
use std::fmt;

/// A batch-view run, by its number. It grows with each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewRunId(pub i64);

impl fmt::Display for ViewRunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How often another run had become current when this one did; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunVersion(pub u64);

/// What a run is known as. Only `Loading` runs take rows, and only they can become current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Loading,
    /// Given up: its rows are being deleted.
    Swept,
    Current,
    /// Was current. Those of its blocks that no later run has written anew still count.
    Former,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [Self::Loading, Self::Swept, Self::Current, Self::Former];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Swept => "swept",
            Self::Current => "current",
            Self::Former => "former",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What a run reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Names the snapshot.
    pub archive_version: i64,
    /// All that the views sink had read at this moment is covered; `None` where it can't be said.
    pub as_of: Option<Timestamp>,
}

/// A run that is being loaded.
///
/// Every call is one transaction. After an error that [`crate::WarehouseError::retry`] calls
/// `CanHelp` or `Unknown` the same call may be made again: it finds out what was done.
#[derive(Clone, Debug)]
pub struct BatchRun {
    warehouse: Warehouse,
    id: ViewRunId,
    minutes_from: QuarterHour,
}

impl BatchRun {
    /// Records a run with what it will speak for, and what it reads; from `minutes_from` on its
    /// rows are kept by the minute, too. A beginning whose answer was lost leaves a run without
    /// rows, which is swept.
    pub async fn begin(
        warehouse: &Warehouse,
        candidate: &Candidate<ControlTotals>,
        reading: Reading,
        minutes_from: QuarterHour,
        now: Timestamp,
    ) -> Result<Self> {
        let mut lease = warehouse.lease().await?;
        let id = switch::begin(&mut lease, candidate, reading, now).await?;
        lease.give_back();
        Ok(Self {
            warehouse: warehouse.clone(),
            id,
            minutes_from,
        })
    }

    pub fn id(&self) -> ViewRunId {
        self.id
    }

    /// Writes blocks, all of them or none; one that was written before stays as it is. Callers
    /// bound how many come at once: the transaction holds no lock that the views sink wants.
    pub async fn load(&self, blocks: &[Block<'_>]) -> Result<Loaded> {
        let mut lease = self.warehouse.lease().await?;
        let loaded = load::load(&mut lease, self.id, blocks, self.minutes_from).await?;
        lease.give_back();
        Ok(loaded)
    }

    /// Makes the run current for all merged views together, or says why it can't be. A run that is
    /// current already, or was, stays what it is.
    pub async fn switch(&self, now: Timestamp) -> Result<Switched> {
        let mut lease = self.warehouse.lease().await?;
        let switched = switch::switch(&mut lease, self.id, now).await?;
        lease.give_back();
        Ok(switched)
    }

    /// Records why the run ends without having become current. Its rows go with the next sweep.
    pub async fn give_up(&self, why: &str, now: Timestamp) -> Result<()> {
        let mut lease = self.warehouse.lease().await?;
        switch::give_up(&mut lease, self.id, why, now).await?;
        lease.give_back();
        Ok(())
    }
}

impl Warehouse {
    /// What decides the next run's coverage, all of one moment.
    pub async fn batch_facts(&self) -> Result<BatchFacts> {
        let mut lease = self.lease().await?;
        let facts = facts::read(&mut lease).await?;
        lease.give_back();
        Ok(facts)
    }

    /// Records that what a run covers is still all that the views sink had read at this moment.
    pub async fn still_complete(&self, run: ViewRunId, as_of: Timestamp) -> Result<()> {
        let mut lease = self.lease().await?;
        switch::still_complete(&mut lease, run, as_of).await?;
        lease.give_back();
        Ok(())
    }

    /// Deletes some of the buckets that the current run has made superfluous, in one short
    /// transaction. Returns how many minutes and quarters of an hour these were; 0: none is left.
    pub async fn prune_chunk(&self) -> Result<usize> {
        let mut lease = self.lease().await?;
        let pruned = prune::chunk(&mut lease).await?;
        lease.give_back();
        Ok(pruned)
    }

    /// Gives up runs that began before `abandoned_before` and are still loading. That is on record
    /// before any of their rows goes, so that none of them can become current.
    pub async fn abandon_runs(&self, abandoned_before: Timestamp, now: Timestamp) -> Result<u64> {
        let mut lease = self.lease().await?;
        let abandoned = sweep::abandon(&mut lease, abandoned_before, now).await?;
        lease.give_back();
        Ok(abandoned)
    }

    /// Deletes some of the rows of runs that do not count any more, in one short transaction: of
    /// runs that were given up, blocks that a later run has written anew, and minutes before
    /// `minutes_from`. Returns how many blocks and minutes these were; 0: none is left.
    pub async fn sweep_chunk(&self, minutes_from: QuarterHour) -> Result<usize> {
        let mut lease = self.lease().await?;
        let swept = sweep::chunk(&mut lease, minutes_from).await?;
        lease.give_back();
        Ok(swept)
    }
}
