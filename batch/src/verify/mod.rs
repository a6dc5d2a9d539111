//! Proof that what lies in the lake is what was imported, and what stands in the source.
//!
//! A part is read back as any reader would: its bytes are counted and hashed (SHA-256), its rows
//! decoded, counted, and their checksum added up from the decoded values
//! (`comptoir_model::row_checksum`). All of that must be what the manifest says;
//! with the source, the table is read once more and its rows must give the same checksum.
//!
//! `--validate` does the same ([`verify_written`]) before a run is published.

mod args;
pub(crate) mod avro;
mod command;
mod csv;
mod drift;
pub(crate) mod file_value;
pub(crate) mod lake_bytes;
pub(crate) mod parquet;
mod part;
mod published;
mod report;
#[cfg(test)]
mod round_trip;
mod source;
pub(crate) mod text;

pub use crate::encode::Total;
pub use args::VerifyArgs;
pub use command::{CommandError, run};
pub use drift::{Decision, Drift, DriftError, DriftPolicy};
pub use part::{Content, PartReading, ReadError, compare, read_part};
pub use published::{verify, verify_written};
pub use report::{Difference, Report, RowCheck, SourceCheck};
pub use source::{SourceError, check_source};
