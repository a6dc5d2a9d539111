//! The files of a source on this machine. All block.

use super::gzip::{Gzip, Stamp};
use super::plan::{Look, Role, SeenFile};
use crate::archive::records::{FileId, HEAD_BYTES_MAX};
use crate::sources::{GZIP, is_of};
use jiff::Timestamp;
use rustix::fs::{AtFlags, StatxFlags, statx};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A log, its rotated siblings beside it, and the handles of those that are being shipped.
#[derive(Debug)]
pub(crate) struct LogFiles {
    directory: PathBuf,
    name: String,
    open: BTreeMap<FileId, Handle>,
    /// The names of the last look at all of them.
    names: BTreeMap<String, FileId>,
    /// Where compressed siblings are unpacked to.
    state_dir: PathBuf,
    /// What has the name of a compressed sibling and is none, or not wholly so far.
    broken: BTreeMap<FileId, Stamp>,
}

/// What a look has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The directory: files may have come, gone or changed names.
    Names,
    /// How large the known files are; the directory only if one of them is not what it was.
    Sizes,
}

#[derive(Debug)]
struct Handle {
    file: Arc<File>,
    /// Of the file itself, at the last look.
    size: u64,
    born: Option<Timestamp>,
    packed: Option<Gzip>,
}

impl LogFiles {
    /// `path` ends in a name.
    pub(crate) fn new(path: &Path, state_dir: &Path) -> Self {
        let directory = path.parent().filter(|parent| *parent != Path::new(""));
        let name = path.file_name().unwrap_or_default();
        Self {
            directory: directory.unwrap_or(Path::new(".")).to_owned(),
            name: name.to_string_lossy().into_owned(),
            open: BTreeMap::new(),
            names: BTreeMap::new(),
            state_dir: state_dir.to_owned(),
            broken: BTreeMap::new(),
        }
    }

    /// Looks at all files and opens them. Those that were open before and are not in `keep` are
    /// closed first; without `keep`, none is.
    pub(crate) fn look(
        &mut self,
        keep: Option<&BTreeSet<FileId>>,
        scope: Scope,
        now: SystemTime,
    ) -> io::Result<Look> {
        if let Some(keep) = keep {
            let names = &self.names;
            let is_named = |file: &FileId| names.values().any(|named| named == file);
            // What keeps its name would be opened again.
            let may_close = scope == Scope::Names;
            (self.open).retain(|file, _| keep.contains(file) || !may_close && is_named(file));
        }
        if scope == Scope::Names || !self.is_as_it_was()? {
            self.names.clear();
            for name in self.list()? {
                if let Some(id) = self.open(&name, now)? {
                    self.names.insert(name, id);
                }
            }
        }
        let names: BTreeMap<FileId, &String> =
            self.names.iter().map(|(name, id)| (*id, name)).collect();
        let mut files = Vec::new();
        for (id, handle) in &mut self.open {
            let metadata = handle.file.metadata()?;
            handle.size = metadata.len();
            if let Some(packed) = &mut handle.packed
                && !packed.is_still(&metadata)
            {
                // One that is written anew is looked at again once it is whole.
                match Gzip::open(&handle.file, now) {
                    Ok(again) => *packed = again,
                    Err(_) => continue,
                }
            }
            let name = names.get(id).copied();
            files.push(SeenFile {
                id: *id,
                name: name.cloned().unwrap_or_default(),
                role: match name {
                    Some(name) if *name == self.name => Role::Main,
                    Some(_) => Role::Sibling,
                    None => Role::Nameless,
                },
                number: name
                    .and_then(|name| number(&self.name, name.strip_suffix(GZIP).unwrap_or(name))),
                size: handle
                    .packed
                    .as_ref()
                    .map_or(handle.size, |packed| packed.size),
                head: match &handle.packed {
                    Some(packed) => packed.head.clone(),
                    None => read_up_to(&handle.file, 0, HEAD_BYTES_MAX)?,
                },
                born: handle.born,
                idle: idle(&metadata, now),
            });
        }
        Ok(Look::of(files))
    }

    /// Whether each name still leads to the file that it led to, none of them shorter, and the log
    /// is there.
    fn is_as_it_was(&self) -> io::Result<bool> {
        if !self.names.contains_key(&self.name) {
            return Ok(false);
        }
        for (name, id) in &self.names {
            let is_it = match fs::metadata(self.directory.join(name)) {
                Ok(metadata) => {
                    let size = self.open.get(id).map(|handle| handle.size);
                    file_id(&metadata) == *id && size.is_some_and(|size| metadata.len() >= size)
                }
                Err(error) if error.kind() == ErrorKind::NotFound => false,
                Err(error) => return Err(error),
            };
            if !is_it {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn file(&mut self, id: FileId) -> io::Result<Option<Arc<File>>> {
        let Some(handle) = self.open.get_mut(&id) else {
            return Ok(None);
        };
        Ok(Some(match &mut handle.packed {
            Some(packed) => packed.plain(&handle.file, &self.state_dir)?,
            None => Arc::clone(&handle.file),
        }))
    }

    /// The siblings' names by their number, as `app.log.1`; those with a date are not among them.
    pub(crate) fn numbered(&self) -> io::Result<BTreeMap<u64, PathBuf>> {
        let numbered = self.list()?.into_iter();
        Ok(numbered
            .filter_map(|name| Some((number(&self.name, &name)?, self.directory.join(name))))
            .collect())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name().into_string();
            names.extend(name.ok().filter(|name| is_of(&self.name, name)));
        }
        Ok(names)
    }

    /// Opens a file, unless it is open; `None` where there is no such file any more, or none that
    /// can be unpacked.
    fn open(&mut self, name: &str, now: SystemTime) -> io::Result<Option<FileId>> {
        let path = self.directory.join(name);
        // Opening a pipe would wait for its writer.
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let id = file_id(&metadata);
                if self.open.contains_key(&id) {
                    return Ok(Some(id));
                }
                if self.broken.get(&id) == Some(&Stamp::of(&metadata)) {
                    return Ok(None);
                }
            }
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // The name may have gone to another file meanwhile.
        let metadata = file.metadata()?;
        let id = file_id(&metadata);
        if self.open.contains_key(&id) {
            return Ok(Some(id));
        }
        let packed = if name.ends_with(GZIP) && *name != self.name {
            let Ok(packed) = Gzip::open(&file, now) else {
                self.broken.insert(id, Stamp::of(&metadata));
                return Ok(None);
            };
            Some(packed)
        } else {
            None
        };
        let handle = Handle {
            born: born(&file),
            file: Arc::new(file),
            size: 0,
            packed,
        };
        self.open.insert(id, handle);
        Ok(Some(id))
    }
}

/// When the file was made, where the file system knows.
fn born(file: &File) -> Option<Timestamp> {
    let asked = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BTIME).ok()?;
    let is_known = StatxFlags::from_bits_retain(asked.stx_mask).contains(StatxFlags::BTIME);
    let born = asked.stx_btime;
    let nanoseconds = i32::try_from(born.tv_nsec).ok()?;
    is_known.then(|| Timestamp::new(born.tv_sec, nanoseconds).ok())?
}

/// Of `app.log.1`; those with a date have none.
fn number(log: &str, name: &str) -> Option<u64> {
    name.strip_prefix(log)?.strip_prefix('.')?.parse().ok()
}

/// Up to `length` bytes from `offset`; fewer at the end of the file.
pub(crate) fn read_up_to(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn file_id(metadata: &Metadata) -> FileId {
    FileId {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

fn idle(metadata: &Metadata, now: SystemTime) -> Duration {
    let modified = metadata.modified().unwrap_or(now);
    now.duration_since(modified).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_file_stays_readable_as_long_as_it_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        fs::write(&path, "kept").unwrap();
        let mut source = LogFiles::new(&path, directory.path());
        let now = SystemTime::UNIX_EPOCH;
        let id = *source
            .look(None, Scope::Names, now)
            .unwrap()
            .files
            .keys()
            .next()
            .unwrap();
        fs::remove_file(&path).unwrap();
        let look = source.look(Some(&[id].into()), Scope::Names, now).unwrap();
        assert_eq!(
            (look.files[&id].size, look.files[&id].role),
            (4, Role::Nameless)
        );
        assert_eq!(
            read_up_to(&source.file(id).unwrap().unwrap(), 1, 9).unwrap(),
            b"ept"
        );
        assert!(
            source
                .look(Some(&BTreeSet::new()), Scope::Names, now)
                .unwrap()
                .files
                .is_empty()
        );
    }
}
