use clap::Parser;
use comptoir_logship::cli::{Args, run};
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args, &mut io::stdout().lock(), &mut io::stderr().lock()) {
        Ok(outcome) => outcome.into(),
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where stderr is gone too.
            writeln!(io::stderr(), "error: {error}").ok();
            ExitCode::from(2)
        }
    }
}
