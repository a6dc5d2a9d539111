//! The launcher: the whole platform in one process, doctor, lake tools.

pub mod cli;
pub mod doctor;
pub mod lake_tool;
pub mod terminal;
pub mod up;

use anyhow::{Context, Result};
use cli::{Cli, Command};
use comptoir_config::{ConfigError, Settings, init_logging_to};
use doctor::Health;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use terminal::Terminal;
use tokio::runtime::Runtime;

/// What is still running when a command has ended gets this long.
const LAST_GRACE: Duration = Duration::from_millis(200);

/// Runs one command; an error is not shown yet.
pub fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    let sources = cli.config.sources();
    let settings = Settings::load(&sources);
    let runtime = Runtime::new()
        .context("can't start the runtime")
        .map_err(Failure::Failed)?;
    let done = match (&cli.command, settings) {
        (Command::Doctor, settings) => runtime.block_on(diagnose(&settings)),
        (_, Err(error)) => return Err(Failure::Settings(error)),
        (Command::Up(args), Ok(settings)) => {
            let terminal = Terminal::default();
            init_logging_to(&settings.log, "launcher", terminal.clone())
                .map_err(|error| Failure::Failed(error.into()))?;
            runtime
                .block_on(up::run(&settings, &sources, args, &terminal))
                .map(|()| ExitCode::SUCCESS)
        }
        (Command::Lake(command), Ok(settings)) => {
            let lake =
                lake_tool::open(&settings.lake).map_err(|error| Failure::Failed(error.into()))?;
            runtime
                .block_on(lake_tool::run(&lake, command))
                .map(|()| ExitCode::SUCCESS)
        }
    };
    runtime.shutdown_timeout(LAST_GRACE);
    done.map_err(Failure::Failed)
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub enum Failure {
    /// Nothing was touched.
    Settings(ConfigError),
    Failed(anyhow::Error),
}

async fn diagnose(settings: &Result<Settings, ConfigError>) -> Result<ExitCode> {
    let diagnosis = doctor::examine(settings.as_ref()).await;
    write!(std::io::stdout(), "{}", diagnosis.report).context("can't print the report")?;
    Ok(match diagnosis.health {
        Health::Fine => ExitCode::SUCCESS,
        Health::SomethingIsWrong => ExitCode::FAILURE,
    })
}
