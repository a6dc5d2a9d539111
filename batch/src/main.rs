//! The binary: arguments, settings, logging, exit code.

use clap::Parser;
use comptoir_batch::cli::{self, Cli, Command, Exit};
use comptoir_batch::{import, load, verify};
use comptoir_config::{Settings, Sources, clock, init_logging_to};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let line = match cli::line(std::env::args_os()) {
        Ok(line) => line,
        Err(error) => {
            complain(&error.into());
            return Exit::Usage.into();
        }
    };
    let cli = Cli::parse_from(&line);
    let progress = progress_bar();
    let settings = match settings(&cli, &progress) {
        Ok(settings) => settings,
        Err(error) => {
            complain(&error);
            return Exit::Usage.into();
        }
    };
    match run(&cli, line, &settings, &progress) {
        Ok(()) => Exit::Done.into(),
        Err((error, exit)) => {
            progress.finish_and_clear();
            tracing::error!("{error:#}");
            exit.into()
        }
    }
}

fn settings(cli: &Cli, progress: &ProgressBar) -> anyhow::Result<Settings> {
    let settings = Settings::load(&sources(cli))?;
    let people = {
        let progress = progress.clone();
        move || AboveTheBar(progress.clone())
    };
    init_logging_to(&settings.log, "comptoir-batch", people)?;
    Ok(settings)
}

fn sources(cli: &Cli) -> Sources {
    let sources = cli.config.sources();
    match &cli.command {
        Command::Load(args) => args.add_to(sources),
        Command::Import(args) => args.add_to(sources),
        Command::Verify(args) => args.add_to(sources),
    }
}

fn run(
    cli: &Cli,
    line: Vec<String>,
    settings: &Settings,
    progress: &ProgressBar,
) -> Result<(), (anyhow::Error, Exit)> {
    let failed = |error: std::io::Error| (error.into(), Exit::Failed);
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    match &cli.command {
        Command::Load(args) => {
            let today = clock::now().to_zoned(TimeZone::UTC).date();
            let report = runtime
                .block_on(load::run(args, settings, today, progress))
                .map_err(|error| {
                    let exit = error.exit();
                    (error.into(), exit)
                })?;
            say(&report).map_err(failed)
        }
        Command::Import(args) => {
            let line = line.into_iter().skip(1);
            let report = runtime
                .block_on(import::run(args, settings, line, progress))
                .map_err(|error| {
                    let exit = error.exit();
                    (error.into(), exit)
                })?;
            say(&report).map_err(failed)
        }
        Command::Verify(args) => {
            let report = runtime
                .block_on(verify::run(args, settings))
                .map_err(|error| {
                    let exit = error.exit();
                    (error.into(), exit)
                })?;
            if !report.is_right() {
                return Err((anyhow::anyhow!("{report}"), Exit::Invalid));
            }
            say(&report).map_err(failed)
        }
    }
}

/// Data, for people and for the mail of cron.
fn say(line: &impl Display) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}

/// Before logging is set up. Where stderr is closed, the exit code still tells.
fn complain(error: &anyhow::Error) {
    drop(writeln!(std::io::stderr(), "error: {error:#}"));
}

/// On a terminal; draws nothing elsewhere.
fn progress_bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {wide_bar} {pos}/{len} parts, {msg} {elapsed}");
    let bar = ProgressBar::new(0);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Log lines go above the progress bar instead of into it.
struct AboveTheBar(ProgressBar);

impl Write for AboveTheBar {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.suspend(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
