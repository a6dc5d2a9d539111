//! The shell round the plan: finds the facts, carries out one step.

use super::layout::{Intent, Layout, Marker, Name, Stamp, json};
use super::plan::{Exchange, Facts, Old, Step, Target};
use crate::entry::EntryKind;
use crate::error::{LakeError, Result, Retry};
use crate::lake::{Backend, Lake, Recursive};
use crate::path::LakePath;
use crate::published::manifest_in;
use comptoir_model::ids::RunId;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where a publication can be stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    CreateRun,
    WriteManifest,
    WriteSuccess,
    WriteIntent(u64),
    Step(Step),
    /// A part of the run goes into the target, hidden.
    Hide(String),
    /// The manifest of this number is written into the target, undecided.
    PlanManifest(u64),
    DecideManifest(u64),
    /// A hidden part gets its name.
    Show(String),
    /// Something in the target that nobody needs goes.
    Tidy(String),
    /// After the last step.
    End,
}

/// Called before each step; an error stops the publication there, as a crash would.
pub type Checkpoint = Arc<dyn Fn(&Point) -> Result<()> + Send + Sync>;

/// More steps than any publication takes: who needs more runs in circles.
const STEPS_MAX: usize = 1_000;

/// How often a step with unknown outcome is looked at again before its error is passed on.
const UNKNOWN_MAX: usize = 3;

/// One target and what lies beside it.
#[derive(Clone)]
pub(super) struct Workshop {
    pub(super) lake: Lake,
    pub(super) layout: Layout,
    checkpoint: Checkpoint,
}

impl Workshop {
    pub(super) fn new(lake: &Lake, target: &LakePath, checkpoint: Checkpoint) -> Result<Self> {
        Ok(Self {
            lake: lake.clone(),
            layout: Layout::new(target)?,
            checkpoint,
        })
    }

    pub(super) fn pass(&self, point: &Point) -> Result<()> {
        (self.checkpoint)(point)
    }

    pub(super) fn path(&self, name: &Name) -> LakePath {
        self.layout.path(name)
    }

    /// The target, the listing beside it, and the target again: facts count only while the target
    /// stands still, see [`super::plan`].
    pub(super) async fn look(&self) -> Result<Facts> {
        let mut target = self.look_at_target().await?;
        for _ in 0..STEPS_MAX {
            let facts = look_beside(&self.lake, &self.layout, target).await?;
            target = self.look_at_target().await?;
            if target == facts.target {
                return Ok(facts);
            }
        }
        Err(LakeError::Unavailable {
            path: self.layout.target.clone(),
            reason: format!("it was replaced {STEPS_MAX} times while being looked at"),
        })
    }

    async fn look_at_target(&self) -> Result<Target> {
        match manifest_in(&self.lake, &self.layout.target).await {
            Ok(Some(manifest)) => Ok(Target::Holds(manifest.run)),
            Ok(None) => Ok(Target::Absent),
            // Whatever it is, this program did not publish it.
            Err(
                LakeError::Unpublished { .. }
                | LakeError::Corrupt { .. }
                | LakeError::NewerManifest { .. }
                | LakeError::WrongKind { .. },
            ) => Ok(Target::Foreign),
            Err(error) => Err(error),
        }
    }

    /// Carries out what standing intents promise, until nothing is left to do.
    pub(super) async fn roll_forward(&self) -> Result<Facts> {
        let mut unknown = 0;
        for _ in 0..STEPS_MAX {
            let facts = self.look().await?;
            let Some(step) = facts.roll_forward() else {
                return Ok(facts);
            };
            match self.carry_out(step).await {
                // Read back what became of it, and go on from there.
                Err(error) if error.retry() == Retry::Unknown && unknown < UNKNOWN_MAX => {
                    unknown += 1;
                }
                result => result?,
            }
        }
        Err(LakeError::Failed {
            path: self.layout.state.clone(),
            reason: format!("publishing did not end after {STEPS_MAX} steps"),
        })
    }

    /// Frees what nobody will publish any more.
    pub(super) async fn sweep(&self, own: &RunId) -> Result<()> {
        for step in self.look().await?.sweep(own) {
            self.carry_out(step.clone()).await?;
            let Step::Sweep(run) = step else { continue };
            // Its publisher may have decided in between: then it has a right to go on.
            let beside = look_beside(&self.lake, &self.layout, Target::Absent).await?;
            let next = if beside.names(&run) {
                Step::Restore(run)
            } else {
                Step::DeleteSwept(run)
            };
            self.carry_out(next).await?;
        }
        Ok(())
    }

    /// Frees the data that was replaced long ago, and the oldest markers.
    pub(super) async fn forget(&self, now: Timestamp) -> Result<()> {
        let facts = self.look().await?;
        let mut replaced = BTreeMap::new();
        for &n in &facts.stamped {
            let path = self.path(&Name::Stamp(n));
            if let Some(bytes) = if_there(self.lake.read(&path).await)? {
                replaced.insert(n, Stamp::parse(&path, &bytes)?.at);
            }
        }
        for step in facts.forget(&replaced, now) {
            self.carry_out(step).await?;
        }
        Ok(())
    }

    /// One step. That it no longer fits, because another process was faster, is no error: the next
    /// look tells.
    pub(super) async fn carry_out(&self, step: Step) -> Result<()> {
        self.pass(&Point::Step(step.clone()))?;
        match self.attempt(step).await {
            Err(LakeError::NotFound { .. } | LakeError::AlreadyExists { .. }) => Ok(()),
            result => result,
        }
    }

    async fn attempt(&self, step: Step) -> Result<()> {
        let lake = &self.lake;
        let target = &self.layout.target;
        let at = |name: Name| self.path(&name);
        match step {
            Step::MoveAside(n) => lake.rename(target, &at(Name::Old(n))).await,
            Step::Mark(n, run) => {
                let path = at(Name::Old(n));
                lake.write_decisive(&path, json(&path, &Marker::new(run))?)
                    .await
            }
            Step::Exchange(n, run) => {
                if lake.exchange(&at(Name::Run(run)), target).await? {
                    Ok(())
                } else {
                    lake.rename(target, &at(Name::Old(n))).await
                }
            }
            Step::KeepExchanged(n, run) => {
                lake.rename(&at(Name::Run(run)), &at(Name::Old(n))).await
            }
            Step::Place(run) => lake.rename(&at(Name::Run(run)), target).await,
            Step::Restore(run) => {
                let swept = at(Name::Swept(run.clone()));
                lake.rename(&swept, &at(Name::Run(run))).await
            }
            Step::Stamp(n, replaced_at) => {
                let path = at(Name::Stamp(n));
                let stamp = json(&path, &Stamp::new(replaced_at))?;
                lake.write_decisive(&path, stamp).await
            }
            Step::Sweep(run) => {
                let swept = at(Name::Swept(run.clone()));
                lake.rename(&at(Name::Run(run)), &swept).await
            }
            Step::DeleteIntent(n) => self.delete(&Name::Intent(n)).await,
            Step::DeleteSwept(run) => self.delete(&Name::Swept(run)).await,
            Step::DeleteTemporary(name) => self.delete(&Name::Temporary(name)).await,
            Step::Empty(n) => {
                for entry in lake.list(&at(Name::Old(n))).await? {
                    lake.delete(&entry.path, Recursive::Yes).await?;
                }
                self.delete(&Name::Stamp(n)).await
            }
            Step::Forget(n) => {
                self.delete(&Name::Old(n)).await?;
                self.delete(&Name::Stamp(n)).await
            }
        }
    }

    async fn delete(&self, name: &Name) -> Result<()> {
        self.lake.delete(&self.path(name), Recursive::Yes).await?;
        Ok(())
    }
}

/// What lies in `.comptoir/<target>`; nothing where that directory is missing.
pub(crate) async fn look_beside(lake: &Lake, layout: &Layout, target: Target) -> Result<Facts> {
    let mut facts = Facts {
        target,
        intents: BTreeMap::new(),
        old: BTreeMap::new(),
        marked_for: BTreeMap::new(),
        stamped: BTreeSet::new(),
        runs: BTreeSet::new(),
        swept: BTreeSet::new(),
        temporaries: Vec::new(),
        exchange: match lake.backend() {
            Backend::Hdfs(_) => Exchange::Impossible,
            Backend::Local(_) => Exchange::Possible,
        },
    };
    let entries = if_there(lake.list(&layout.state).await)?.unwrap_or_default();
    for entry in entries {
        match Name::parse(entry.name()) {
            Some(Name::Run(run)) => {
                facts.runs.insert(run);
            }
            Some(Name::Swept(run)) => {
                facts.swept.insert(run);
            }
            Some(Name::Intent(n)) => {
                if let Some(bytes) = if_there(lake.read(&entry.path).await)? {
                    facts.intents.insert(n, Intent::parse(&entry.path, &bytes)?);
                }
            }
            Some(Name::Old(n)) => {
                facts.old.insert(
                    n,
                    match entry.kind {
                        EntryKind::Directory => Old::Directory,
                        EntryKind::File => Old::Marker,
                    },
                );
            }
            Some(Name::Stamp(n)) => {
                facts.stamped.insert(n);
            }
            Some(Name::Temporary(name)) => facts.temporaries.push(name),
            Some(Name::Lock) | None => {}
        }
    }
    for &n in facts.intents.keys() {
        if facts.old.get(&n) == Some(&Old::Marker) {
            let path = layout.path(&Name::Old(n));
            let bytes = if_there(lake.read_range(&path, 0..Marker::LENGTH_MAX).await)?;
            if let Some(marker) = bytes.and_then(|bytes| Marker::parse(&bytes)) {
                facts.marked_for.insert(n, marker.run);
            }
        }
    }
    Ok(facts)
}

/// `None` instead of [`LakeError::NotFound`].
pub(super) fn if_there<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(LakeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
