//! Where a segment lies below its log's directory. Its manifest says so, and from then on it belongs
//! there; until it is moved, it lies in the log's directory itself.

use super::names::{Name, SegmentId};
use comptoir_lake::LakePath;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A directory below a log's: `2026/11/21/13`. None of its parts begins with `_` or `.`, which Hadoop's
/// tools pass by, and none is a name of an archive's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentDirectory(Box<str>);

impl SegmentDirectory {
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The one above it, if that is not the log's own.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent.into()))
    }
}

impl fmt::Display for SegmentDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not a path that a segment may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a segment")]
pub struct NoSegmentPath;

impl FromStr for SegmentDirectory {
    type Err = NoSegmentPath;

    fn from_str(text: &str) -> Result<Self, NoSegmentPath> {
        let is_fine = |part: &str| {
            LakePath::root().join(part).is_ok()
                && !part.starts_with(['_', '.'])
                && part.parse::<Name>().is_err()
        };
        if text.split('/').all(is_fine) {
            Ok(Self(text.into()))
        } else {
            Err(NoSegmentPath)
        }
    }
}

/// How a manifest calls its segment: `2026/11/21/13/segment-00000002-1f2e3d4c.zst`, or only the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentPath {
    /// `None` of one that stays in the log's directory.
    pub directory: Option<SegmentDirectory>,
    pub id: SegmentId,
}

impl SegmentPath {
    /// In the log's directory.
    #[must_use]
    pub fn beside(id: SegmentId) -> Self {
        Self {
            directory: None,
            id,
        }
    }
}

impl fmt::Display for SegmentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(directory) = &self.directory {
            write!(f, "{directory}/")?;
        }
        Name::Segment(self.id).fmt(f)
    }
}

impl FromStr for SegmentPath {
    type Err = NoSegmentPath;

    fn from_str(text: &str) -> Result<Self, NoSegmentPath> {
        let (directory, name) = match text.rsplit_once('/') {
            Some((directory, name)) => (Some(directory.parse()?), name),
            None => (None, text),
        };
        match name.parse() {
            Ok(Name::Segment(id)) => Ok(Self { directory, id }),
            _ => Err(NoSegmentPath),
        }
    }
}

impl Serialize for SegmentPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SegmentPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_as_itself_and_leads_nowhere_else() {
        for text in [
            "segment-00000002-1f2e3d4c.zst",
            "2026/11/21/13/segment-00000002-1f2e3d4c.zst",
            "year=2026/segment-00000002-1f2e3d4c.zst",
        ] {
            assert_eq!(text.parse::<SegmentPath>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026/",
            "/segment-00000002-1f2e3d4c.zst",
            "../segment-00000002-1f2e3d4c.zst",
            "2026//11/segment-00000002-1f2e3d4c.zst",
            "_tmp/segment-00000002-1f2e3d4c.zst",
            "manifest-00000001/segment-00000002-1f2e3d4c.zst",
            "2026/_segment-00000002-1f2e3d4c.zst",
            "2026/manifest-00000002",
        ] {
            assert_eq!(text.parse::<SegmentPath>(), Err(NoSegmentPath), "{text}");
        }
    }

    #[test]
    fn directories_lie_in_one_another() {
        let day: SegmentDirectory = "2026/11/21".parse().unwrap();
        let month = day.parent().unwrap();
        assert_eq!(month.to_string(), "2026/11");
        assert_eq!(month.parent().unwrap().parent(), None);
    }
}
