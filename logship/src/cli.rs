//! The command line.

use crate::check::{CheckError, Tally, check_lines};
use crate::report::{print_malformed, print_tally};
use clap::{Parser, Subcommand};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The platform's own log: whether it is whole, and what it says.
#[derive(Debug, Parser)]
#[command(name = "comptoir-logship", version)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(CheckArgs),
}

/// Check that every line of an app.log, or of a rotated sibling, is whole
///
/// Prints lines by component and level, and the earliest and the latest time. The first malformed
/// lines go to stderr with their number and their byte offset.
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit codes: 0 every line is whole, 1 some are malformed, 2 not all could be read

Examples:
  comptoir-logship check .comptoir/log/app.log
  comptoir-logship check app.log.1 app.log
  zcat app.log.2.gz | comptoir-logship check -"
)]
struct CheckArgs {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Whole,
    SomeMalformed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Whole => Self::SUCCESS,
            Outcome::SomeMalformed => Self::from(1),
        }
    }
}

/// Runs a command: data goes to `out`, malformed lines to `log`.
pub fn run(args: Args, out: &mut dyn Write, log: &mut dyn Write) -> Result<Outcome, CheckError> {
    let Command::Check(args) = args.command;
    let mut tally = Tally::default();
    for path in &args.files {
        if path.as_os_str() == "-" {
            check_lines("-", io::stdin().lock(), &mut tally)?;
        } else {
            check_lines(&path.display().to_string(), open(path)?, &mut tally)?;
        }
    }
    print_malformed(&tally, log)
        .and_then(|()| print_tally(&tally, out))
        .map_err(CheckError::Print)?;
    Ok(match tally.malformed() {
        0 => Outcome::Whole,
        _ => Outcome::SomeMalformed,
    })
}

fn open(path: &Path) -> Result<File, CheckError> {
    File::open(path).map_err(|cause| CheckError::Open {
        file: path.display().to_string(),
        cause,
    })
}
