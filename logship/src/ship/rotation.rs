//! Rotating the platform's own log, so that it does not grow for ever. Its writers notice within a
//! second and open the new file; what they write to the old one until then is shipped too.

use super::files::LogFiles;
use crate::archive::records::FileId;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// When the log is renamed, and how many rotated siblings stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// A log of this size is renamed, once all of it is in the archive. Default 64 MiB.
    pub bytes: u64,
    /// Rotated siblings that stay: `app.log.1` to `app.log.<keep>`. Default 4.
    pub keep: u64,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            keep: 4,
        }
    }
}

impl Rotation {
    /// Renames the log and its numbered siblings by one. The oldest goes if it is among `settled`,
    /// the files that are wholly in the archive; else nothing is done, and `false` told.
    pub(super) fn rotate(&self, source: &LogFiles, settled: &BTreeSet<FileId>) -> io::Result<bool> {
        let siblings = source.numbered()?;
        let beyond = siblings.range(self.keep.max(1)..);
        for (_, path) in beyond.clone() {
            let metadata = std::fs::metadata(path)?;
            let id = FileId {
                device: metadata.dev(),
                inode: metadata.ino(),
            };
            if !settled.contains(&id) {
                return Ok(false);
            }
        }
        for (_, path) in beyond {
            std::fs::remove_file(path)?;
        }
        for (number, path) in siblings.range(..self.keep.max(1)).rev() {
            std::fs::rename(path, sibling(source, number + 1))?;
        }
        std::fs::rename(source.path(), sibling(source, 1))?;
        Ok(true)
    }
}

fn sibling(source: &LogFiles, number: u64) -> PathBuf {
    let mut path = source.path().into_os_string();
    path.push(format!(".{number}"));
    path.into()
}
