//! The command line.

use crate::SCHEMA;
use crate::check::{CheckError, Tally, check_records};
use crate::report::{print_json, print_text};
use clap::{Parser, Subcommand};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Live transactions: what the tills send, and whether it can be counted.
#[derive(Debug, Parser)]
#[command(name = "comptoir-speed", version)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(CheckArgs),
    /// Print the JSON Schema of the events
    #[command(after_help = "Examples:
  comptoir-speed schema > transactions.schema.json")]
    Schema,
}

/// Check events, one JSON object a line, exactly as the platform will judge them
///
/// Prints how many events are accepted by status, and what they add to gross, refunds and net by
/// currency. Each rejected line goes to stderr with its reason and cure. Events that stand twice
/// are counted twice: only the platform, which sees the whole topic, tells duplicates.
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit codes: 0 all accepted, 1 some rejected, 2 not all could be read

Examples:
  comptoir-speed check till.jsonl
  comptoir-speed check --json monday.jsonl tuesday.jsonl
  kcat -b 127.0.0.1:9092 -t transactions -C -e -q | comptoir-speed check"
)]
struct CheckArgs {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
    /// Print the totals as one JSON object
    #[arg(long)]
    json: bool,
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Fine,
    SomeRejected,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::SomeRejected => Self::from(1),
        }
    }
}

/// Runs a command: data goes to `out`, rejections to `log`.
pub fn run(args: Args, out: &mut dyn Write, log: &mut dyn Write) -> Result<Outcome, CheckError> {
    match args.command {
        Command::Check(args) => check(&args, out, log),
        Command::Schema => {
            out.write_all(SCHEMA.as_bytes())
                .map_err(CheckError::Print)?;
            Ok(Outcome::Fine)
        }
    }
}

fn check(
    args: &CheckArgs,
    out: &mut dyn Write,
    log: &mut dyn Write,
) -> Result<Outcome, CheckError> {
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
        check_records(&name, input, &mut tally, log)?;
    }
    let print = if args.json { print_json } else { print_text };
    print(&tally, out).map_err(CheckError::Print)?;
    Ok(match tally.rejected() {
        0 => Outcome::Fine,
        _ => Outcome::SomeRejected,
    })
}
