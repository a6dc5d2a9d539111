//! `comptoir-speed schema`.

use crate::SCHEMA;
use crate::check::CheckError;
use crate::cli::Outcome;
use std::io::Write;

/// Print the JSON Schema of the events
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-speed schema > transactions.schema.json")]
pub struct SchemaArgs {}

pub fn run() -> Result<Outcome, CheckError> {
    std::io::stdout()
        .lock()
        .write_all(SCHEMA.as_bytes())
        .map_err(CheckError::Print)?;
    Ok(Outcome::Fine)
}
