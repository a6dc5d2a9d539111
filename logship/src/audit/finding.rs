//! What an audit finds, in words.

use serde::Serialize;
use std::fmt;

/// Something that is not as the chain says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub kind: FindingKind,
    /// The file's name in the source's directory, or the address of an anchor's.
    pub file: String,
    /// What exactly, with the lives and bytes that it concerns.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A file, or a range of bytes, that should be there.
    Missing,
    /// Its contents are not those that were signed.
    Altered,
    /// It holds what belongs to another place.
    Reordered,
    /// Its end is gone.
    Truncated,
    /// It belongs to another source.
    Replayed,
    /// It is there twice.
    Doubled,
    /// Signed with a key that no earlier key vouches for.
    OtherKey,
}

impl Finding {
    pub(super) fn new(
        kind: FindingKind,
        file: impl fmt::Display,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            file: file.to_string(),
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind, self.file, self.detail)
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Missing => "missing",
            Self::Altered => "altered",
            Self::Reordered => "reordered",
            Self::Truncated => "truncated",
            Self::Replayed => "replayed",
            Self::Doubled => "doubled",
            Self::OtherKey => "other key",
        })
    }
}
