//! What lies in the lake: `GET /api/v1/lake`.

use super::AsOf;
use crate::ids::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/lake`: the roots; with `?path=`, the directory or the file of that path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeAnswer {
    /// Of what is asked for, as `hdfs://…` or `file://…`.
    pub location: String,
    /// Empty where a path is asked for.
    pub roots: Vec<LakeRoot>,
    pub directory: Option<LakeDirectory>,
    pub file: Option<LakeFile>,
    pub as_of: AsOf,
}

/// A directory that the settings name. Nothing above it, or beside it, is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeRoot {
    pub kind: RootKind,
    pub path: String,
    /// Files and directories directly in it; `None` where there is no such directory.
    pub entries: Option<u64>,
    /// When one of them changed last.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub modified: Option<Timestamp>,
    /// The command that fills it.
    pub filled_by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RootKind {
    /// Tables of the ERP, as imported.
    Imports,
    /// Archives of logs.
    Logs,
    /// Live events, as they came.
    Bronze,
    /// Live events, cleaned.
    Silver,
    /// Results of views.
    Gold,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeDirectory {
    pub path: String,
    pub root: String,
    /// By name, those behind the cursor.
    pub entries: Vec<LakeEntry>,
    /// Of all pages together.
    pub total_entries: u64,
    /// Of the files directly in it, of all pages together.
    pub total_bytes: u64,
    /// Asks for the next page; `None` on the last one.
    pub next_cursor: Option<String>,
    /// Where an import is published in it.
    pub import: Option<LakeImport>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeEntry {
    pub name: String,
    pub kind: LakeEntryKind,
    /// `None` of a directory.
    pub bytes: Option<u64>,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub modified: Timestamp,
    pub owner: String,
    /// As the manifest says; of a piece of a log, its lines, as its name says.
    pub rows: Option<u64>,
    /// `None` where nothing says how large it should be.
    pub size: Option<SizeCheck>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LakeEntryKind {
    File,
    Directory,
}

/// A file's size held against what its manifest, or its name, says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SizeCheck {
    AsExpected,
    Differs,
}

/// What the manifest of an import says, and what of it is not so. Sizes are compared, not contents:
/// `comptoir-batch verify` reads every byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeImport {
    /// The name of the manifest's file.
    pub manifest: String,
    /// `None` where the manifest can't be read: `differences` says why.
    pub facts: Option<ImportFacts>,
    /// Parts that are missing or have another size, each in a sentence; the first few.
    pub differences: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportFacts {
    pub run: RunId,
    /// Of the source.
    pub table: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub imported_at: Timestamp,
    pub parts: u64,
    pub rows: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeFile {
    pub path: String,
    pub root: String,
    pub bytes: u64,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub modified: Timestamp,
    pub owner: String,
    /// Its beginning, of a segment unpacked; bytes that are no UTF-8 are replaced. `None` where it
    /// was not read.
    pub text: Option<String>,
    /// Whether `text` is all of it.
    pub is_whole: bool,
    /// The first rows of a Parquet file.
    pub table: Option<LakeTable>,
    /// Why there is neither text nor rows.
    pub not_read: Option<NotRead>,
    /// Of a segment of a log's archive.
    pub segment: Option<LakeSegment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotRead {
    /// Somebody may be writing it: on HDFS such a file is left alone.
    MayBeOpen,
    /// Neither text nor Parquet, as a compressed file.
    Binary,
    /// A Parquet file that would have to be read as a whole.
    TooLarge,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeTable {
    pub columns: Vec<String>,
    /// With a cell for each column, `None` where it is NULL; long ones are cut.
    pub rows: Vec<Vec<Option<String>>>,
    pub total_rows: u64,
}

/// What the manifest of a log's segment says. Its size is compared, not its content or signature:
/// `comptoir-logship audit verify` checks those.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LakeSegment {
    /// The path of the manifest's file; `None` where none names the segment, which then means
    /// nothing.
    pub manifest: Option<String>,
    pub facts: Option<SegmentFacts>,
    pub size: Option<SizeCheck>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SegmentFacts {
    /// The log's file.
    pub log: String,
    /// Bytes of its life: `start` included, `end` not.
    pub start: u64,
    pub end: u64,
    pub lines: u64,
    /// The earliest and the latest time of its lines.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub from: Option<Timestamp>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub to: Option<Timestamp>,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub sealed_at: Timestamp,
    pub sha256: String,
}
