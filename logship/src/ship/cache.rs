//! The local cache: how large each file was when it was last seen. The archive itself is the
//! checkpoint; this only tells how much a file had that is gone after a restart.

use crate::archive::names::LifeNumber;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tracing::debug;

#[derive(Debug)]
pub(crate) struct Cache {
    path: PathBuf,
    contents: Contents,
    /// Said once: the line is itself shipped, and changes what is seen.
    is_broken: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Contents {
    version: u32,
    seen: BTreeMap<LifeNumber, u64>,
}

const VERSION: u32 = 1;

impl Cache {
    /// Without a readable file it is empty.
    pub(crate) fn open(directory: &Path, name: &str) -> Self {
        // A log of a pattern has the path of its file as name.
        let path = directory.join(format!(
            "{}.json",
            name.replace('%', "%25").replace('/', "%2F")
        ));
        let contents = fs::read(&path).ok();
        let contents = contents.and_then(|json| serde_json::from_slice(&json).ok());
        Self {
            path,
            is_broken: false,
            contents: contents
                .filter(|contents: &Contents| contents.version == VERSION)
                .unwrap_or_default(),
        }
    }

    pub(crate) fn seen(&self) -> BTreeMap<LifeNumber, u64> {
        self.contents.seen.clone()
    }

    /// A cache that can't be written is no reason to stop.
    pub(crate) fn keep(&mut self, seen: BTreeMap<LifeNumber, u64>) {
        let contents = Contents {
            version: VERSION,
            seen,
        };
        // A plan that has only begun knows of no life.
        if contents.seen.is_empty() || contents == self.contents {
            return;
        }
        self.contents = contents;
        match self.write() {
            Ok(()) => self.is_broken = false,
            Err(error) if !self.is_broken => {
                self.is_broken = true;
                debug!("{}: {error}", self.path.display());
            }
            Err(_) => {}
        }
    }

    fn write(&self) -> io::Result<()> {
        let json = serde_json::to_vec(&self.contents).map_err(io::Error::other)?;
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let temporary = self.path.with_extension("tmp");
        fs::write(&temporary, json)?;
        fs::rename(temporary, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_there_after_a_restart_and_empty_when_damaged() {
        let directory = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(directory.path(), "app.log");
        let seen: BTreeMap<_, _> = [(LifeNumber(3), 70)].into();
        cache.keep(seen.clone());
        assert_eq!(Cache::open(directory.path(), "app.log").seen(), seen);
        fs::write(directory.path().join("app.log.json"), "{").unwrap();
        assert_eq!(Cache::open(directory.path(), "app.log").seen(), [].into());
    }
}
