//! `comptoir`: parses, runs, says what went wrong, sets the exit code.

use clap::Parser;
use comptoir::Failure;
use comptoir::cli::Cli;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match comptoir::run(&Cli::parse()) {
        Ok(code) => code,
        Err(Failure::Settings(error)) => complain(&error, 2),
        Err(Failure::Failed(error)) => complain(&error, 1),
    }
}

fn complain(error: &dyn Display, code: u8) -> ExitCode {
    // Where stderr is closed the exit code still tells.
    writeln!(std::io::stderr(), "error: {error}").ok();
    ExitCode::from(code)
}
