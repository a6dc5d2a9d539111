//! Small files that decide: replaced as a whole, under a lock, readable by this user only.

use super::error::AccessError;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// The directory of users, sessions, and what is on its way to the journal.
#[derive(Clone, Debug)]
pub(crate) struct AccessDir(PathBuf);

impl AccessDir {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn make(&self) -> Result<(), AccessError> {
        (DirBuilder::new().recursive(true).mode(0o700))
            .create(&self.0)
            .map_err(|source| AccessError::file(&self.0, source))
    }

    /// `None` of a file that is not there.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, AccessError> {
        let path = self.file(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AccessError::file(&path, source)),
        }
    }

    /// Readers see the old text or the new one, also after a power cut. Under a lock: there is one
    /// temporary name.
    pub(crate) fn replace(&self, name: &str, text: &str) -> Result<(), AccessError> {
        let path = self.file(name);
        let temporary = self.file(&format!(".{name}.new"));
        let written = || -> io::Result<()> {
            let mut file = self.open(private().truncate(true), &temporary)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            File::open(&self.0)?.sync_all()
        };
        written().map_err(|source| AccessError::file(&path, source))
    }

    /// Waits for whoever has it; it ends with the file that is given back.
    pub(crate) fn lock(&self, name: &str) -> Result<File, AccessError> {
        let path = self.file(name);
        let locked = || -> io::Result<File> {
            let file = self.open(&private(), &path)?;
            file.lock()?;
            Ok(file)
        };
        locked().map_err(|source| AccessError::file(&path, source))
    }

    /// `None` while somebody else has it.
    pub(crate) fn try_lock(&self, name: &str) -> Result<Option<File>, AccessError> {
        let path = self.file(name);
        let file =
            (self.open(&private(), &path)).map_err(|source| AccessError::file(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(source)) => Err(AccessError::file(&path, source)),
        }
    }

    /// Adds to a file's end; it is on the disk when this returns.
    pub(crate) fn append(&self, name: &str, text: &str) -> Result<(), AccessError> {
        let path = self.file(name);
        let appended = || -> io::Result<()> {
            let mut file = self.open(private().append(true), &path)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        };
        appended().map_err(|source| AccessError::file(&path, source))
    }

    /// What root makes belongs to whom the directory belongs to, which is the server's user.
    fn open(&self, options: &OpenOptions, path: &Path) -> io::Result<File> {
        let file = options.open(path)?;
        if rustix::process::geteuid().is_root() {
            let owner = fs::metadata(&self.0)?;
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(file)
    }
}

/// What is made is for this user only. Nothing is truncated.
fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true).create(true).mode(0o600);
    options
}

/// Tells a file from the one that has taken its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version(Option<(u64, i64, i64, u64)>);

impl Version {
    pub(crate) fn of(path: &Path) -> Self {
        let of = |data: fs::Metadata| (data.ino(), data.mtime(), data.mtime_nsec(), data.len());
        Self(fs::metadata(path).ok().map(of))
    }
}
