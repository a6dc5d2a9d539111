//! What can go wrong with an import, and whether running it again can help.

use crate::cli::Exit;
use crate::database::DatabaseError;
use comptoir_lake::{LakeError, LakePath, Retry};
use std::num::NonZeroU32;

/// In every case the old import, if there is one, stays what readers see.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(
        "the table `{table}` has no primary key to cut {mappers} parts by\nhint: name an integer column with --split-by, or import it as one part with -m 1"
    )]
    NoPrimaryKey { table: String, mappers: NonZeroU32 },
    #[error("the primary key of `{table}` has {} columns ({}), and parts are cut by one\nhint: name an integer column with --split-by, or import it as one part with -m 1", .columns.len(), .columns.join(", "))]
    CompositeKey { table: String, columns: Vec<String> },
    #[error(
        "parts can't be cut by the column `{column}` of `{table}`: it is {sql_type}, not an integer\nhint: name an integer column with --split-by, or import it as one part with -m 1"
    )]
    SplitType {
        table: String,
        column: String,
        sql_type: String,
    },
    #[error("the table `{table}` has no column `{column}` to split by\nhint: did you mean `{}`?", .nearest.join("` or `"))]
    SplitColumn {
        table: String,
        column: String,
        nearest: Vec<String>,
    },
    #[error(
        "the table `{table}` uses the engine {engine}, which has no snapshots: parts read one after another would not fit together\nhint: import it as one part with -m 1, or `ALTER TABLE … ENGINE=InnoDB`"
    )]
    NoSnapshots { table: String, engine: String },
    #[error(
        "{url} exists and was not published by comptoir: it holds `{found}` and no manifest\nhint: move it away, or choose another --target-dir; only what comptoir published is replaced"
    )]
    ForeignTarget { url: String, found: String },
    #[error("{url} is a file\nhint: choose another --target-dir")]
    TargetIsFile { url: String },
    #[error(
        "{path} can't hold an import: it is the root of the lake\nhint: choose a directory with --target-dir"
    )]
    TargetIsRoot { path: LakePath },
}

impl ImportError {
    /// Whether the same import can succeed later without anybody changing anything. Where the
    /// lake does not know whether a call took effect, the next run finds out and completes or
    /// sweeps what this one left.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::Lake(error) => error.retry(),
            _ => Retry::CanNot,
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Database(error) if error.is_unreachable() => Exit::SourceUnreachable,
            Self::Lake(
                LakeError::Unavailable { .. }
                | LakeError::ConnectionLost { .. }
                | LakeError::TimedOut { .. }
                | LakeError::SafeMode { .. },
            ) => Exit::LakeUnreachable,
            _ => Exit::Failed,
        }
    }
}
