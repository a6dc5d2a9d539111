//! The files of a source on this machine. All block.

use super::plan::{Look, Role, SeenFile};
use crate::archive::records::{FileId, HEAD_BYTES_MAX};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A log, its rotated siblings beside it, and the handles of those that are being shipped.
#[derive(Debug)]
pub(crate) struct Source {
    directory: PathBuf,
    name: String,
    open: BTreeMap<FileId, Arc<File>>,
}

impl Source {
    /// `name` is the last part of `path`.
    pub(crate) fn new(path: &Path, name: &str) -> Self {
        let directory = path.parent().filter(|parent| *parent != Path::new(""));
        Self {
            directory: directory.unwrap_or(Path::new(".")).to_owned(),
            name: name.to_owned(),
            open: BTreeMap::new(),
        }
    }

    /// Looks at all files and opens them. Those that were open before and are not in `keep` are
    /// closed first; without `keep`, none is.
    pub(crate) fn look(
        &mut self,
        keep: Option<&BTreeSet<FileId>>,
        now: SystemTime,
    ) -> io::Result<Look> {
        if let Some(keep) = keep {
            self.open.retain(|file, _| keep.contains(file));
        }
        let mut named = BTreeMap::new();
        for name in self.names()? {
            let role = if name == self.name {
                Role::Main
            } else {
                Role::Sibling
            };
            if let Some(id) = self.open(&self.directory.join(&name))? {
                named.insert(id, (name, role));
            }
        }
        let mut files = Vec::new();
        for (id, file) in &self.open {
            let metadata = file.metadata()?;
            let (name, role) = named.remove(id).unwrap_or((String::new(), Role::Nameless));
            files.push(SeenFile {
                id: *id,
                name,
                role,
                size: metadata.len(),
                head: read_up_to(file, 0, HEAD_BYTES_MAX)?,
                idle: idle(&metadata, now),
            });
        }
        Ok(Look::of(files))
    }

    pub(crate) fn file(&self, id: FileId) -> Option<Arc<File>> {
        self.open.get(&id).cloned()
    }

    /// The siblings' names by their number, as `app.log.1`; those with a date are not among them.
    pub(crate) fn numbered(&self) -> io::Result<BTreeMap<u64, PathBuf>> {
        let number = |name: &String| {
            let rest = name.strip_prefix(&self.name)?.strip_prefix('.')?;
            rest.parse().ok()
        };
        let numbered = self.names()?.into_iter();
        Ok(numbered
            .filter_map(|name| Some((number(&name)?, self.directory.join(name))))
            .collect())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
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

    /// Opens a file, unless it is open; `None` where there is no such file any more.
    fn open(&mut self, path: &Path) -> io::Result<Option<FileId>> {
        // Opening a pipe would wait for its writer.
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let id = file_id(&metadata);
                if self.open.contains_key(&id) {
                    return Ok(Some(id));
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
        let id = file_id(&file.metadata()?);
        self.open.entry(id).or_insert_with(|| Arc::new(file));
        Ok(Some(id))
    }
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

/// Whether `name` is the log's own, or that of a rotated sibling: `app.log.1`, `app.log-20261121`.
/// Compressed ones, copies of editors and the like are not.
fn is_of(log: &str, name: &str) -> bool {
    let Some(rest) = name.strip_prefix(log) else {
        return false;
    };
    let mut rest = rest.chars();
    match rest.next() {
        None => true,
        Some('.' | '-') => {
            let digits = rest.as_str();
            digits.starts_with(|first: char| first.is_ascii_digit())
                && digits
                    .chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'))
        }
        Some(_) => false,
    }
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
    fn rotated_siblings_are_files_of_the_log_and_others_are_not() {
        for name in [
            "app.log",
            "app.log.1",
            "app.log-20261121",
            "app.log.2026-11-21",
        ] {
            assert!(is_of("app.log", name), "{name}");
        }
        for name in [
            "app.log.1.gz",
            "app.log.swp",
            "app.log2",
            "app.lo",
            "app.log.",
            "x.app.log",
        ] {
            assert!(!is_of("app.log", name), "{name}");
        }
    }

    #[test]
    fn a_deleted_file_stays_readable_as_long_as_it_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        fs::write(&path, "kept").unwrap();
        let mut source = Source::new(&path, "app.log");
        let now = SystemTime::UNIX_EPOCH;
        let id = *source.look(None, now).unwrap().files.keys().next().unwrap();
        fs::remove_file(&path).unwrap();
        let look = source.look(Some(&[id].into()), now).unwrap();
        assert_eq!(
            (look.files[&id].size, look.files[&id].role),
            (4, Role::Nameless)
        );
        assert_eq!(read_up_to(&source.file(id).unwrap(), 1, 9).unwrap(), b"ept");
        assert!(
            source
                .look(Some(&BTreeSet::new()), now)
                .unwrap()
                .files
                .is_empty()
        );
    }
}
