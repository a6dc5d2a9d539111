//! The command line: `comptoir-batch load|import`, and what its exit codes mean.

use crate::{import, load};
use clap::{Parser, Subcommand};
use comptoir_config::{ConfigArgs, Key, Sources};
use std::path::PathBuf;
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

/// Which database, and as whom.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// The database: mysql://HOST:PORT/NAME, mariadb://…, jdbc:mysql://… or sqlite:PATH
    /// [default: `erp.url`]
    #[arg(long, value_name = "URL")]
    pub connect: Option<String>,

    /// Who logs in [default: `erp.username`]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The file that holds the password, readable by its owner only
    /// [default: `erp.password_file`]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

impl DatabaseArgs {
    /// Adds what the flags set to where the settings come from.
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        let password_file = self.password_file.as_ref().map(|path| path.display());
        sources
            .flag(Key::ErpUrl, "--connect", self.connect.as_ref())
            .flag(Key::ErpUsername, "--username", self.username.as_ref())
            .flag(Key::ErpPasswordFile, "--password-file", password_file)
    }
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
