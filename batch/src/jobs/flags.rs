//! The flags of a job, read by the parser of the command line. Pure, but for `--options-file`.

use super::error::{Fault, JobsError};
use crate::cli;
use crate::import::ImportArgs;
use comptoir_config::Origin;
use comptoir_model::ids::JobName;

/// The flags as they can be kept, and what they say. What only a person at a terminal can give, and
/// what is of the run rather than of the job, is refused.
pub(super) fn parse(
    job: &JobName,
    origin: &Origin,
    flags: Vec<String>,
) -> Result<(Vec<String>, ImportArgs), JobsError> {
    let wrong = |message: String| {
        let job = job.clone();
        Fault::Flags { job, message }.at(origin.clone())
    };
    let line = cli::line(flags.into_iter().map(Into::into)).map_err(|e| wrong(e.to_string()))?;
    let (config, args) = cli::import_args(&line).map_err(|error| wrong(in_short(&error)))?;
    if args.password.prompt || args.password.password.is_some() {
        let job = job.clone();
        return Err(Fault::Password { job }.at(origin.clone()));
    }
    let of_the_run = [
        (config.config.is_some(), "--config"),
        (config.data_dir.is_some(), "--data-dir"),
        (config.log_level.is_some(), "--log-level"),
        (args.output.quiet, "--quiet"),
        (args.output.json, "--json"),
        (args.output.metrics_file.is_some(), "--metrics-file"),
    ];
    match of_the_run.into_iter().find(|(given, _)| *given) {
        None => Ok((line, args)),
        Some((_, flag)) => {
            let job = job.clone();
            Err(Fault::OfTheRun { job, flag }.at(origin.clone()))
        }
    }
}

/// Without the summary of the usage, which is of another command line.
fn in_short(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .collect::<Vec<_>>()
        .join("\n")
        .replace("tip: ", "hint: ")
}
