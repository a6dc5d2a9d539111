//! The names beside a target: `.comptoir/<target>/…`.

use crate::decisive::is_temporary;
use crate::error::{LakeError, Result};
use crate::path::LakePath;
use comptoir_model::ids::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The directory beside targets that holds everything of ours.
const DIRECTORY: &str = ".comptoir";

/// The version of intents and stamps; a higher one is refused.
const VERSION: u32 = 1;

/// Where everything of one target lies.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) target: LakePath,
    /// `.comptoir/<target>`
    pub(crate) state: LakePath,
}

impl Layout {
    pub(crate) fn new(target: &LakePath) -> Result<Self> {
        match (target.parent(), target.file_name()) {
            (Some(parent), Some(name)) => Ok(Self {
                target: target.clone(),
                state: parent.join(DIRECTORY)?.join(name)?,
            }),
            _ => Err(LakeError::InvalidPath {
                path: target.to_string(),
                reason: "the root can't be replaced",
            }),
        }
    }

    pub(crate) fn path(&self, name: &Name) -> LakePath {
        self.state.child(&name.to_string())
    }
}

/// A name in `.comptoir/<target>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Run(RunId),
    Swept(RunId),
    Intent(u64),
    Old(u64),
    /// When `old-<n>` was replaced.
    Stamp(u64),
    /// Held by a publisher of this machine (local directories only).
    Lock,
    /// A decisive file before its rename.
    Temporary(String),
}

impl Name {
    /// `None` of names that are not ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if is_temporary(text) {
            return Some(Self::Temporary(text.to_owned()));
        }
        if text == "lock" {
            return Some(Self::Lock);
        }
        let (kind, rest) = text.split_once('-')?;
        let name = match kind {
            "run" => Self::Run(RunId::parse(rest).ok()?),
            "swept" => Self::Swept(RunId::parse(rest).ok()?),
            "intent" => Self::Intent(rest.parse().ok()?),
            "old" => Self::Old(rest.parse().ok()?),
            "replaced" => Self::Stamp(rest.parse().ok()?),
            _ => return None,
        };
        // `old-007` is not what we would write.
        (name.to_string() == text).then_some(name)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(run) => write!(f, "run-{run}"),
            Self::Swept(run) => write!(f, "swept-{run}"),
            Self::Intent(n) => write!(f, "intent-{n}"),
            Self::Old(n) => write!(f, "old-{n}"),
            Self::Stamp(n) => write!(f, "replaced-{n}"),
            Self::Lock => f.write_str("lock"),
            Self::Temporary(name) => f.write_str(name),
        }
    }
}

/// The content of `intent-<n>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    version: u32,
    pub(crate) run: RunId,
    /// When the publisher decided.
    pub(crate) at: Timestamp,
}

impl Intent {
    pub(crate) fn new(run: RunId, at: Timestamp) -> Self {
        Self {
            version: VERSION,
            run,
            at,
        }
    }

    pub(crate) fn parse(path: &LakePath, bytes: &[u8]) -> Result<Self> {
        parse(path, bytes, |intent: &Self| intent.version)
    }
}

/// The content of `old-<n>` where there was nothing to replace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    version: u32,
    pub(crate) run: RunId,
}

impl Marker {
    /// More than any marker has.
    pub(crate) const LENGTH_MAX: u64 = 4096;

    pub(crate) fn new(run: RunId) -> Self {
        Self {
            version: VERSION,
            run,
        }
    }

    /// `None` of a file that was the target once, and was replaced.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The content of `replaced-<n>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    version: u32,
    pub(crate) at: Timestamp,
}

impl Stamp {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self {
            version: VERSION,
            at,
        }
    }

    pub(crate) fn parse(path: &LakePath, bytes: &[u8]) -> Result<Self> {
        parse(path, bytes, |stamp: &Self| stamp.version)
    }
}

fn parse<T: for<'de> Deserialize<'de>>(
    path: &LakePath,
    bytes: &[u8],
    version: impl Fn(&T) -> u32,
) -> Result<T> {
    let parsed: T = serde_json::from_slice(bytes).map_err(|error| LakeError::Corrupt {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    let version = version(&parsed);
    if version > VERSION {
        return Err(LakeError::NewerManifest {
            path: path.clone(),
            version,
            known: VERSION,
        });
    }
    Ok(parsed)
}

/// JSON with a final newline, for people who look.
pub(crate) fn json(path: &LakePath, value: &impl Serialize) -> Result<bytes::Bytes> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| LakeError::Failed {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_state_lies_beside_the_target() {
        let layout = Layout::new(&LakePath::parse("/user/sqoop/sales").unwrap()).unwrap();
        let old = layout.path(&Name::Old(7));
        assert_eq!(old.as_str(), "/user/sqoop/.comptoir/sales/old-7");
        assert!(Layout::new(&LakePath::root()).is_err());
    }

    #[test]
    fn a_name_that_we_would_not_write_is_not_ours() {
        for text in ["old-007", "old-", "old-x", "run-a b", "notes.txt", "intent"] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn names_parse_to_themselves(n: u64, run in "[0-9A-Za-z-]{1,64}") {
            let run = RunId::parse(&run).unwrap();
            for name in [
                Name::Run(run.clone()),
                Name::Swept(run),
                Name::Intent(n),
                Name::Old(n),
                Name::Stamp(n),
                Name::Lock,
            ] {
                prop_assert_eq!(Name::parse(&name.to_string()), Some(name));
            }
        }
    }
}
