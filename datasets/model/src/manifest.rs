//! The manifest of a published import: what its part files hold, and how to read and check them.
//!
//! It lies in the published directory as `_manifest-<n>` (JSON). The highest `n` counts; it names
//! every part, and readers read nothing else.

use crate::api::PartInfo;
use crate::file_format::FileFormat;
use crate::ids::RunId;
use crate::incremental::IncrementalState;
use crate::quality::RuleOutcome;
use crate::row_checksum::{CanonicalForm, RowChecksum};
use crate::text_format::{ColumnKind, TextFormat};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The layout of the JSON. A reader refuses a higher one, and reads every lower one.
///
/// 2: the parts may be something else than uncompressed text, and have row checksums.
pub const MANIFEST_VERSION: u32 = 2;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    pub run: RunId,
    pub source: SourceInfo,
    /// When the source's snapshot was opened.
    pub imported_at: Timestamp,
    /// Where that snapshot stands; `None` of imports before version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotInfo>,
    #[serde(default)]
    pub files: FileFormat,
    /// The delimiters, where the parts are text.
    pub format: TextFormat,
    /// In the order of the fields.
    pub columns: Vec<Column>,
    /// In the order of the rows.
    pub parts: Vec<PartInfo>,
    /// Rows that the chosen delimiters can't tell apart from others (see [`crate::text_format`]).
    /// They lie in the parts as Sqoop would write them; our readers refuse such an import.
    pub ambiguous_rows: u64,
    /// Values that the format of the files can't hold, and that lie there as NULL because
    /// `--on-lossy null` asked for it.
    #[serde(default)]
    pub lossy_nulls: u64,
    /// Files of rows that quality rules set aside: uncompressed text in
    /// [`TextFormat::lossless`], whatever the format of the parts. The first field names the rules
    /// that a row breaks, those after it are the columns. They lie beside the parts and belong to no
    /// reader of the import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<PartInfo>,
    /// In the order of the rules.
    #[serde(default)]
    pub quality: Vec<RuleOutcome>,
    /// The command line that made it, without secrets.
    pub arguments: Vec<String>,
    #[serde(default, skip_serializing_if = "Appended::is_nothing")]
    pub appended: Appended,
    /// Of the job that the target belongs to; `None` where it is not imported incrementally.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental: Option<IncrementalState>,
}

/// What is so only in a target that parts were added to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// By the names of parts, the names that they may still lie under: a part gets its own name
    /// after the manifest that names it is there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden: BTreeMap<String, String>,
    /// Parts that this manifest does not describe: another program left them, or they hold other
    /// columns, or the same ones in another format.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherPart>,
    /// What the runs before the last one read for the parts that this manifest describes. The runs
    /// of one incremental import are one: together they read each row once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierSource>,
}

/// What one run read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierSource {
    pub table: String,
    #[serde(default, skip_serializing_if = "SourceRows::is_all")]
    pub rows: SourceRows,
}

/// A part of which only its bytes are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherPart {
    pub name: String,
    pub bytes: u64,
    /// Lower-case hexadecimal; of another program's part, as it was when it was first seen.
    pub sha256: String,
    /// `None` of another program's part: only who wrote it knows how to count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

impl Appended {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl From<PartInfo> for OtherPart {
    fn from(part: PartInfo) -> Self {
        Self {
            name: part.name,
            bytes: part.bytes,
            sha256: part.sha256,
            rows: Some(part.rows),
        }
    }
}

/// Where the rows came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Without user name and password.
    pub url: String,
    pub table: String,
    #[serde(default, skip_serializing_if = "SourceRows::is_all")]
    pub rows: SourceRows,
    /// The server's product and version, as it says it.
    pub server: String,
}

/// Which rows of the source were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceRows {
    /// Those of the table.
    #[default]
    All,
    /// Those of the table for which this condition in SQL holds.
    Where(String),
    /// Those of this SELECT; `$CONDITIONS` stands where the range of a part goes.
    Query(String),
}

impl SourceRows {
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// Which moment of the source an import shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotInfo {
    pub method: SnapshotMethod,
    /// `file:position` in the server's binary log: everything before is in the import, nothing
    /// after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The same as the server names its transactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtid: Option<String>,
}

/// How the connections that read agreed on a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotMethod {
    /// There was one.
    Single,
    /// Commits were held back while they began.
    Frozen,
    /// They began until the server said that they stand at one position.
    Compared,
    /// They did not (`--snapshot off`): each shows a moment of its own.
    Separate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// As the source declares it: `decimal(10,2)`, `varchar(50)`.
    pub sql_type: String,
    pub kind: ColumnKind,
    /// What the row checksum takes of its values; `None` where the import computed none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<CanonicalForm>,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Rows of the source that are not in the parts, because a quality rule set them aside.
    pub fn quarantined_rows(&self) -> u64 {
        self.quarantine.iter().map(|file| file.rows).sum()
    }

    /// What was read for the parts, run by run.
    pub fn sources(&self) -> Vec<EarlierSource> {
        let mut sources = self.appended.earlier.clone();
        sources.push(EarlierSource {
            table: self.source.table.clone(),
            rows: self.source.rows.clone(),
        });
        sources
    }

    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// Of all rows; `None` where a part has none, or a column does not say what it takes of it.
    pub fn checksum(&self) -> Option<RowChecksum> {
        self.canonical_forms()?;
        self.parts.iter().map(|part| part.checksum).sum()
    }

    /// What the row checksum takes of each column.
    pub fn canonical_forms(&self) -> Option<Vec<CanonicalForm>> {
        self.columns.iter().map(|column| column.canonical).collect()
    }

    /// Whether the parts of `other` can be read as those of this one.
    pub fn describes_parts_of(&self, other: &Self) -> bool {
        let shape = |manifest: &Self| -> Vec<_> {
            (manifest.columns.iter())
                .map(|column| (column.name.clone(), column.kind, column.canonical))
                .collect()
        };
        self.files == other.files && self.format == other.format && shape(self) == shape(other)
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
    fn a_manifest_of_version_1_is_still_read() {
        let json = r#"{"version":1,"run":"r1","source":{"url":"sqlite:erp.db","table":"t","server":"SQLite 3"},
            "imported_at":"2024-05-06T07:08:09Z",
            "format":{"field":44,"record":10,"enclose":"never","escape":null,"null_string":"null","null_non_string":"null"},
            "columns":[{"name":"id","sql_type":"int","kind":"other"}],
            "parts":[{"name":"part-m-00000","rows":2,"bytes":4,"sha256":"00"}],
            "ambiguous_rows":0,"arguments":["import"]}"#;
        let manifest: Manifest = serde_json::from_str(json).unwrap();
        assert_eq!(manifest.files, FileFormat::default());
        assert_eq!(manifest.checksum(), None);
        assert_eq!((manifest.lossy_nulls, manifest.quarantined_rows()), (0, 0));
    }

    #[test]
    fn file_names_carry_their_number() {
        assert_eq!(Manifest::number_of(&Manifest::file_name(12)), Some(12));
        for name in ["_manifest", "_manifest-", "_manifest-x", "part-m-00000"] {
            assert_eq!(Manifest::number_of(name), None, "{name}");
        }
    }
}
