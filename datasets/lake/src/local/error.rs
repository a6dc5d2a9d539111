//! The operating system's errors as the lake's.

use crate::entry::EntryKind;
use crate::error::LakeError;
use crate::path::LakePath;
use std::io::{Error, ErrorKind};

pub(super) fn map(path: &LakePath) -> impl Fn(Error) -> LakeError + '_ {
    move |error| {
        let path = path.clone();
        match error.kind() {
            ErrorKind::NotFound => LakeError::NotFound { path },
            ErrorKind::AlreadyExists => LakeError::AlreadyExists { path },
            ErrorKind::DirectoryNotEmpty => LakeError::NotEmpty { path },
            ErrorKind::IsADirectory => LakeError::WrongKind {
                path,
                expected: EntryKind::File,
            },
            ErrorKind::NotADirectory => LakeError::WrongKind {
                path,
                expected: EntryKind::Directory,
            },
            ErrorKind::PermissionDenied => LakeError::PermissionDenied {
                path,
                reason: error.to_string(),
            },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LakeError::NoSpace {
                path,
                reason: error.to_string(),
            },
            _ => LakeError::Failed {
                path,
                reason: error.to_string(),
            },
        }
    }
}
