//! What can go wrong with an import, and whether running it again can help.

use super::splits::BoundError;
use crate::cli::Exit;
use crate::database::DatabaseError;
use crate::encode::EncodeError;
use crate::merge::MergeError;
use crate::quality::BindError;
use crate::verify::{Difference, DriftError, ReadError};
use comptoir_lake::{LakeError, LakePath, Retry};
use comptoir_model::quality::RuleOutcome;
use comptoir_warehouse::WarehouseError;
use std::num::NonZeroU32;

/// In every case the old import, if there is one, stays what readers see.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    SchemaDrift(Box<DriftError>),
    /// A quality rule does not fit the table.
    #[error(transparent)]
    Rule(#[from] BindError),
    #[error(
        "nothing was published, because of {} quality rule{}:\n  {}\nhint: mend the rows in the source, or let action = \"quarantine\" set them aside", .0.len(), if .0.len() == 1 { "" } else { "s" }, .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
    )]
    Quality(Vec<RuleOutcome>),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    ReadBack(#[from] ReadError),
    /// Whether it may be published could not be found out, or it may not.
    #[error(transparent)]
    NoPermit(#[from] WarehouseError),
    #[error(
        "what was written is not what was read: {}\nhint: nothing was published; run it again, and look at the lake's disks if it stays so", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    Differences(Vec<Difference>),
    #[error(
        "CSV with a line of names is what views write, not imports\nhint: import as text, Avro or Parquet"
    )]
    NoImportAsCsv,
    #[error(
        "`{table}` has no primary key to cut {mappers} parts by\nhint: name a column with --split-by, or import it as one part with -m 1 or --autoreset-to-one-mapper"
    )]
    NoPrimaryKey { table: String, mappers: NonZeroU32 },
    #[error("the primary key of `{table}` has {} columns ({}), and parts are cut by one\nhint: name a column with --split-by, or import it as one part with -m 1", .columns.len(), .columns.join(", "))]
    CompositeKey { table: String, columns: Vec<String> },
    #[error(
        "parts can't be cut by the column `{column}` of `{table}`, which is {sql_type}\nhint: name a number or date with --split-by, or import it as one part with -m 1"
    )]
    SplitType {
        table: String,
        column: String,
        sql_type: String,
    },
    #[error(
        "the column `{column}` of `{table}` is {sql_type}: texts make uneven parts\nhint: name a number or date with --split-by, import it as one part with -m 1, or insist with -Dorg.apache.sqoop.splitter.allow_text_splitter=true"
    )]
    TextSplit {
        table: String,
        column: String,
        sql_type: String,
    },
    #[error("`{table}` has no column `{column}`{}", did_you_mean(.nearest))]
    UnknownColumn {
        table: String,
        column: String,
        nearest: Vec<String>,
    },
    #[error(
        "the bounds of `{column}`: {source}\nhint: give others with --boundary-query, or another column with --split-by"
    )]
    Bounds { column: String, source: BoundError },
    #[error(
        "--map-column-java: the column `{column}`, which is {sql_type}, can't be read as {java}\nhint: read it as String, or leave the mapping out"
    )]
    Mapping {
        column: String,
        sql_type: String,
        java: &'static str,
    },
    #[error("the column `{column}` of `{table}`: {reason}\nhint: {hint}")]
    Value {
        table: String,
        column: String,
        reason: String,
        hint: &'static str,
    },
    #[error(
        "the table `{table}` uses the engine {engine}, which has no snapshots: parts read one after another would not fit together\nhint: import it as one part with -m 1, `ALTER TABLE … ENGINE=InnoDB`, or give that up with --snapshot off"
    )]
    NoSnapshots { table: String, engine: String },
    #[error(
        "the workers can't read one and the same moment: {reason}\nhint: `GRANT RELOAD ON *.* TO user`, read over one connection with -m 1, or give that up with --snapshot off"
    )]
    NoCommonSnapshot { reason: String },
    #[error(
        "the server counts {counted} rows, and {imported} were read\nhint: nothing was published; a query that gives other rows each time can't be validated"
    )]
    Validation { counted: u64, imported: u64 },
    #[error(
        "{url} exists already\nhint: replace it with --delete-target-dir, or choose another --target-dir"
    )]
    TargetExists { url: String },
    #[error(
        "{url} exists and was not published by comptoir: it holds `{found}` and no manifest\nhint: move it away, choose another --target-dir, or replace it with --delete-target-dir"
    )]
    ForeignTarget { url: String, found: String },
    #[error(
        "the column `{column}` of `{table}`, which is {sql_type}, can't tell which rows are new for --incremental {mode}: {reason}\nhint: {hint}"
    )]
    CheckColumn {
        table: String,
        column: String,
        sql_type: String,
        mode: &'static str,
        reason: &'static str,
        hint: &'static str,
    },
    #[error(
        "`{found}` is no value of the column `{column}`\nhint: give --last-value as the last run has printed it, or leave it out"
    )]
    LastValue { column: String, found: String },
    #[error(
        "the last run into {target} was --incremental {found}\nhint: go on with that, or say where to begin with --last-value (it was at {value})"
    )]
    OtherState {
        target: LakePath,
        found: String,
        value: String,
    },
    #[error(
        "{target} holds rows, and nothing says up to which value: all rows would be added a second time\nhint: say where to begin with --last-value"
    )]
    NoState { target: LakePath },
    #[error(
        "{url} exists already, and rows that were changed have their old versions in it\nhint: merge them by their key with --merge-key, or add them as further rows with --append"
    )]
    MergeOrAppend { url: String },
    #[error("{url} is a file\nhint: choose another --target-dir")]
    TargetIsFile { url: String },
    #[error(
        "{path} can't hold an import: it is the root of the lake\nhint: choose a directory with --target-dir"
    )]
    TargetIsRoot { path: LakePath },
    #[error(
        "a worker ended without a result: {reason}\nhint: this is a defect of the importer; run it again, and report it"
    )]
    Worker { reason: String },
}

impl ImportError {
    /// Whether the same import can succeed later without anybody changing anything. Where the
    /// lake does not know whether a call took effect, the next run finds out and completes or
    /// sweeps what this one left.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::Lake(error)
            | Self::Merge(MergeError::Lake(error))
            | Self::ReadBack(ReadError::Lake(error)) => error.retry(),
            Self::NoPermit(error) => error.retry(),
            _ => Retry::CanNot,
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Database(error) if error.is_unreachable() => Exit::SourceUnreachable,
            Self::Lake(error)
            | Self::Merge(MergeError::Lake(error))
            | Self::ReadBack(ReadError::Lake(error))
                if is_away(error) =>
            {
                Exit::LakeUnreachable
            }
            Self::Validation { .. } | Self::Differences(_) | Self::Quality(_) => Exit::Invalid,
            Self::Rule(_) => Exit::Usage,
            Self::NoPermit(WarehouseError::JobTakenOver { .. }) => Exit::Locked,
            _ => Exit::Failed,
        }
    }
}

pub(super) fn is_away(error: &LakeError) -> bool {
    matches!(
        error,
        LakeError::Unavailable { .. }
            | LakeError::ConnectionLost { .. }
            | LakeError::TimedOut { .. }
            | LakeError::SafeMode { .. }
    )
}

fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => format!("\nhint: did you mean `{}`?", names.join("` or `")),
    }
}
