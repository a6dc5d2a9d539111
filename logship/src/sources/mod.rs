//! Which logs are shipped, and where to: what `logship.toml` says, and what its patterns match.

mod error;
mod file;
mod files;
mod siblings;
mod template;

pub use error::{Fault, SourcesError};
pub use file::{OPEN_PIECES_MAX, SourcesFile, is_sources_file};
pub(crate) use files::Stamps;
pub use files::{Files, Found};
pub(crate) use siblings::GZIP;
pub use siblings::{is_of, logs_of};
pub use template::Template;

use crate::seal::Times;
use crate::ship::Rotation;
use comptoir_lake::{LakeError, LakePath};
use std::time::Duration;

/// A configured source: one log, or all that match its patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As it was configured; unique.
    pub name: String,
    pub files: Files,
    /// Below it, or in it, lie the archives; see [`Source::log`].
    pub directory: LakePath,
    /// The directories below each archive that its segments go to.
    pub times: Times,
    /// `None` leaves rotation to others.
    pub rotation: Option<Rotation>,
    /// Looks come by the clock, this far from each other: for file systems that tell nobody of
    /// changes. `None` trusts the system's hints.
    pub poll: Option<Duration>,
}

impl Source {
    /// The name and the archive of one of its logs. The only log of a source has the source's name
    /// and directory; each one that a pattern matches has its path below the pattern's fixed part.
    pub fn log(&self, found: &Found) -> Result<(String, LakePath), LakeError> {
        let Some(below) = &found.below else {
            return Ok((self.name.clone(), self.directory.clone()));
        };
        let mut directory = self.directory.clone();
        for part in below.split('/') {
            // HDFS refuses `:`, and readers pass by what begins with `_` or `.`.
            let mut part = part.replace('%', "%25").replace(':', "%3A");
            if part.starts_with(['_', '.']) {
                part.insert(0, '%');
            }
            directory = directory.join(&part)?;
        }
        Ok((format!("{}/{below}", self.name), directory))
    }
}
