//! A local directory as a lake, with the guarantees of HDFS: what was hsynced or closed survives a
//! power cut, a rename never overwrites, one of many exclusive creators wins.

mod directory;
mod error;
mod file;
mod lock;

pub(crate) use file::{Reader, Writer};
pub(crate) use lock::Lock;

use crate::entry::Entry;
use crate::error::{LakeError, Result};
use crate::lake::Recursive;
use crate::limit::Limit;
use crate::path::LakePath;
use directory::Directory;
use std::path::PathBuf;

/// Runs the blocking operations of a [`Directory`] off the async threads, within the limit.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    directory: Directory,
    limit: Limit,
}

impl Local {
    pub(crate) fn new(root: PathBuf, limit: Limit) -> Self {
        Self {
            directory: Directory::new(root),
            limit,
        }
    }

    pub(crate) async fn list(&self, directory: &LakePath) -> Result<Vec<Entry>> {
        let at = directory.clone();
        self.run("listing", directory, move |local| local.list(&at))
            .await
    }

    pub(crate) async fn stat(&self, path: &LakePath) -> Result<Option<Entry>> {
        let at = path.clone();
        self.run("stat of", path, move |local| local.stat(&at))
            .await
    }

    pub(crate) async fn link_on_the_way(
        &self,
        above: &LakePath,
        path: &LakePath,
    ) -> Result<Option<LakePath>> {
        let (above, at) = (above.clone(), path.clone());
        self.run("stat of", path, move |local| {
            local.link_on_the_way(&above, &at)
        })
        .await
    }

    pub(crate) async fn make_directories(&self, path: &LakePath) -> Result<()> {
        let at = path.clone();
        self.run("mkdir", path, move |local| local.make_directories(&at))
            .await
    }

    pub(crate) async fn rename(&self, from: &LakePath, to: &LakePath) -> Result<()> {
        let (old, new) = (from.clone(), to.clone());
        self.run("renaming", from, move |local| local.rename(&old, &new))
            .await
    }

    pub(crate) async fn exchange(&self, one: &LakePath, other: &LakePath) -> Result<bool> {
        let (first, second) = (one.clone(), other.clone());
        self.run("exchanging", one, move |local| {
            local.exchange(&first, &second)
        })
        .await
    }

    pub(crate) async fn delete(&self, path: &LakePath, recursive: Recursive) -> Result<bool> {
        let at = path.clone();
        self.run("deleting", path, move |local| local.delete(&at, recursive))
            .await
    }

    /// Nobody holds a lease here.
    pub(crate) async fn recover_lease(&self, path: &LakePath) -> Result<bool> {
        match self.stat(path).await? {
            Some(_) => Ok(true),
            None => Err(LakeError::NotFound { path: path.clone() }),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        doing: &str,
        path: &LakePath,
        operation: impl FnOnce(&Directory) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let directory = self.directory.clone();
        let what = || format!("{doing} {path}");
        let call = async { blocking(path, move || operation(&directory)).await };
        self.limit.run(what, call).await
    }
}

/// Runs `operation` where it may block. Out of time, it still runs to its end, unheard.
async fn blocking<T: Send + 'static>(
    path: &LakePath,
    operation: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(operation)
        .await
        .unwrap_or_else(|stopped| {
            Err(LakeError::Failed {
                path: path.clone(),
                reason: stopped.to_string(),
            })
        })
}
