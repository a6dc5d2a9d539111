//! The binary: arguments, settings, logging, exit code.

use comptoir_config::{Settings, init_logging};
use comptoir_logship::check::CheckError;
use comptoir_logship::cli::{Cli, Command, Outcome};
use comptoir_logship::ship::ShipError;
use comptoir_logship::sources::SourcesError;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::read();
    let Some(sources) = cli.command.sources(cli.config.sources()) else {
        return ended(cli.command.run_alone(), 2);
    };
    let settings = match Settings::load(&sources) {
        Ok(settings) => settings,
        Err(error) => return complain(&error.into(), 2),
    };
    // Only what runs for long has lines for the platform's log.
    if matches!(cli.command, Command::Ship(_))
        && let Err(error) = init_logging(&settings.log, "comptoir-logship")
    {
        return complain(&error.into(), 2);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into(), 1),
    };
    ended(runtime.block_on(cli.command.run(&settings)), 1)
}

fn ended(result: anyhow::Result<Outcome>, failed: u8) -> ExitCode {
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let superseded =
                (error.downcast_ref::<ShipError>()).is_some_and(ShipError::is_superseded);
            let code = match error.downcast_ref::<SourcesError>() {
                Some(_) => 2,
                None if superseded => 3,
                None => failed,
            };
            complain(&error, code)
        }
    }
}

/// Whoever read our output has seen enough (`| head`).
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error
        .downcast_ref::<CheckError>()
        .is_some_and(CheckError::is_closed_pipe)
        || error.downcast_ref::<io::Error>().is_some_and(broken)
}

/// Our errors name their causes themselves. Where stderr is closed the exit code still tells.
fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    writeln!(io::stderr(), "error: {error}").ok();
    ExitCode::from(code)
}
