//! `comptoir-batch import`: the shell around [`super::import`].

use super::args::ImportArgs;
use super::error::ImportError;
use super::request::{self, ImportReport, ImportRequest, RequestError, Source, thousands};
use super::run::import;
use crate::cli::Exit;
use comptoir_config::{Settings, clock};
use comptoir_lake::{Lake, LakeError, LakeOptions, Retry};
use comptoir_model::ids::RunId;
use indicatif::ProgressBar;
use std::time::Duration;

/// Before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// Why the command ended, with what cures it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Request(_) | Self::Lake(_) => Exit::Usage,
            Self::Import(error) => error.exit(),
        }
    }
}

/// Imports what the command line says; `line` is the command line, for the manifest.
///
/// Three tries, as long as an error says that trying again can help. Each is a run of its own.
pub async fn run(
    args: &ImportArgs,
    settings: &Settings,
    line: impl IntoIterator<Item = String>,
    progress: &ProgressBar,
) -> Result<ImportReport, CommandError> {
    let arguments = request::arguments(line, &settings.erp.url);
    let request = ImportRequest::of(args, &settings.import, arguments)?;
    let source = Source::of(&settings.erp).map_err(RequestError::from)?;
    let options = LakeOptions {
        timeout: settings.lake.timeout,
        hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
    };
    let lake = Lake::open(&settings.lake.url.to_string(), options)?;
    let mut pauses = PAUSES.into_iter();
    let report = loop {
        let run = RunId::new(clock::now(), clock::random_u32());
        let error = match import(&source, &lake, &request, run, clock::now, progress).await {
            Ok(report) => break report,
            Err(error) => error,
        };
        match pauses.next().filter(|_| error.retry() == Retry::CanHelp) {
            None => return Err(error.into()),
            Some(pause) => {
                tracing::warn!("{error}; trying again in {} s", pause.as_secs());
                tokio::time::sleep(pause).await;
            }
        }
    };
    warn_of_ambiguous_rows(&report);
    Ok(report)
}

fn warn_of_ambiguous_rows(report: &ImportReport) {
    if report.ambiguous_rows > 0 {
        tracing::warn!(
            "{} of {} rows hold a delimiter or a text like the null token: readers can't tell them from others\n\
             hint: add --escaped-by '\\\\' --null-string '\\\\N' --null-non-string '\\\\N'",
            thousands(report.ambiguous_rows),
            thousands(report.rows),
        );
    }
}
