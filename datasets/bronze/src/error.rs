//! Why the archive could not do what it was asked.

use comptoir_lake::LakeError;
use comptoir_model::merge::PartitionKey;
use deltalake::DeltaTableError;
use deltalake::datafusion::error::DataFusionError;
use deltalake::parquet::errors::ParquetError;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum BronzeError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error("`{url}` can't be the address of a Delta table\nhint: choose another lake.url")]
    Url { url: String },
    #[error("{what} {table}: {cause}")]
    Delta {
        what: &'static str,
        table: String,
        cause: Box<DeltaTableError>,
    },
    #[error(
        "{what} {table} took longer than {} s, its outcome is unknown\nhint: the lake hangs or is overloaded; what was there is read back", .limit.as_secs_f32()
    )]
    TimedOut {
        what: &'static str,
        table: String,
        limit: Duration,
    },
    #[error("can't read {table}: {cause}")]
    Query {
        table: String,
        cause: Box<DataFusionError>,
    },
    #[error("can't encode rows: {0}")]
    Encoding(#[from] ParquetError),
    #[error("other owners commit to {table} all the time\nhint: run one archive for each topic")]
    Crowded { table: String },
    #[error(
        "{table} has rows of {key} but no position: archiving from 0 would store them twice\nhint: another program has rewritten the table; restore an earlier version of it, or move it away"
    )]
    PositionLost { table: String, key: PartitionKey },
    #[error("{table} says of {key} what no archive wrote: {reason}")]
    Damaged {
        table: String,
        key: PartitionKey,
        reason: String,
    },
    #[error(
        "the property {property} of {table} is not as an archive writes it: {reason}\nhint: another program has changed the table; restore an earlier version of it"
    )]
    Property {
        table: String,
        property: &'static str,
        reason: String,
    },
    #[error(
        "another process has written {table} meanwhile; what it wrote stands\nhint: run the view again"
    )]
    Overtaken { table: String },
    #[error(
        "a row of {table} has no {column}, by which its files lie\nhint: leave such rows out, or give them a day with COALESCE"
    )]
    NoDay { table: String, column: String },
    #[error("there is no table at {table}\nhint: `comptoir-speed archive` makes it and fills it")]
    NoTable { table: String },
}

impl BronzeError {
    /// The lake's own error, where it was the lake that failed.
    pub fn lake(&self) -> Option<&LakeError> {
        let mut error: &(dyn std::error::Error + 'static) = match self {
            Self::Lake(error) => return Some(error),
            Self::Delta { cause, .. } => cause.as_ref(),
            Self::Query { cause, .. } => cause.as_ref(),
            _ => return None,
        };
        loop {
            if let Some(error) = error.downcast_ref() {
                return Some(error);
            }
            error = error.source()?;
        }
    }
}

pub type Result<T> = std::result::Result<T, BronzeError>;
