//! Why an archive can't be read.

use super::names::{ChainNumber, LifeNumber};
use super::records::VERSION;
use comptoir_lake::{LakeError, Retry};

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(
        "{record} is damaged: {reason}\nhint: records are never changed; look for a copy of it, or at the disk"
    )]
    Record { record: String, reason: String },
    #[error(
        "{record} has version {version}, this program reads up to {VERSION}\nhint: update comptoir"
    )]
    Newer { record: String, version: u32 },
    #[error(
        "{location}: life {life} lacks the bytes from {from} to {to}\nhint: pieces are missing: were files deleted by hand?"
    )]
    Hole {
        location: String,
        life: LifeNumber,
        from: u64,
        to: u64,
    },
    #[error(
        "{location}: bytes {from} to {to} of life {life} expired while they were read\nhint: begin again; what is left follows them"
    )]
    Expired {
        location: String,
        life: LifeNumber,
        from: u64,
        to: u64,
    },
    #[error(
        "{piece} ends at byte {has} of its life, its record says {end}\nhint: the file was cut; look for a copy of it"
    )]
    Short { piece: String, has: u64, end: u64 },
    #[error(
        "{segment} is damaged in its frame at byte {at}: {reason}\nhint: `comptoir-logship audit verify` tells what is whole"
    )]
    Segment {
        segment: String,
        at: u64,
        reason: String,
    },
    #[error(
        "{location} lacks manifest {}\nhint: `comptoir-logship audit verify` tells what is missing", .number.0
    )]
    NoManifest {
        location: String,
        number: ChainNumber,
    },
    #[error("{location} holds no archive of a log\nhint: `comptoir-logship ship` writes one")]
    None { location: String },
}

impl ArchiveError {
    /// A file of a listing has gone since: pieces that were sealed, or a record that a manifest
    /// includes now.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Lake(LakeError::NotFound { .. }))
    }

    /// Whether another listing may show more: a piece that gets its closed name meanwhile may be in
    /// none of a listing's parts.
    pub(crate) fn may_pass(&self) -> bool {
        self.is_gone() || matches!(self, Self::Hole { .. })
    }

    /// As of the lake's errors; a damaged record stays damaged.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Lake(error) => error.retry(),
            _ => Retry::CanNot,
        }
    }
}
