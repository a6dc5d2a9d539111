//! What the lake says about one file or directory.

use crate::path::LakePath;
use jiff::Timestamp;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: LakePath,
    pub kind: EntryKind,
    /// In bytes; 0 of a directory. Of a file that is being written on HDFS: what was hsynced.
    pub length: u64,
    /// By the clock of the `NameNode` or of the local machine.
    pub modified: Timestamp,
    pub owner: String,
}

impl Entry {
    /// The last segment of its path; empty of the root.
    pub fn name(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Directory,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Directory => "directory",
        })
    }
}
