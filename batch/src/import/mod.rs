//! A table or query of the ERP into part files of the lake: the successor of `sqoop import`.
//!
//! Pure: `splits` cuts the table, [`delimiters`] reads Sqoop's spellings, `columns` and `values`
//! print, `request` and `compose` say what is meant. [`import`] acts: snapshot, workers,
//! publication.

mod all_tables;
mod args;
mod checks;
mod codec;
mod columns;
mod command;
mod compose;
mod credentials;
mod dates;
pub mod delimiters;
mod encoding;
mod error;
mod foreign;
mod incremental;
mod inspection;
mod java;
mod java_type;
mod jdbc;
pub mod options_file;
mod output;
mod part;
mod permit;
mod place;
mod plan;
mod preview;
mod progress;
mod properties;
mod publish;
mod quarantine;
mod rate;
mod request;
mod retries;
mod run;
mod sampling;
mod selection;
mod snapshot;
mod split_column;
mod splits;
mod target;
mod text_rows;
mod values;
mod worker;

pub use all_tables::{ImportAllArgs, run_all};
pub use args::{FormatArgs, ImportArgs};
pub use columns::{DecimalNotation, Fidelity, HiveDelimiters, Rendering, TinyInt1, YearAs};
pub use command::{CommandError, run};
pub(crate) use command::{check, open_lake, run_job, user};
pub use compose::{Composed, Facts, UsageError, compose};
pub use credentials::CredentialError;
pub(crate) use credentials::source;
pub use dates::ZeroDates;
pub use error::ImportError;
pub use incremental::{IncrementalOutcome, IncrementalReport, IncrementalRequest};
pub use java_type::{JavaType, Mapping, MappingError};
pub use permit::Permit;
pub(crate) use place::{directory, lake_of};
pub(crate) use preview::{Preview, PreviewRows, preview};
pub use rate::{InvalidRate, MaxRate};
pub(crate) use request::thousands;
pub use request::{
    CONDITIONS, Existing, ImportReport, ImportRequest, Selection, Source, SplitMethod,
    SplitRequest, TextSplits, Validation, WithoutKey,
};
pub use retries::{Retries, RetryArgs};
pub use run::import;
pub(crate) use selection::{describe, from_clause};
pub use snapshot::SnapshotMode;
