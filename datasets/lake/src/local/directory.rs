//! The operations on names. All block.

use super::error::map;
use crate::entry::{Entry, EntryKind};
use crate::error::{LakeError, Result};
use crate::lake::{Create, Recursive};
use crate::path::LakePath;
use crate::unique::unique_suffix;
use jiff::Timestamp;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The directory that `/` of the lake stands for.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn resolve(&self, path: &LakePath) -> PathBuf {
        self.root.join(path.as_str().trim_start_matches('/'))
    }

    pub(crate) fn list(&self, directory: &LakePath) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for child in fs::read_dir(self.resolve(directory)).map_err(map(directory))? {
            let child = child.map_err(map(directory))?;
            let path = directory.join(&child.file_name().to_string_lossy())?;
            match child.metadata() {
                Ok(metadata) => entries.push(entry(path, &metadata)?),
                // Deleted or renamed since the directory was read.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(map(&path)(error)),
            }
        }
        Ok(entries)
    }

    pub(crate) fn stat(&self, path: &LakePath) -> Result<Option<Entry>> {
        match fs::symlink_metadata(self.resolve(path)) {
            Ok(metadata) => entry(path.clone(), &metadata).map(Some),
            // A file where a directory of the path should be: nothing can lie below it.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(error) => Err(map(path)(error)),
        }
    }

    /// The highest link below `above` that `path` goes through, or is.
    pub(crate) fn link_on_the_way(
        &self,
        above: &LakePath,
        path: &LakePath,
    ) -> Result<Option<LakePath>> {
        let mut highest = None;
        let mut at = path.clone();
        while at != *above {
            let Some(parent) = at.parent() else { break };
            match fs::symlink_metadata(self.resolve(&at)) {
                Ok(metadata) if metadata.is_symlink() => highest = Some(at),
                Ok(_) => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(map(&at)(error)),
            }
            at = parent;
        }
        Ok(highest)
    }

    pub(crate) fn open(&self, path: &LakePath) -> Result<File> {
        let file = File::open(self.resolve(path)).map_err(map(path))?;
        if file.metadata().map_err(map(path))?.is_dir() {
            return Err(LakeError::WrongKind {
                path: path.clone(),
                expected: EntryKind::File,
            });
        }
        Ok(file)
    }

    /// A new, empty file; the caller syncs it and its directory.
    pub(crate) fn create(&self, path: &LakePath, create: Create) -> Result<File> {
        let target = self.resolve(path);
        if let Some(parent) = path.parent() {
            self.make_directories(&parent)?;
        }
        let new = |at: &Path| OpenOptions::new().write(true).create_new(true).open(at);
        match create {
            Create::Exclusive => new(&target).map_err(map(path)),
            // The old file stays whole for those who have it open, as a replaced one on HDFS
            // would not be mixed with the new one either.
            Create::Overwrite => {
                let temporary = target.with_file_name(format!(".{}.tmp", unique_suffix()));
                let file = new(&temporary).map_err(map(path))?;
                if let Err(error) = fs::rename(&temporary, &target) {
                    drop(fs::remove_file(&temporary));
                    return Err(map(path)(error));
                }
                Ok(file)
            }
        }
    }

    /// With its parents, each durable.
    pub(crate) fn make_directories(&self, path: &LakePath) -> Result<()> {
        make_durable(&self.resolve(path)).map_err(map(path))
    }

    pub(crate) fn rename(&self, from: &LakePath, to: &LakePath) -> Result<()> {
        self.rename_with(from, to, RenameFlags::NOREPLACE)
    }

    /// Swaps two names in one step; `false` where the file system can't.
    pub(crate) fn exchange(&self, one: &LakePath, other: &LakePath) -> Result<bool> {
        match self.rename_with(one, other, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(LakeError::Unsupported { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn rename_with(&self, from: &LakePath, to: &LakePath, flags: RenameFlags) -> Result<()> {
        let (old, new) = (self.resolve(from), self.resolve(to));
        match renameat_with(CWD, &old, CWD, &new, flags) {
            Ok(()) => {
                sync_parent(&old).map_err(map(from))?;
                sync_parent(&new).map_err(map(to))
            }
            Err(Errno::EXIST) => Err(LakeError::AlreadyExists { path: to.clone() }),
            Err(Errno::NOSYS | Errno::OPNOTSUPP) => {
                Err(LakeError::Unsupported { path: from.clone() })
            }
            // Also the answer of a file system without these flags.
            Err(Errno::INVAL) if !new.starts_with(&old) => {
                Err(LakeError::Unsupported { path: from.clone() })
            }
            Err(error) => Err(map(from)(error.into())),
        }
    }

    /// Whether there was anything to delete.
    pub(crate) fn delete(&self, path: &LakePath, recursive: Recursive) -> Result<bool> {
        let at = self.resolve(path);
        let deleted = match (self.stat(path)?.map(|entry| entry.kind), recursive) {
            (None, _) => return Ok(false),
            (Some(EntryKind::File), _) => fs::remove_file(&at),
            (Some(EntryKind::Directory), Recursive::No) => fs::remove_dir(&at),
            (Some(EntryKind::Directory), Recursive::Yes) => fs::remove_dir_all(&at),
        };
        match deleted {
            Ok(()) => sync_parent(&at).map(|()| true).map_err(map(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(map(path)(error)),
        }
    }
}

/// Creates a directory and those above it, each durable.
fn make_durable(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        if parent.is_file() {
            return Err(ErrorKind::NotADirectory.into());
        }
        make_durable(parent)?;
    }
    match fs::create_dir(directory) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists && directory.is_dir() => {}
        Err(error) => return Err(error),
    }
    sync_parent(directory)
}

/// Makes the name of `path` durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn entry(path: LakePath, metadata: &Metadata) -> Result<Entry> {
    let modified = metadata
        .modified()
        .and_then(|time| Timestamp::try_from(time).map_err(io::Error::other))
        .map_err(map(&path))?;
    let (kind, length) = if metadata.is_dir() {
        (EntryKind::Directory, 0)
    } else {
        (EntryKind::File, metadata.len())
    };
    Ok(Entry {
        path,
        kind,
        length,
        modified,
        owner: metadata.uid().to_string(),
    })
}
