//! Adding a run to a target: what [`plan`] says, carried out.

mod names;
mod plan;

#[cfg(test)]
mod plan_tests;

pub(crate) use names::Listing;
pub use names::set_aside_name;
pub use plan::{Base, KEEP_MANIFESTS};

use super::layout::{Name, json};
use super::plan::{Step, Target};
use super::workshop::{Workshop, if_there, look_beside};
use super::{Point, Publication, Published};
use crate::decisive;
use crate::error::{LakeError, Result, Retry};
use crate::lake::{Lake, Recursive};
use crate::path::LakePath;
use crate::published::read_manifest;
use comptoir_model::manifest::{Manifest, OtherPart};
use plan::{Current, Verdict};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How often a publisher that others overtake plans again.
const ATTEMPTS_MAX: usize = 1_000;

impl Publication {
    /// Adds the run's parts to what lies in the target, and makes the target where there is none.
    /// `manifest` describes the run alone; its parts get numbers after the highest there.
    ///
    /// Files that another program left there are adopted: readers are told of them, with their
    /// length and SHA-256. Rows that a run has set aside are published with its parts, in files that
    /// have the run in their names. Of others that add parts at the same time, who has begun before this one
    /// and not decided yet is fenced, as by any publication; at the decision the later ones plan
    /// again. None are lost, none are added twice.
    ///
    /// An error with [`Retry::Unknown`] leaves it to a reader to find out whether the run was added;
    /// every other error means that it never is.
    pub async fn append(self, manifest: &Manifest, base: &Base) -> Result<Published> {
        self.ensure_own(manifest)?;
        self.ensure_written(manifest).await?;
        let workshop = &self.workshop;
        let lock = workshop.lake.lock(&workshop.path(&Name::Lock)).await?;
        if workshop.roll_forward().await?.target == Target::Absent {
            workshop.lake.mkdirs(&workshop.layout.target).await?;
        }
        let added = self.add(manifest, base).await;
        if let Err(error) = &added
            && error.retry() != Retry::Unknown
        {
            self.withdraw().await;
        }
        let number = added?;
        if let Err(error) = self.tidy_up().await {
            tracing::warn!(target = %workshop.layout.target, %error, "could not tidy up after adding parts");
        }
        drop(lock);
        workshop.pass(&Point::End)?;
        Ok(Published {
            run: self.run,
            number,
            target: self.workshop.layout.target,
        })
    }

    /// Up to the decision; the number of the manifest.
    async fn add(&self, own: &Manifest, base: &Base) -> Result<u64> {
        let workshop = &self.workshop;
        for (written, hidden) in plan::undecided(own) {
            workshop.pass(&Point::Hide(hidden.clone()))?;
            let (from, to) = (
                self.directory.join(written)?,
                workshop.layout.in_target(&hidden),
            );
            match workshop.lake.rename(&from, &to).await {
                Err(LakeError::NotFound { .. }) => return Err(self.fenced()),
                renamed => renamed?,
            }
        }
        let mut adopted = BTreeMap::new();
        for _ in 0..ATTEMPTS_MAX {
            let (listing, current) = workshop.look_into_target().await?;
            if !base.fits(current.as_ref()) {
                return Err(self.fenced());
            }
            let unnamed = plan::unnamed(&listing, current.as_ref());
            for name in &unnamed {
                if !adopted.contains_key(name) {
                    let path = workshop.layout.in_target(name);
                    adopted.insert(name.clone(), look_at(&workshop.lake, &path).await?);
                }
            }
            let others = unnamed.iter().filter_map(|name| adopted.get(name).cloned());
            let next = plan::next(own, current.as_ref(), &listing, others.collect());
            if let Some(number) = self.decide_on(own, &next, current.as_ref()).await? {
                return Ok(number);
            }
        }
        Err(LakeError::Unavailable {
            path: workshop.layout.target.clone(),
            reason: format!("others added to it {ATTEMPTS_MAX} times while this run tried to"),
        })
    }

    /// Writes the manifest that was planned on `planned_on`, looks again, and decides; `None` where
    /// another publisher was faster.
    async fn decide_on(
        &self,
        own: &Manifest,
        next: &Manifest,
        planned_on: Option<&Current>,
    ) -> Result<Option<u64>> {
        let Workshop { lake, layout, .. } = &self.workshop;
        let number = planned_on.map_or(0, |current| current.number) + 1;
        let name = names::undecided(number, &self.run);
        let (written, undecided) = (self.directory.join(&name)?, layout.in_target(&name));
        let path = layout.in_target(&Manifest::file_name(number));
        self.workshop.pass(&Point::PlanManifest(number))?;
        // Not into the target itself: that might make the directory anew, just when another
        // publisher has moved it aside.
        decisive::write_temporary(lake, &written, json(&path, next)?).await?;
        match lake.rename(&written, &undecided).await {
            Err(LakeError::NotFound { .. }) => return Err(self.fenced()),
            renamed => renamed?,
        }

        let (listing, current) = self.workshop.look_into_target().await?;
        match plan::judge(own, planned_on, &listing, current.as_ref()) {
            Verdict::Decide => {}
            Verdict::PlanAgain => {
                lake.delete(&undecided, Recursive::No).await?;
                return Ok(None);
            }
            Verdict::Fenced => return Err(self.fenced()),
        }
        self.workshop.pass(&Point::DecideManifest(number))?;
        match lake.rename(&undecided, &path).await {
            Ok(()) => {}
            Err(LakeError::AlreadyExists { .. }) => {
                lake.delete(&undecided, Recursive::No).await?;
                return Ok(None);
            }
            // It went with a target that was replaced, or was swept.
            Err(LakeError::NotFound { .. }) => return Err(self.fenced()),
            Err(error) if error.retry() == Retry::Unknown => {}
            Err(error) => return Err(error),
        }
        match self.read_back(number, &undecided).await {
            Ok(true) => Ok(Some(number)),
            Ok(false) => Err(self.fenced()),
            // It may be decided: nobody may take this for a run that can be repeated.
            Err(error) if error.retry() == Retry::Unknown => Err(error),
            Err(error) => Err(LakeError::ConnectionLost {
                path,
                reason: error.to_string(),
            }),
        }
    }

    /// Whether the run's manifest counts. Once its undecided name is gone, it has the other one or
    /// never will.
    async fn read_back(&self, number: u64, undecided: &LakePath) -> Result<bool> {
        let Workshop { lake, layout, .. } = &self.workshop;
        lake.delete(undecided, Recursive::No).await?;
        let (listing, _) = self.workshop.look_into_target().await?;
        let decided = read_manifest(lake, &layout.target, number).await?;
        let is_ours = decided.is_some_and(|decided| decided.run == self.run);
        Ok(is_ours && plan::counts(number, &listing))
    }

    /// Takes back what was not decided. What fails here is done by the next run.
    async fn withdraw(&self) {
        let swept = async {
            self.workshop
                .carry_out(Step::Sweep(self.run.clone()))
                .await?;
            self.workshop.tidy_target().await?;
            self.workshop
                .carry_out(Step::DeleteSwept(self.run.clone()))
                .await
        };
        if let Err(error) = swept.await {
            tracing::debug!(%error, "could not take back the parts that were not added");
        }
    }

    /// After the decision: the parts get their names, and the run's directory goes.
    async fn tidy_up(&self) -> Result<()> {
        self.workshop.show_parts().await?;
        self.workshop.prune_manifests().await?;
        let run = || self.run.clone();
        self.workshop.carry_out(Step::Sweep(run())).await?;
        self.workshop.carry_out(Step::DeleteSwept(run())).await
    }
}

impl Workshop {
    /// The target as it lies there, and the manifest that counts.
    async fn look_into_target(&self) -> Result<(Listing, Option<Current>)> {
        let target = &self.layout.target;
        for _ in 0..ATTEMPTS_MAX {
            let entries = if_there(self.lake.list(target).await)?.unwrap_or_default();
            let listing = Listing::of(&entries);
            let Some(&number) = listing.manifests.last() else {
                return Ok((listing, None));
            };
            if let Some(manifest) = read_manifest(&self.lake, target, number).await? {
                return Ok((listing, Some(Current { number, manifest })));
            }
        }
        Err(LakeError::Unavailable {
            path: target.clone(),
            reason: format!("it was replaced {ATTEMPTS_MAX} times while being looked at"),
        })
    }

    /// Completes what a run that ended had decided, and removes what others had not: see [`plan`]
    /// for the order.
    pub(super) async fn tidy_target(&self) -> Result<()> {
        let entries = match if_there(self.lake.list(&self.layout.target).await) {
            Err(LakeError::WrongKind { .. }) | Ok(None) => return Ok(()),
            entries => entries?.unwrap_or_default(),
        };
        let listing = Listing::of(&entries);
        if listing.hidden.is_empty() && listing.undecided.is_empty() {
            return Ok(());
        }
        let beside = look_beside(&self.lake, &self.layout, Target::Absent).await?;
        let swept = plan::swept(&listing, &beside.runs);
        if !swept.is_empty() {
            let entries = if_there(self.lake.list(&self.layout.target).await)?.unwrap_or_default();
            let listing = Listing::of(&entries);
            for (name, run) in &listing.undecided {
                if swept.contains(run) {
                    self.remove_from_target(name).await?;
                }
            }
            let current = match self.look_into_target().await {
                Ok((_, current)) => current,
                // It is replaced, with everything in it, or the next look tells.
                Err(LakeError::Corrupt { .. } | LakeError::NewerManifest { .. }) => return Ok(()),
                Err(error) => return Err(error),
            };
            for name in plan::lost(&listing, &swept, current.as_ref()) {
                self.remove_from_target(&name).await?;
            }
        }
        match self.show_parts().await {
            Err(LakeError::Corrupt { .. } | LakeError::NewerManifest { .. }) => Ok(()),
            shown => shown,
        }
    }

    /// Gives the parts that are published their names. One whose name another program has taken
    /// meanwhile stays as it is: our readers find it all the same.
    async fn show_parts(&self) -> Result<()> {
        let (listing, current) = self.look_into_target().await?;
        let Some(Current { manifest, .. }) = current else {
            return Ok(());
        };
        for (hidden, name) in plan::to_show(&manifest, &listing) {
            self.pass(&Point::Show(name.clone()))?;
            let (from, to) = (self.layout.in_target(&hidden), self.layout.in_target(&name));
            match self.lake.rename(&from, &to).await {
                Err(LakeError::AlreadyExists { .. }) => {
                    tracing::warn!(%to, "another program has taken the name of a part, which stays hidden");
                }
                Err(LakeError::NotFound { .. }) => {}
                renamed => renamed?,
            }
        }
        Ok(())
    }

    async fn prune_manifests(&self) -> Result<()> {
        let (listing, _) = self.look_into_target().await?;
        for number in plan::outdated(&listing) {
            self.remove_from_target(&Manifest::file_name(number))
                .await?;
        }
        Ok(())
    }

    async fn remove_from_target(&self, name: &str) -> Result<()> {
        self.pass(&Point::Tidy(name.to_owned()))?;
        let path = self.layout.in_target(name);
        self.lake.delete(&path, Recursive::No).await?;
        Ok(())
    }
}

/// What can be said of a file that somebody else wrote.
async fn look_at(lake: &Lake, path: &LakePath) -> Result<OtherPart> {
    let mut reader = lake.open_read(path).await?;
    let (mut bytes, mut sha256) = (0, Sha256::new());
    while let Some(chunk) = reader.next_chunk().await? {
        bytes += chunk.len() as u64;
        sha256.update(&chunk);
    }
    Ok(OtherPart {
        name: path.file_name().unwrap_or_default().to_owned(),
        bytes,
        sha256: hex::encode(sha256.finalize()),
        rows: None,
    })
}
