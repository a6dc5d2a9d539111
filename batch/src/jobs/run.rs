//! `comptoir-batch run`: jobs, one after the other, each under its lock and on record.

use super::args::RunArgs;
use super::book::Wanted;
use super::file::Job;
use super::ready::{self, CommandError, Ready, ReadyWork};
use super::store::JobStore;
use crate::cli::Exit;
use crate::import::{self, Permit};
use crate::report::{Naming, Outcome, OutputArgs, RunSummary, tell};
#[cfg(feature = "views")]
use crate::views;
use comptoir_config::{Settings, Sources, clock, host_name};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobEnd, JobHolder, JobLock, JobOutcome, JobOutput, JobStart, Warehouse};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::io::Write;

/// Runs the jobs that the command line names; the exit is that of the first that was not done.
/// `sources` are those of the command's own settings.
pub async fn run(
    args: &RunArgs,
    settings: &Settings,
    sources: &Sources,
    progress: &ProgressBar,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let book = JobStore::at(&settings.jobs.file).load()?;
    let wanted = if args.all {
        Wanted::All
    } else {
        Wanted::These(args.names.clone())
    };
    let jobs = book.in_order(&wanted)?;
    run_jobs(&jobs, settings, sources, &args.output, progress, out).await
}

/// Runs them and says what came of each.
pub(super) async fn run_jobs(
    jobs: &[&Job],
    settings: &Settings,
    sources: &Sources,
    output: &OutputArgs,
    progress: &ProgressBar,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let mut exit = Exit::Done;
    let hear = |summary: &RunSummary| {
        let mut keep_first = |ended| {
            if exit == Exit::Done {
                exit = ended;
            }
        };
        keep_first(summary.exit());
        // The other jobs matter more than this line.
        if let Err(error) = tell(output, Naming::Named, summary, out) {
            tracing::error!("{error}");
            keep_first(Exit::Failed);
        }
    };
    each(jobs, settings, sources, progress, hear).await?;
    Ok(exit)
}

/// All jobs are checked before the first one begins. `hear` is told what came of each.
pub(super) async fn each(
    jobs: &[&Job],
    settings: &Settings,
    sources: &Sources,
    progress: &ProgressBar,
    mut hear: impl FnMut(&RunSummary),
) -> Result<(), CommandError> {
    let ready = jobs.iter().map(|job| Ready::of(job, sources));
    let ready: Vec<_> = ready.collect::<Result<_, _>>()?;
    let runner = Runner {
        warehouse: ready::warehouse(settings)?,
        host: host_name(),
        progress,
    };
    runner.warehouse.migrate().await?;
    let mut exits: BTreeMap<&JobName, Exit> = BTreeMap::new();
    for ready in ready {
        let job = ready.job;
        let missing = job.after.iter().find(|needed| {
            let needed = exits.get(needed);
            needed.is_some_and(|exit| *exit != Exit::Done)
        });
        let summary = match missing {
            Some(missing) => runner.skip(&job.name, missing).await,
            None => runner.run(ready).await,
        };
        progress.finish_and_clear();
        exits.insert(&job.name, summary.exit());
        hear(&summary);
    }
    Ok(())
}

struct Runner<'a> {
    warehouse: Warehouse,
    host: String,
    progress: &'a ProgressBar,
}

impl Runner<'_> {
    async fn run(&self, ready: Ready<'_>) -> RunSummary {
        let Ready {
            job,
            settings,
            work,
        } = ready;
        let name = job.name.to_string();
        let started_at = clock::now();
        let ended = |outcome| RunSummary {
            job: name.clone(),
            started_at,
            ended_at: clock::now(),
            attempts: 0,
            outcome,
        };
        let pid = std::process::id();
        let started = self
            .warehouse
            .start_job(&job.name, &self.host, pid, started_at);
        let lock = match started.await {
            Ok(JobStart::Started(lock)) => lock,
            Ok(JobStart::Held(holder)) => {
                return ended(Outcome::Locked {
                    message: is_running(holder.as_ref()),
                });
            }
            Err(error) => {
                return ended(Outcome::Failed {
                    message: error.to_string(),
                    exit: Exit::Failed,
                });
            }
        };
        let summary = match work {
            ReadyWork::Import { args, composed } => {
                if args.sqoop.verbose {
                    tracing::info!(
                        "{name}: --verbose has no effect in a job: run it with --log-level debug"
                    );
                }
                self.progress.reset();
                let (permit, progress) = (Permit::Of(&lock), self.progress);
                let name = name.clone();
                import::run_job(name, args, &settings, *composed, permit, progress).await
            }
            #[cfg(feature = "views")]
            ReadyWork::Views(job) => views::run_job(name.clone(), job, &settings, &lock).await,
        };
        record_end(lock, summary).await
    }

    async fn skip(&self, job: &JobName, missing: &JobName) -> RunSummary {
        let now = clock::now();
        let message = format!("skipped, because `{missing}` was not done");
        let (host, pid) = (self.host.as_str(), std::process::id());
        if let Err(error) = (self.warehouse.skip_job(job, host, pid, &message, now)).await {
            tracing::warn!("{job}: that it was skipped could not be recorded: {error}");
        }
        RunSummary {
            job: job.to_string(),
            started_at: now,
            ended_at: now,
            attempts: 0,
            outcome: Outcome::Skipped { message },
        }
    }
}

/// Frees the job. What was published but is not on record is told as a failure.
async fn record_end(lock: JobLock, mut summary: RunSummary) -> RunSummary {
    let complaint = summary.complaint();
    let end = JobEnd {
        at: summary.ended_at,
        outcome: match complaint {
            None => JobOutcome::Done,
            Some(_) => JobOutcome::Failed,
        },
        attempts: summary.attempts,
        output: summary.report().map(|report| JobOutput {
            run: report.run.clone(),
            rows: report.rows,
            bytes: report.bytes,
        }),
        error: complaint,
    };
    if let Err(error) = lock.finish(&end).await {
        let unrecorded = |what: String| Outcome::Failed {
            message: format!("{what}; but its end could not be recorded: {error}"),
            exit: Exit::Failed,
        };
        summary.outcome = match summary.outcome {
            Outcome::Views(report) if report.exit == Exit::Done => unrecorded(report.said),
            Outcome::Done(report) | Outcome::Empty(report) => unrecorded(report.to_string()),
            // What is wrong already is what people have to know.
            outcome => {
                tracing::debug!(%error, "the end could not be recorded");
                outcome
            }
        };
    }
    summary
}

pub(crate) fn is_running(holder: Option<&JobHolder>) -> String {
    let hint = "hint: comptoir-batch status shows it; if this comes often, start it less often";
    match holder {
        Some(JobHolder { host, pid, since }) => {
            format!("it is running already: process {pid} on {host}, since {since:.0}\n{hint}")
        }
        None => format!("it is running already\n{hint}"),
    }
}
