//! Saying what came of a run.

use super::args::OutputArgs;
use super::metrics;
use super::summary::RunSummary;
use std::io::Write;
use std::path::PathBuf;

/// Whether a line begins with the job's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    Unnamed,
    Named,
}

#[derive(Debug, thiserror::Error)]
pub enum TellError {
    #[error("the output: {0}")]
    Output(#[from] std::io::Error),
    #[error(
        "the metrics file {path}: {source}\nhint: the import itself is not touched by this; is the directory there?"
    )]
    Metrics {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// Results go to `out`, complaints into the log, which people see on stderr.
pub fn tell(
    args: &OutputArgs,
    naming: Naming,
    summary: &RunSummary,
    out: &mut impl Write,
) -> Result<(), TellError> {
    let name = match naming {
        Naming::Unnamed => String::new(),
        Naming::Named => format!("{}: ", summary.job),
    };
    let complaint = summary.complaint();
    if let Some(complaint) = &complaint {
        tracing::error!("{name}{complaint}");
    }
    let is_heard = !args.quiet || complaint.is_some();
    if args.json && is_heard {
        writeln!(out, "{}", summary.to_json())?;
    } else if let Some(said) = summary.said().filter(|_| is_heard) {
        writeln!(out, "{name}{said}")?;
    }
    match &args.metrics_file {
        None => Ok(()),
        Some(path) => metrics::update(path, summary).map_err(|source| TellError::Metrics {
            path: path.clone(),
            source,
        }),
    }
}
