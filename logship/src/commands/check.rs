//! `comptoir-logship check`.

use crate::check::{CheckError, Tally, check_lines};
use crate::cli::Outcome;
use crate::report::{print_malformed, print_tally};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Check that every line of an app.log, or of a rotated sibling, is whole
///
/// Prints lines by component and level, and the earliest and the latest time. The first malformed
/// lines go to stderr with their number and their byte offset.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 every line is whole, 1 some are malformed, 2 not all could be read

Examples:
  comptoir-logship check .comptoir/log/app.log
  comptoir-logship check app.log.1 app.log
  zcat app.log.2.gz | comptoir-logship check -"
)]
pub struct CheckArgs {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &CheckArgs) -> Result<Outcome, CheckError> {
    let mut tally = Tally::default();
    for path in &args.files {
        if path.as_os_str() == "-" {
            check_lines("-", io::stdin().lock(), &mut tally)?;
        } else {
            check_lines(&path.display().to_string(), open(path)?, &mut tally)?;
        }
    }
    print_malformed(&tally, &mut io::stderr().lock())
        .and_then(|()| print_tally(&tally, &mut io::stdout().lock()))
        .map_err(CheckError::Print)?;
    Ok(match tally.malformed() {
        0 => Outcome::Fine,
        _ => Outcome::SomeMalformed,
    })
}

fn open(path: &Path) -> Result<File, CheckError> {
    File::open(path).map_err(|cause| CheckError::Open {
        file: path.display().to_string(),
        cause,
    })
}
