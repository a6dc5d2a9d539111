//! Whose log an archive holds.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A source: the host that it lies on, and the name that it is archived under. The name is that of
/// its directory in the lake and stays; a log may move to another host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId {
    pub host: String,
    pub name: String,
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.name)
    }
}
