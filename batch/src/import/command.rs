//! `comptoir-batch import`: the shell around [`super::import`].

use super::args::ImportArgs;
use super::compose::{self, Composed, Facts, UsageError};
use super::credentials::{self, CredentialError};
use super::error::ImportError;
use super::request::{self, ImportReport, ImportRequest, Source, thousands};
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
    Usage(#[from] UsageError),
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Credentials(_) | Self::Lake(_) => Exit::Usage,
            Self::Import(error) => error.exit(),
        }
    }
}

/// Imports what the command line says; `line` is the command line, for the manifest.
pub async fn run(
    args: &ImportArgs,
    settings: &Settings,
    line: impl IntoIterator<Item = String>,
    progress: &ProgressBar,
) -> Result<ImportReport, CommandError> {
    let composed = compose::compose(args, facts(settings, &user(), line))?;
    let Composed { request, notices } = composed;
    for notice in notices {
        tracing::info!("{notice}");
    }
    let lake = open_lake(settings)?;
    let source = credentials::source(&args.password, &settings.erp, &lake).await?;
    Ok(try_thrice(&source, &lake, &request, progress).await?)
}

/// What a request is made of besides the flags.
pub(super) fn facts<'a>(
    settings: &'a Settings,
    user: &'a str,
    line: impl IntoIterator<Item = String>,
) -> Facts<'a> {
    Facts {
        settings: &settings.import,
        url: &settings.erp.url,
        user,
        arguments: request::arguments(line, &settings.erp.url),
    }
}

/// Three tries, as long as an error says that trying again can help. Each is a run of its own.
pub(super) async fn try_thrice(
    source: &Source,
    lake: &Lake,
    request: &ImportRequest,
    progress: &ProgressBar,
) -> Result<ImportReport, ImportError> {
    let mut pauses = PAUSES.into_iter();
    let report = loop {
        let run = RunId::new(clock::now(), clock::random_u32());
        let error = match import(source, lake, request, run, clock::now, progress).await {
            Ok(report) => break report,
            Err(error) => error,
        };
        match pauses.next().filter(|_| error.retry() == Retry::CanHelp) {
            None => return Err(error),
            Some(pause) => {
                tracing::warn!("{error}; trying again in {} s", pause.as_secs());
                tokio::time::sleep(pause).await;
            }
        }
    };
    warn_of_ambiguous_rows(&report);
    Ok(report)
}

pub(crate) fn open_lake(settings: &Settings) -> Result<Lake, LakeError> {
    let options = LakeOptions {
        timeout: settings.lake.timeout,
        hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
    };
    Lake::open(&settings.lake.url.to_string(), options)
}

/// Whom Hadoop takes us for.
pub(crate) fn user() -> String {
    let names = ["HADOOP_USER_NAME", "USER", "LOGNAME"];
    let mut set = names.iter().filter_map(|name| std::env::var(name).ok());
    set.find(|name| !name.is_empty())
        .unwrap_or_else(|| "root".to_owned())
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
