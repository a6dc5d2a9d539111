//! A lock between processes of one machine; the operating system drops it with its holder.

use super::directory::Directory;
use super::error::map;
use super::{Local, blocking};
use crate::error::Result;
use crate::path::LakePath;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::time::Duration;

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(10);

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Local {
    /// Waits for the lock `path`, up to the limit; creates its file and the directories above it.
    pub(crate) async fn lock(&self, path: &LakePath) -> Result<Lock> {
        let waiting = async {
            loop {
                let (directory, at) = (self.directory.clone(), path.clone());
                if let Some(lock) = blocking(path, move || try_lock(&directory, &at)).await? {
                    return Ok(lock);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let what = || format!("waiting for the lock {path}");
        self.limit.run(what, waiting).await
    }
}

fn try_lock(directory: &Directory, path: &LakePath) -> Result<Option<Lock>> {
    if let Some(parent) = path.parent() {
        directory.make_directories(&parent)?;
    }
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(directory.resolve(path))
        .map_err(map(path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(map(path)(error.into())),
    }
}
