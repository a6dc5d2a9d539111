//! `comptoir-batch import`: the shell around [`super::import`].

use super::args::ImportArgs;
use super::compose::{self, Composed, Facts, UsageError};
use super::credentials::{self, CredentialError};
use super::error::{ImportError, is_away};
use super::permit::Permit;
use super::request::{self, ImportReport, ImportRequest, Source, thousands};
use super::retries::RetryArgs;
use super::run::import_with;
use crate::cli::Exit;
use crate::quality::{Rules, RulesError};
use crate::report::{Outcome, RunSummary};
use comptoir_config::{Settings, clock};
use comptoir_lake::{Lake, LakeError, LakeOptions, Retry};
use comptoir_model::ids::RunId;
use comptoir_model::quality::{RuleAction, RuleResult};
use indicatif::ProgressBar;
use std::path::Path;

/// Why the command ended, with what cures it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Credentials(CredentialError::Lake(error)) if is_away(error) => {
                Exit::LakeUnreachable
            }
            Self::Usage(_) | Self::Credentials(_) | Self::Rules(_) | Self::Lake(_) => Exit::Usage,
            Self::Import(error) => error.exit(),
        }
    }
}

/// Imports what the command line says; `line` is the command line, for the manifest. An error came
/// before anything was begun.
pub async fn run(
    args: &ImportArgs,
    settings: &Settings,
    line: impl IntoIterator<Item = String>,
    progress: &ProgressBar,
) -> Result<RunSummary, CommandError> {
    let composed = check(args, settings, Path::new(""), line)?;
    let target = &composed.request.target;
    let name = target.file_name().unwrap_or_default().to_owned();
    let permit = Permit::Unasked;
    Ok(run_job(name, args, settings, composed, permit, progress).await)
}

/// What the flags, the settings and the rules mean together; touches neither source nor lake. The
/// file of the rules lies in `directory`.
pub(crate) fn check(
    args: &ImportArgs,
    settings: &Settings,
    directory: &Path,
    line: impl IntoIterator<Item = String>,
) -> Result<Composed, CommandError> {
    let mut composed = compose::compose(args, facts(settings, &user(), line))?;
    if let Some(file) = &args.source.quality {
        let request = &mut composed.request;
        request.quality =
            Rules::read(&directory.join(file))?.for_import_of(request.rules_name())?;
        request.ensure_rules_fit()?;
    }
    Ok(composed)
}

/// One run under a name, from its credentials to its publication.
pub(crate) async fn run_job(
    name: String,
    args: &ImportArgs,
    settings: &Settings,
    composed: Composed,
    permit: Permit<'_>,
    progress: &ProgressBar,
) -> RunSummary {
    let Composed { request, notices } = composed;
    for notice in notices {
        tracing::info!("{notice}");
    }
    let started_at = clock::now();
    let access = async {
        let lake = open_lake(settings)?;
        let source = credentials::source(&args.password, &settings.erp, &lake).await?;
        Ok::<_, CommandError>((source, lake))
    };
    match access.await {
        Ok((source, lake)) => {
            let run = Run {
                source: &source,
                lake: &lake,
                retries: &args.retries,
                permit,
            };
            run.carry_out(name, &request, progress).await
        }
        Err(error) => RunSummary {
            job: name,
            started_at,
            ended_at: clock::now(),
            attempts: 1,
            outcome: Outcome::Failed {
                exit: error.exit(),
                message: error.to_string(),
            },
        },
    }
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

/// What all tries of an import have in common.
pub(super) struct Run<'a> {
    pub(super) source: &'a Source,
    pub(super) lake: &'a Lake,
    pub(super) retries: &'a RetryArgs,
    pub(super) permit: Permit<'a>,
}

impl Run<'_> {
    /// Tries as often as it may, as long as an error says that trying again can help. Each try is
    /// an import run of its own.
    pub(super) async fn carry_out(
        &self,
        name: String,
        request: &ImportRequest,
        progress: &ProgressBar,
    ) -> RunSummary {
        let started_at = clock::now();
        let mut pauses = self.retries.retries();
        let mut attempts = 1;
        let outcome = loop {
            let error = match self.attempt(request, progress).await {
                Ok(report) => {
                    warn_of_ambiguous_rows(&report);
                    warn_of_broken_rules(&report);
                    break if report.rows == 0 && self.retries.fail_if_empty {
                        Outcome::Empty(report)
                    } else {
                        Outcome::Done(report)
                    };
                }
                Err(error) => error,
            };
            let can_help = match error.retry() {
                Retry::CanHelp => true,
                Retry::Unknown => request.existing.bears_repeating(),
                Retry::CanNot => false,
            };
            match pauses.next().filter(|_| can_help) {
                None => {
                    break Outcome::Failed {
                        exit: error.exit(),
                        message: error.to_string(),
                    };
                }
                Some(pause) => {
                    tracing::warn!("{error}; trying again in {} s", pause.as_secs());
                    attempts += 1;
                    tokio::time::sleep(pause).await;
                }
            }
        };
        RunSummary {
            job: name,
            started_at,
            ended_at: clock::now(),
            attempts,
            outcome,
        }
    }

    async fn attempt(
        &self,
        request: &ImportRequest,
        progress: &ProgressBar,
    ) -> Result<ImportReport, ImportError> {
        let run = RunId::new(clock::now(), clock::random_u32());
        let (source, lake, permit) = (self.source, self.lake, self.permit);
        let importing = import_with(source, lake, request, run, clock::now, permit, progress);
        // Big: there is one for each connection and open file.
        Box::pin(importing).await
    }
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

fn warn_of_broken_rules(report: &ImportReport) {
    for outcome in &report.broken_rules {
        let hint = match (outcome.action, &outcome.result) {
            (RuleAction::Quarantine, RuleResult::BrokenRows { .. }) => {
                "they were set aside: read the files _quarantine-m-* of the import, and mend them in the source"
            }
            (_, RuleResult::Undecided { .. }) => {
                "it lets everything pass that it did not look at: raise values_max in the file of rules, or let action = \"fail\" refuse that"
            }
            _ => "it was published all the same: action = \"fail\" would refuse that",
        };
        tracing::warn!("the quality rule {outcome}\nhint: {hint}");
    }
}
