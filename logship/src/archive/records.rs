//! The small JSON files beside the pieces: who owns, which file a life was, what was recovered,
//! what is over and what is missing. Each is written whole or not at all.

use super::names::{ChainNumber, Epoch, LifeNumber, PieceEnd, PieceId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;

/// Of every record. A reader refuses a higher one.
pub const VERSION: u32 = 1;

/// How much of a file's beginning tells it apart from others.
pub const HEAD_BYTES_MAX: usize = 1024;

/// Who holds an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub version: u32,
    pub epoch: Epoch,
    /// Differs between processes, also on one host: whether an owner is oneself.
    pub instance: String,
    pub host: String,
    pub pid: u32,
    /// The file that is shipped, on that host.
    pub source: String,
    pub claimed_at: Timestamp,
}

/// Where a file lies on its disk; the same number is given to another file once it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId {
    pub device: u64,
    pub inode: u64,
}

/// The first bytes of a file, as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub bytes: u64,
    pub sha256: String,
}

impl Head {
    /// Of the first bytes, at most [`HEAD_BYTES_MAX`] of them.
    pub fn of(bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
        Self {
            bytes: head.len() as u64,
            sha256: hex::encode(Sha256::digest(head)),
        }
    }

    /// Whether a file that begins with `bytes` may be the one.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        let length = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        (bytes.get(..length)).is_some_and(|head| hex::encode(Sha256::digest(head)) == self.sha256)
    }
}

/// The sidecar of a life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    pub version: u32,
    pub life: LifeNumber,
    pub epoch: Epoch,
    /// What the file was called when it was found.
    pub name: String,
    pub file: FileId,
    /// When the file was made, where its file system knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<Timestamp>,
    pub head: Head,
    /// The first byte of this life that belongs to the archive; behind 0 where an earlier life has
    /// what lies before.
    pub first: u64,
    pub found_at: Timestamp,
}

/// Whether a file that has the inode number of one of ours can be that one, by when both were made.
/// Of older records only the clock tells: ours was there at `seen_at`.
pub fn may_be_same(ours: Option<Timestamp>, seen_at: Timestamp, file: Option<Timestamp>) -> bool {
    match (ours, file) {
        (Some(ours), Some(born)) => ours == born,
        (None, Some(born)) => born <= seen_at,
        (_, None) => true,
    }
}

/// A piece that counts, though nobody of its epoch closed it or can close it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveredPiece {
    pub life: LifeNumber,
    pub start: u64,
    pub epoch: Epoch,
    pub end: u64,
    pub lines: u64,
}

impl RecoveredPiece {
    pub fn new(id: PieceId, end: PieceEnd) -> Self {
        Self {
            life: id.life,
            start: id.start,
            epoch: id.epoch,
            end: end.end,
            lines: end.lines,
        }
    }

    pub fn id(&self) -> PieceId {
        PieceId {
            life: self.life,
            start: self.start,
            epoch: self.epoch,
        }
    }

    pub fn end(&self) -> PieceEnd {
        PieceEnd {
            end: self.end,
            lines: self.lines,
        }
    }
}

/// What counts of the pieces since the recovery before: those not named here are void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    pub version: u32,
    pub epoch: Epoch,
    pub pieces: Vec<RecoveredPiece>,
    pub recovered_at: Timestamp,
}

/// Why nothing more comes of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// Renamed by rotation, shipped to its end, and quiet since.
    Rotated,
    /// Deleted, and shipped to its end through the handle that was open.
    Deleted,
    /// Cut off or written anew in place, as `copytruncate` does it.
    Truncated,
    /// Gone when a shipper came to look for it.
    Vanished,
}

impl fmt::Display for EndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rotated => "rotated",
            Self::Deleted => "deleted",
            Self::Truncated => "truncated",
            Self::Vanished => "vanished",
        })
    }
}

/// A life that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub version: u32,
    pub life: LifeNumber,
    pub epoch: Epoch,
    /// Where it was last.
    pub file: FileId,
    /// When that file was made, where its file system knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<Timestamp>,
    /// The exclusive end of what the archive has.
    pub end: u64,
    /// The largest size of the file that was seen.
    pub seen: u64,
    pub cause: EndCause,
    pub ended_at: Timestamp,
}

/// Bytes that can't be had any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub version: u32,
    pub life: LifeNumber,
    pub epoch: Epoch,
    pub from: u64,
    /// Exclusive; `None` where nobody knows whether there was more at all.
    pub to: Option<u64>,
    pub cause: EndCause,
    pub found_at: Timestamp,
}

macro_rules! as_number {
    ($($type:ident),+) => { $(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                u64::deserialize(deserializer).map(Self)
            }
        }
    )+ };
}
as_number!(Epoch, LifeNumber, ChainNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_fits_what_begins_alike_and_is_long_enough() {
        let head = Head::of(b"2026 first line\n");
        assert!(head.fits(b"2026 first line\nand more"));
        assert!(!head.fits(b"2026 first"));
        assert!(!head.fits(b"2026 other line\nand more"));
        assert_eq!(Head::of(&[7; 5000]).bytes, HEAD_BYTES_MAX as u64);
    }
}
