//! The binary: arguments, settings, logging, exit code.

use clap::Parser;
use comptoir_batch::cli::{self, Cli, Command, Exit};
use comptoir_batch::report::{Naming, OutputArgs, RunSummary, tell};
#[cfg(feature = "views")]
use comptoir_batch::views;
use comptoir_batch::{import, jobs, load, merge, tools, verify};
use comptoir_config::{Settings, Sources, clock, init_logging_to, stopped};
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
    let as_sqoop = line.iter().any(|argument| argument == "--sqoop-compat");
    let exit = execute(line);
    if as_sqoop { exit.as_sqoop() } else { exit }.into()
}

fn execute(line: Vec<String>) -> Exit {
    let cli = match Cli::try_parse_from(&line) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors. Where the output is closed, the exit code still tells.
            drop(error.print());
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
        }
    };
    let progress = progress_bar();
    let settings = match settings(&cli, &progress) {
        Ok(settings) => settings,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    match run(&cli, line, &settings, &progress) {
        Ok(exit) => exit,
        Err((error, exit)) => {
            progress.finish_and_clear();
            tracing::error!("{error:#}");
            exit
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
        Command::ImportAllTables(args) => args.add_to(sources),
        Command::Merge(args) => args.add_to(sources),
        Command::Eval(args) => args.add_to(sources),
        Command::ListDatabases(args) => args.add_to_of_server(sources),
        Command::ListTables(args) => args.add_to(sources),
        Command::Verify(args) => args.add_to(sources),
        #[cfg(feature = "views")]
        Command::Views(args) => args.add_to(sources),
        Command::Run(args) => args.file.add_to(args.output.add_to(sources)),
        Command::Job(args) => args.file.add_to(args.output.add_to(sources)),
        Command::Serve(args) => args.file.add_to(sources),
        Command::Plan(args) => args.file.add_to(sources),
        Command::Status(args) => args.file.add_to(sources),
        Command::History(_) => sources,
    }
}

fn run(
    cli: &Cli,
    line: Vec<String>,
    settings: &Settings,
    progress: &ProgressBar,
) -> Result<Exit, (anyhow::Error, Exit)> {
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
            say(&report).map_err(failed)?;
            Ok(Exit::Done)
        }
        Command::Import(args) => {
            let line = line.into_iter().skip(1);
            let summary = runtime
                .block_on(import::run(args, settings, line, progress))
                .map_err(|error| {
                    let exit = error.exit();
                    (error.into(), exit)
                })?;
            told(&args.output, Naming::Unnamed, &summary, progress)
        }
        Command::ImportAllTables(args) => {
            let mut exit = Ok(Exit::Done);
            let output = &args.import.output;
            let each = |summary: RunSummary| {
                let told = told(output, Naming::Named, &summary, progress);
                // That of the first one that failed.
                if matches!(exit, Ok(Exit::Done)) {
                    exit = told;
                }
            };
            runtime
                .block_on(import::run_all(args, settings, &line[1..], progress, each))
                .map_err(|error| {
                    let exit = error.exit();
                    (error.into(), exit)
                })?;
            exit
        }
        Command::Run(args) => {
            let (own, out) = (cli.config.sources(), &mut std::io::stdout());
            let done = runtime.block_on(jobs::run(args, settings, &own, progress, out));
            done.map_err(with_the_jobs_exit)
        }
        Command::Serve(_) => {
            let own = cli.config.sources();
            let served = runtime.block_on(async {
                let stop = stopped().map_err(failed)?;
                let served = jobs::serve(settings, &own, stop).await;
                served.map_err(with_the_jobs_exit)
            });
            // A job that did not end in time holds nothing up.
            runtime.shutdown_background();
            served.map(|()| Exit::Done)
        }
        Command::Plan(args) => {
            let (own, out) = (cli.config.sources(), &mut std::io::stdout());
            let done = runtime.block_on(jobs::plan(args, settings, &own, out));
            done.map_err(with_the_jobs_exit)
        }
        Command::Status(args) => {
            let done = runtime.block_on(jobs::status(args, settings, &mut std::io::stdout()));
            done.map(|()| Exit::Done).map_err(with_the_jobs_exit)
        }
        Command::History(args) => {
            let done = runtime.block_on(jobs::history(args, settings, &mut std::io::stdout()));
            done.map(|()| Exit::Done).map_err(with_the_jobs_exit)
        }
        Command::Job(args) => {
            let (own, out) = (cli.config.sources(), &mut std::io::stdout());
            let done = runtime.block_on(jobs::job(args, settings, &own, progress, out));
            done.map_err(with_the_jobs_exit)
        }
        Command::Merge(args) => {
            let line = line.into_iter().skip(1).collect();
            let said = runtime
                .block_on(merge::run(args, settings, line))
                .map_err(|error| {
                    let exit = error.exit();
                    (error.into(), exit)
                })?;
            say(&said).map_err(failed)?;
            Ok(Exit::Done)
        }
        Command::Eval(args) => {
            let done = runtime.block_on(tools::eval(args, settings, &mut std::io::stdout()));
            done.map(|()| Exit::Done).map_err(with_exit)
        }
        Command::ListDatabases(args) => {
            let done = runtime.block_on(tools::list_databases(
                args,
                settings,
                &mut std::io::stdout(),
            ));
            done.map(|()| Exit::Done).map_err(with_exit)
        }
        Command::ListTables(args) => {
            let done = runtime.block_on(tools::list_tables(args, settings, &mut std::io::stdout()));
            done.map(|()| Exit::Done).map_err(with_exit)
        }
        #[cfg(feature = "views")]
        Command::Views(args) => {
            let done = runtime.block_on(views::views(args, settings, &mut std::io::stdout()));
            done.map_err(|error| {
                let exit = error.exit();
                (error.into(), exit)
            })
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
            say(&report).map_err(failed)?;
            Ok(Exit::Done)
        }
    }
}

fn with_exit(error: tools::ToolError) -> (anyhow::Error, Exit) {
    let exit = error.exit();
    (error.into(), exit)
}

fn with_the_jobs_exit(error: jobs::CommandError) -> (anyhow::Error, Exit) {
    let exit = error.exit();
    (error.into(), exit)
}

/// Says what came of an import, and how the process ends.
fn told(
    output: &OutputArgs,
    naming: Naming,
    summary: &RunSummary,
    progress: &ProgressBar,
) -> Result<Exit, (anyhow::Error, Exit)> {
    progress.finish_and_clear();
    tell(output, naming, summary, &mut std::io::stdout())
        .map_err(|error| (error.into(), Exit::Failed))?;
    Ok(summary.exit())
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
    let style = ProgressStyle::with_template("{msg}\n{spinner} {wide_bar} {elapsed}");
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
