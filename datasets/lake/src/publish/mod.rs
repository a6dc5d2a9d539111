//! Replacing a directory of the lake by a new run of an import, or adding a run to it (`append`).
//!
//! The run is written beside the target, in `.comptoir/<target>/run-<id>`. A file `intent-<n>`
//! decides: from then on whoever comes by completes the publication, step by step, as the module
//! `plan` says. Readers ([`crate::published`]) always find the old or the new run, complete.
//!
//! Publishers need no lock on HDFS: each step is one rename, creation or deletion that fails where
//! it no longer fits. On a local directory, where two names are exchanged in one step and a second
//! exchange would undo the first, a file lock keeps them apart.
//!
//! The last publisher to begin wins: it sweeps the runs of those who have not decided yet, and they
//! end with [`LakeError::Fenced`].

mod append;
mod layout;
mod plan;
#[cfg(test)]
mod plan_tests;
mod workshop;

pub use append::{Base, KEEP_MANIFESTS, set_aside_name};
pub use plan::{KEEP_MARKERS, KEEP_OLD_DATA, Step};
#[doc(hidden)]
pub use workshop::{Checkpoint, Point};

pub(crate) use append::Listing;
pub(crate) use layout::Layout;
pub(crate) use plan::Target;
pub(crate) use workshop::look_beside;

use crate::error::{LakeError, Result};
use crate::file::{LakeReader, LakeWriter};
use crate::lake::{Create, Lake, Recursive};
use crate::path::LakePath;
use bytes::Bytes;
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{MANIFEST_VERSION, Manifest};
use jiff::Timestamp;
use layout::{Intent, Name, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use workshop::Workshop;

/// The empty file that tells Hadoop's tools that a directory is complete.
const SUCCESS: &str = "_SUCCESS";

/// A run of an import that is being written.
///
/// Dropping it leaves its files to the next run's sweep, as a crash would.
pub struct Publication {
    workshop: Workshop,
    run: RunId,
    directory: LakePath,
}

/// A run that became the target, or part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub run: RunId,
    /// The number of this publication: replaced data lies in `old-<n>`, the manifest of appended
    /// data is `_manifest-<n>`.
    pub number: u64,
    pub target: LakePath,
}

impl Publication {
    /// Completes what a crashed run decided, frees what others left undecided, and opens the
    /// directory of a new run.
    pub async fn begin(lake: &Lake, target: &LakePath, run: RunId) -> Result<Self> {
        Self::begin_with(lake, target, run, Arc::new(|_| Ok(()))).await
    }

    /// For tests: `checkpoint` is asked before each step and stops the publication by an error.
    #[doc(hidden)]
    pub async fn begin_with(
        lake: &Lake,
        target: &LakePath,
        run: RunId,
        checkpoint: Checkpoint,
    ) -> Result<Self> {
        let workshop = Workshop::new(lake, target, checkpoint)?;
        let directory = workshop.path(&Name::Run(run.clone()));
        let _lock = lake.lock(&workshop.path(&Name::Lock)).await?;
        workshop.roll_forward().await?;
        workshop.sweep(&run).await?;
        workshop.tidy_target().await?;
        workshop.pass(&Point::CreateRun)?;
        if lake.stat(&directory).await?.is_some() {
            return Err(LakeError::AlreadyExists { path: directory });
        }
        lake.mkdirs(&directory).await?;
        Ok(Self {
            workshop,
            run,
            directory,
        })
    }

    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// A new file of the run; close its writer before [`Publication::commit`].
    pub async fn create_part(&self, name: &str) -> Result<LakeWriter> {
        let path = self.directory.join(name)?;
        self.workshop.lake.create(&path, Create::Exclusive).await
    }

    /// Removes a part of the run whose writer was closed, and that is not to be published.
    pub async fn remove_part(&self, name: &str) -> Result<()> {
        let path = self.directory.join(name)?;
        self.workshop.lake.delete(&path, Recursive::No).await?;
        Ok(())
    }

    /// Opens a part of the run whose writer was closed, to look at it before it is published.
    pub async fn open_part(&self, name: &str) -> Result<LakeReader> {
        let path = self.directory.join(name)?;
        self.workshop.lake.open_read(&path).await
    }

    /// Makes the run the target: it has every part that the manifest names, closed.
    ///
    /// An error with [`crate::Retry::Unknown`] leaves it to the next run, or to a reader, to find out
    /// whether this one was decided; every other error means that it never becomes the target.
    pub async fn commit(self, manifest: &Manifest, now: Timestamp) -> Result<Published> {
        self.replace(manifest, None, now).await
    }

    /// The same, if the target still holds the run `base`, which this one was made from.
    pub async fn commit_onto(
        self,
        manifest: &Manifest,
        base: &RunId,
        now: Timestamp,
    ) -> Result<Published> {
        self.replace(manifest, Some(base), now).await
    }

    async fn replace(
        self,
        manifest: &Manifest,
        base: Option<&RunId>,
        now: Timestamp,
    ) -> Result<Published> {
        self.complete(manifest).await?;
        let workshop = &self.workshop;
        let lock = workshop.lake.lock(&workshop.path(&Name::Lock)).await?;
        let number = self.decide(base, now).await?;
        workshop.roll_forward().await?;
        if !self.became_target(number).await? {
            return Err(self.fenced());
        }
        if let Err(error) = workshop.forget(now).await {
            tracing::warn!(target = %workshop.layout.target, %error, "could not free replaced data");
        }
        drop(lock);
        workshop.pass(&Point::End)?;
        Ok(Published {
            run: self.run,
            number,
            target: self.workshop.layout.target,
        })
    }

    /// Deletes the run.
    pub async fn abandon(self) -> Result<()> {
        self.workshop
            .carry_out(Step::Sweep(self.run.clone()))
            .await?;
        self.workshop.carry_out(Step::DeleteSwept(self.run)).await
    }

    /// Writes the manifest and `_SUCCESS`, and checks that all parts are there.
    async fn complete(&self, manifest: &Manifest) -> Result<()> {
        let lake = &self.workshop.lake;
        self.ensure_own(manifest)?;
        self.workshop.pass(&Point::WriteManifest)?;
        let path = self.directory.join(&Manifest::file_name(1))?;
        lake.write_decisive(&path, json(&path, manifest)?).await?;
        self.workshop.pass(&Point::WriteSuccess)?;
        let success = self.directory.join(SUCCESS)?;
        lake.write_decisive(&success, Bytes::new()).await?;
        self.ensure_written(manifest).await
    }

    fn fenced(&self) -> LakeError {
        LakeError::Fenced {
            path: self.workshop.layout.target.clone(),
        }
    }

    fn corrupt(&self, reason: String) -> LakeError {
        LakeError::Corrupt {
            path: self.directory.clone(),
            reason,
        }
    }

    /// Refuses a manifest that is not one of this run.
    fn ensure_own(&self, manifest: &Manifest) -> Result<()> {
        if manifest.run != self.run {
            let other = &manifest.run;
            return Err(self.corrupt(format!("its manifest is that of run {other}")));
        }
        if manifest.version != MANIFEST_VERSION {
            let version = manifest.version;
            return Err(self.corrupt(format!(
                "its manifest has version {version}, not {MANIFEST_VERSION}"
            )));
        }
        Ok(())
    }

    /// Checks that all parts are there, as long as the manifest says.
    async fn ensure_written(&self, manifest: &Manifest) -> Result<()> {
        let lake = &self.workshop.lake;
        let entries = match lake.list(&self.directory).await {
            Err(LakeError::NotFound { .. }) => return Err(self.fenced()),
            entries => entries?,
        };
        let lengths: BTreeMap<_, _> = entries.iter().map(|e| (e.name(), e.length)).collect();
        for part in manifest.parts.iter().chain(&manifest.quarantine) {
            match lengths.get(part.name.as_str()) {
                Some(&length) if length == part.bytes => {}
                Some(length) => {
                    let (name, bytes) = (&part.name, part.bytes);
                    return Err(self.corrupt(format!("{name} has {length} of {bytes} bytes")));
                }
                // Somebody else began, and swept this run.
                None => return Err(self.fenced()),
            }
        }
        Ok(())
    }

    /// Writes the intent: the first number that nobody else took.
    async fn decide(&self, base: Option<&RunId>, now: Timestamp) -> Result<u64> {
        loop {
            // Of the same look as the number: whoever replaces the target uses that up first.
            let facts = self.workshop.roll_forward().await?;
            if base.is_some_and(|base| facts.target != Target::Holds(base.clone())) {
                return Err(self.fenced());
            }
            let number = facts.next_number();
            self.workshop.pass(&Point::WriteIntent(number))?;
            let path = self.workshop.path(&Name::Intent(number));
            let intent = json(&path, &Intent::new(self.run.clone(), now))?;
            match self.workshop.lake.write_decisive(&path, intent).await {
                Ok(()) => return Ok(number),
                // Another publisher was faster, or swept the file before it had its name.
                Err(LakeError::AlreadyExists { .. } | LakeError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the run is, or was, the target, now that its intent is resolved.
    async fn became_target(&self, number: u64) -> Result<bool> {
        // Afresh: another publisher may have completed it since the last look, and replaced it.
        let facts = self.workshop.look().await?;
        if facts.target == Target::Holds(self.run.clone()) {
            return Ok(true);
        }
        // Somebody may have added parts to it already.
        let (lake, target) = (&self.workshop.lake, &self.workshop.layout.target);
        let first = crate::published::read_manifest(lake, target, 1).await;
        if first.is_ok_and(|first| first.is_some_and(|first| first.run == self.run)) {
            return Ok(true);
        }
        for later in facts.replaced_after(number) {
            let directory = self.workshop.path(&Name::Old(later));
            match crate::published::manifest_in(&self.workshop.lake, &directory).await {
                Ok(Some(manifest)) if manifest.run == self.run => return Ok(true),
                Ok(_) | Err(LakeError::Unpublished { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
