//! What can go wrong in the lake, and whether trying again can help.

use crate::entry::EntryKind;
use crate::path::LakePath;
pub use comptoir_model::retry::Retry;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    #[error(
        "`{url}` is not a lake: {reason}\nhint: a lake is `hdfs://host:port`, `hdfs://nameservice` or `file:///directory`"
    )]
    InvalidUrl { url: String, reason: String },

    #[error("`{path}` is not a path in the lake: {reason}")]
    InvalidPath { path: String, reason: &'static str },

    #[error("{path} does not exist")]
    NotFound { path: LakePath },

    #[error("{path} exists already")]
    AlreadyExists { path: LakePath },

    #[error("{path} is not a {expected}")]
    WrongKind { path: LakePath, expected: EntryKind },

    #[error("the directory {path} is not empty")]
    NotEmpty { path: LakePath },

    #[error(
        "permission denied on {path}: {reason}\nhint: check its owner and mode, and as whom this process runs (HADOOP_USER_NAME, or the ticket of `klist`)"
    )]
    PermissionDenied { path: LakePath, reason: String },

    #[error(
        "there is no room for {path}: {reason}\nhint: free or add space; of HDFS, `hdfs dfs -count -q -h` shows quotas and `hdfs dfsadmin -setSpaceQuota` raises them"
    )]
    NoSpace { path: LakePath, reason: String },

    #[error(
        "the NameNode is in safe mode and refuses to change {path}\nhint: it leaves by itself once the DataNodes have reported; `hdfs dfsadmin -safemode get` tells"
    )]
    SafeMode { path: LakePath },

    #[error(
        "the lake is not available for {path}: {reason}\nhint: is the NameNode, are the DataNodes up? `comptoir doctor` checks"
    )]
    Unavailable { path: LakePath, reason: String },

    /// The connection broke after the request was sent: it may have been carried out.
    #[error("the connection broke during work on {path}: {reason}")]
    ConnectionLost { path: LakePath, reason: String },

    /// The request may have been carried out, or may still be.
    #[error("{what} took longer than {} s, its outcome is unknown\nhint: the lake hangs or is overloaded; `COMPTOIR_LAKE_TIMEOUT_S` sets the limit", .limit.as_secs_f32())]
    TimedOut { what: String, limit: Duration },

    /// A writer that failed, ran out of time or was closed takes nothing more.
    #[error("the writer of {path} is closed: {reason}")]
    WriterClosed { path: LakePath, reason: String },

    /// Another process took over what this one was about to change.
    #[error(
        "another run has taken over {path}, this one changed nothing\nhint: two imports into one target overlap; start the next after the last has ended"
    )]
    Fenced { path: LakePath },

    #[error(
        "{path} was not published by comptoir: it has no manifest\nhint: import it with `comptoir-batch import`"
    )]
    Unpublished { path: LakePath },

    #[error("{path} is damaged: {reason}\nhint: import the table again")]
    Corrupt { path: LakePath, reason: String },

    #[error(
        "{path} has version {version}, this program reads up to {known}\nhint: update comptoir"
    )]
    NewerManifest {
        path: LakePath,
        version: u32,
        known: u32,
    },

    #[error(
        "{rows} rows of {path} can't be told apart from others in the delimiters they were written with\nhint: import again with `--escaped-by '\\\\'`, or with the defaults of the shipped job"
    )]
    AmbiguousRows { path: LakePath, rows: u64 },

    #[error(
        "the parts of {path} are `*{extension}` files, and only uncompressed text is read here\nhint: import it again as text, or read it with a reader of that format"
    )]
    NotText {
        path: LakePath,
        extension: &'static str,
    },

    #[error(
        "{path} holds parts that its manifest does not describe, among them `{part}`: another program wrote them, or an import with other columns or delimiters\nhint: import the whole table again with --delete-target-dir"
    )]
    OtherParts { path: LakePath, part: String },

    #[error(
        "the file system of {path} has no rename that never overwrites\nhint: put the lake on a local disk (ext4, xfs, btrfs, tmpfs) or on HDFS"
    )]
    Unsupported { path: LakePath },

    /// Everything else, in the words of the backend.
    #[error("{path}: {reason}")]
    Failed { path: LakePath, reason: String },
}

impl LakeError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::SafeMode { .. } | Self::Unavailable { .. } => Retry::CanHelp,
            Self::TimedOut { .. } | Self::ConnectionLost { .. } => Retry::Unknown,
            Self::InvalidUrl { .. }
            | Self::InvalidPath { .. }
            | Self::NotFound { .. }
            | Self::AlreadyExists { .. }
            | Self::WrongKind { .. }
            | Self::NotEmpty { .. }
            | Self::PermissionDenied { .. }
            | Self::NoSpace { .. }
            | Self::WriterClosed { .. }
            | Self::Fenced { .. }
            | Self::Unpublished { .. }
            | Self::Corrupt { .. }
            | Self::NewerManifest { .. }
            | Self::AmbiguousRows { .. }
            | Self::NotText { .. }
            | Self::OtherParts { .. }
            | Self::Unsupported { .. }
            | Self::Failed { .. } => Retry::CanNot,
        }
    }
}

pub type Result<T> = std::result::Result<T, LakeError>;
