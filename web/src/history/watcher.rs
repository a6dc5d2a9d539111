//! The task that looks at the lake, so that requests do not.

use super::sight::{Look, Sight};
use super::view::{HistoryView, Reading, Unreadable};
use crate::http::problem::problem;
use crate::metrics::Metrics;
use comptoir_config::clock;
use comptoir_lake::published::{self, PublishedRun};
use comptoir_lake::{Lake, LakeError, LakePath};
use comptoir_model::api::{Problem, ProblemKind};
use comptoir_model::ids::RunId;
use comptoir_model::money::Currency;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tracing::{info, warn};

/// From the end of one look to the start of the next.
const INTERVAL: Duration = Duration::from_secs(1);
/// An import that could not be read is read again after this: a restart of HDFS may have
/// been the cause.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// For one look, all parts included; each call to the lake has its own, shorter limit.
const LOOK_MAX: Duration = Duration::from_mins(10);

/// Watches one target directory.
pub(crate) struct Watcher {
    pub(crate) lake: Lake,
    pub(crate) target: LakePath,
    pub(crate) currency: Currency,
    pub(crate) sight: watch::Sender<Sight>,
    pub(crate) metrics: Arc<Metrics>,
}

/// An import that was found unreadable, so that it is not read every second.
struct Refusal {
    run: RunId,
    problem: Problem,
    read_again_at: std::time::Instant,
}

/// What stands between the lake and a view.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error("{location}: {source}")]
    Unreadable {
        location: String,
        source: Unreadable,
    },
    #[error("reading the import stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
    #[error("looking at the lake took longer than {} s", LOOK_MAX.as_secs())]
    TimedOut,
}

impl Watcher {
    /// Looks until it is dropped, one look at a time.
    pub(crate) async fn run(self) -> Infallible {
        let mut refusal = None;
        loop {
            let look = self.look(&mut refusal).await;
            self.learn(look);
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn look(&self, refusal: &mut Option<Refusal>) -> Look {
        let found = match tokio::time::timeout(LOOK_MAX, self.newest(refusal)).await {
            Ok(found) => found,
            Err(_) => Err(LookError::TimedOut),
        };
        found.unwrap_or_else(|error| {
            self.metrics.count_lake_read_error();
            Look::Failed(as_problem(&error))
        })
    }

    async fn newest(&self, refusal: &mut Option<Refusal>) -> Result<Look, LookError> {
        let Some(run) = published::open(&self.lake, &self.target).await? else {
            return Ok(Look::Failed(self.no_import()));
        };
        let id = &run.manifest().run;
        if self.sight.borrow().run() == Some(id) {
            return Ok(Look::Same);
        }
        let refused = refusal
            .as_ref()
            .filter(|refused| refused.run == *id && clock::instant() < refused.read_again_at);
        if let Some(refused) = refused {
            return Ok(Look::Failed(refused.problem.clone()));
        }
        let read = self.read(&run).await;
        *refusal = match &read {
            Err(error) if kind_of(error) == ProblemKind::UnreadableImport => Some(Refusal {
                run: id.clone(),
                problem: as_problem(error),
                read_again_at: clock::instant() + READ_AGAIN_AFTER,
            }),
            _ => None,
        };
        Ok(Look::Newer(Arc::new(read?)))
    }

    /// Reads all parts, one in memory at a time.
    async fn read(&self, run: &PublishedRun) -> Result<HistoryView, LookError> {
        run.ensure_decodable()?;
        let location = self.lake.url_of(&self.target);
        let unreadable = |source| LookError::Unreadable {
            location: location.clone(),
            source,
        };
        let mut reading =
            Reading::begin(run.manifest().clone(), self.currency).map_err(unreadable)?;
        for (number, part) in run.manifest().parts.iter().enumerate() {
            let bytes = run.read_part(number).await?;
            let part = part.clone();
            // Decoding is work for a processor: requests go on meanwhile.
            reading =
                tokio::task::spawn_blocking(move || reading.add(&part, &bytes).map(|()| reading))
                    .await?
                    .map_err(unreadable)?;
        }
        Ok(reading.finish(location))
    }

    /// Tells the requests, and the log where something changed.
    fn learn(&self, look: Look) {
        self.sight.send_modify(|sight| {
            let before = sight.clone();
            *sight = before.clone().after(look, clock::now());
            report(&before, sight);
        });
    }

    /// The command has the delimiters that can be read back whatever the texts hold.
    fn no_import(&self) -> Problem {
        let (location, target) = (self.lake.url_of(&self.target), &self.target);
        let command = format!(
            r"comptoir-batch import --connect URL --table sales --target-dir {target} --delete-target-dir --escaped-by '\\' --null-string '\\N' --null-non-string '\\N'"
        );
        let detail = format!("{location} holds no import");
        problem(ProblemKind::NoImport, detail, Some(command))
    }
}

fn report(before: &Sight, after: &Sight) {
    if before.run() != after.run()
        && let Some((view, _)) = after.view()
    {
        let import = view.import();
        info!(
            "serving import {}: {} rows of {}",
            import.run, import.rows, import.location
        );
    }
    match (before.problem(), after.problem()) {
        (before, Some(problem)) if before != Some(problem) => {
            let hint = problem.hint.as_deref().unwrap_or_default();
            if problem.kind == ProblemKind::NoImport {
                info!("{}: {hint}", problem.detail);
            } else {
                warn!("{}: {hint}", problem.detail);
            }
        }
        (Some(_), None) if before.run() == after.run() => {
            info!("the import that is served is the lake's newest again");
        }
        _ => {}
    }
}

fn kind_of(error: &LookError) -> ProblemKind {
    match error {
        LookError::Unreadable { .. }
        | LookError::Lake(
            LakeError::Corrupt { .. }
            | LakeError::NewerManifest { .. }
            | LakeError::AmbiguousRows { .. }
            | LakeError::NotText { .. }
            | LakeError::OtherParts { .. }
            | LakeError::Unpublished { .. },
        ) => ProblemKind::UnreadableImport,
        LookError::Lake(_) | LookError::Stopped(_) | LookError::TimedOut => {
            ProblemKind::LakeUnavailable
        }
    }
}

fn as_problem(error: &LookError) -> Problem {
    let text = error.to_string();
    // Messages of the lake carry their cure in a line of its own.
    let (detail, cure) = match text.split_once("\nhint: ") {
        Some((detail, cure)) => (detail, Some(cure)),
        None => (text.as_str(), None),
    };
    let cure = match error {
        LookError::Unreadable { source, .. } => Some(source.cure()),
        _ => cure,
    };
    problem(kind_of(error), detail.to_owned(), cure.map(str::to_owned))
}
