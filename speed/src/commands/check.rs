//! `comptoir-speed check`.

use crate::check::{CheckError, Tally, check_records};
use crate::cli::Outcome;
use crate::report::{print_json, print_text};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// Check events, one JSON object a line, exactly as the platform will judge them
///
/// Prints how many events are accepted by status, and what they add to gross, refunds and net by
/// currency. Each rejected line goes to stderr with its reason and cure. Events that stand twice
/// are counted twice: only the platform, which sees the whole topic, tells duplicates.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all accepted, 1 some rejected, 2 not all could be read

Examples:
  comptoir-speed check till.jsonl
  comptoir-speed check --json monday.jsonl tuesday.jsonl
  kcat -b 127.0.0.1:9092 -t transactions -C -e -q | comptoir-speed check"
)]
pub struct CheckArgs {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
    /// Print the totals as one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints data to stdout, rejections to stderr.
pub fn run(args: &CheckArgs) -> Result<Outcome, CheckError> {
    let (mut out, mut log) = (io::stdout().lock(), io::stderr().lock());
    let mut tally = Tally::default();
    for path in &args.files {
        let (name, input): (String, Box<dyn Read>) = if path.as_os_str() == "-" {
            ("-".to_owned(), Box::new(io::stdin().lock()))
        } else {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|cause| CheckError::Open {
                file: name.clone(),
                cause,
            })?;
            (name, Box::new(file))
        };
        check_records(&name, input, &mut tally, &mut log)?;
    }
    let print = if args.json { print_json } else { print_text };
    print(&tally, &mut out).map_err(CheckError::Print)?;
    Ok(match tally.rejected() {
        0 => Outcome::Fine,
        _ => Outcome::SomeRejected,
    })
}
