//! A table or query of the ERP into part files of the lake: the successor of `sqoop import`.
//!
//! Pure: `splits` cuts the table, [`delimiters`] reads Sqoop's spellings, `columns` and `values`
//! print, `request` and `compose` say what is meant. [`import`] acts: snapshot, workers,
//! publication.

mod all_tables;
mod args;
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
mod java;
mod java_type;
mod jdbc;
pub mod options_file;
mod part;
mod place;
mod properties;
mod publish;
mod request;
mod run;
mod selection;
mod snapshot;
mod split_column;
mod splits;
mod target;
mod values;
mod worker;

pub use all_tables::{ImportAllArgs, TableOutcome, run_all};
pub use args::{FormatArgs, ImportArgs};
pub use columns::{DecimalNotation, Fidelity, HiveDelimiters, Rendering, TinyInt1, YearAs};
pub use command::{CommandError, run};
pub(crate) use command::{open_lake, user};
pub use compose::{Composed, Facts, UsageError, compose};
pub use credentials::CredentialError;
pub(crate) use credentials::source;
pub use dates::ZeroDates;
pub use error::ImportError;
pub use incremental::{IncrementalOutcome, IncrementalReport, IncrementalRequest};
pub use java_type::{JavaType, Mapping, MappingError};
pub(crate) use place::{directory, lake_of};
pub use request::{
    CONDITIONS, Existing, ImportReport, ImportRequest, Selection, Source, SplitRequest, TextSplits,
    Validation, WithoutKey,
};
pub use run::import;
pub use snapshot::SnapshotMode;
