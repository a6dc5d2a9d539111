//! The command line: `comptoir-batch load|import`, and what its exit codes mean.

use crate::{import, load};
use clap::{Parser, Subcommand};
use comptoir_config::ConfigArgs;
use std::process::ExitCode;

/// What the exit codes mean, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed; stderr says why, and what cures it
  2  the command line or the settings are wrong; nothing was touched
  6  the database can't be reached; nothing was changed
  7  the lake can't be reached; the published data is untouched";

const SOURCES: &str = "\
Settings come from comptoir.toml, .env, COMPTOIR_* variables and flags; later beats earlier.
Passwords come from files only.";

/// Batch import, the successor of Apache Sqoop.
#[derive(Debug, Parser)]
#[command(name = "comptoir-batch", version, after_help = format!("{EXIT_CODES}\n\n{SOURCES}"), propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load a CSV file into a table of the ERP
    Load(load::LoadArgs),
    /// Import a table of the ERP into the lake
    Import(import::ImportArgs),
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    SourceUnreachable,
    LakeUnreachable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::SourceUnreachable => 6,
            Exit::LakeUnreachable => 7,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
