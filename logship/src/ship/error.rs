//! What can go wrong, and what ends a shipper.

use crate::archive::ArchiveError;
use crate::seal::SealError;
use crate::sources::Fault;
use comptoir_config::SecretError;
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    #[error(
        "`{path}` names no file that can be shipped\nhint: set logship.source to a log, as /var/log/app.log"
    )]
    NoFile { path: String },
    #[error("logship.target_dir: {fault}")]
    TargetDir { fault: Box<Fault> },
    #[error("no log is configured\nhint: set logship.source, or log.file to a path")]
    NoSource,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("{doing} {path}: {cause}\nhint: can this user read the log and its directory?")]
    Source {
        doing: &'static str,
        path: String,
        cause: io::Error,
    },
    #[error(
        "another shipper has taken over {location}: {by}\nhint: one shipper a log; stop the other one, then start this one again"
    )]
    Superseded { location: String, by: String },
    #[error("{location} is shipped, but can't be sealed now: {cause}")]
    Unsealed {
        location: String,
        cause: Box<SealError>,
    },
    #[error("the newest lines can't be served: {0}")]
    Serve(io::Error),
}

impl ShipError {
    /// Whether beginning again can't help: what is left to do is a person's, or another shipper's.
    ///
    /// All that a lake or a file can say is waited for, a refused permission or a full disk too:
    /// somebody mends it while the source keeps the bytes.
    pub fn is_final(&self) -> bool {
        match self {
            Self::NoSource
            | Self::Secret(_)
            | Self::NoFile { .. }
            | Self::TargetDir { .. }
            | Self::Unsealed { .. }
            | Self::Superseded { .. }
            | Self::Serve(_) => true,
            Self::Archive(error) => !matches!(error, ArchiveError::Lake(_)),
            Self::Source { .. } => false,
        }
    }

    pub fn is_superseded(&self) -> bool {
        matches!(self, Self::Superseded { .. })
    }
}
