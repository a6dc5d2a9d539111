//! The manifest of a published import: what its part files hold, and how to read and check them.
//!
//! It lies in the published directory as `_manifest-<n>` (JSON). The highest `n` counts; it names
//! every part, and readers read nothing else.

use crate::api::PartInfo;
use crate::ids::RunId;
use crate::text_format::{ColumnKind, TextFormat};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The layout of the JSON. A reader refuses a higher one.
pub const MANIFEST_VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    pub run: RunId,
    pub source: SourceInfo,
    /// When the source's snapshot was opened.
    pub imported_at: Timestamp,
    pub format: TextFormat,
    /// In the order of the fields.
    pub columns: Vec<Column>,
    /// In the order of the rows.
    pub parts: Vec<PartInfo>,
    /// Rows that the chosen delimiters can't tell apart from others (see [`crate::text_format`]).
    /// They lie in the parts as Sqoop would write them; our readers refuse such an import.
    pub ambiguous_rows: u64,
    /// The command line that made it, without secrets.
    pub arguments: Vec<String>,
}

/// Where the rows came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Without user name and password.
    pub url: String,
    pub table: String,
    /// The server's product and version, as it says it.
    pub server: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// As the source declares it: `decimal(10,2)`, `varchar(50)`.
    pub sql_type: String,
    pub kind: ColumnKind,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// The file name of the `n`th manifest of a target.
    pub fn file_name(n: u64) -> String {
        format!("_manifest-{n}")
    }

    /// The `n` of a file name, `None` of any other file.
    pub fn number_of(file_name: &str) -> Option<u64> {
        file_name.strip_prefix("_manifest-")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_carry_their_number() {
        assert_eq!(Manifest::number_of(&Manifest::file_name(12)), Some(12));
        for name in ["_manifest", "_manifest-", "_manifest-x", "part-m-00000"] {
            assert_eq!(Manifest::number_of(name), None, "{name}");
        }
    }
}
