//! A table of the ERP into text part files of the lake: the successor of `sqoop import`.
//!
//! Pure: [`splits`] cuts the table, [`delimiters`] reads Sqoop's spellings, `values` prints.
//! [`import`] acts: snapshot, parts, publication.

mod args;
mod command;
pub mod delimiters;
mod error;
mod java;
mod part;
mod request;
mod run;
mod split_column;
pub mod splits;
mod values;

pub use args::{FormatArgs, ImportArgs};
pub use command::{CommandError, run};
pub use error::ImportError;
pub use request::{ImportReport, ImportRequest, RequestError, Source};
pub use run::import;
