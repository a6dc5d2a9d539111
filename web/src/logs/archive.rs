//! The archive of logs in the lake, as requests open it.

use super::verify::Verifier;
use crate::http::problem::{Refused, invalid_parameter, problem, told};
use comptoir_lake::{Lake, LakePath};
use comptoir_logship::archive::ArchiveError;
use comptoir_logship::audit;
use comptoir_logship::seal::anchor::Anchor;
use comptoir_model::api::{Problem, ProblemKind};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Searches at the same time, of all who look; others wait.
const SEARCHES_MAX: usize = 2;
/// So long.
const TURN_MAX: Duration = Duration::from_secs(3);

/// Where the archive is, and with what it is verified.
#[derive(Clone, Debug)]
pub struct LogArchivePlace {
    /// The directory of all logs in the lake.
    pub directory: LakePath,
    /// The file of a public key that signed it; where it can't be read, signatures are checked
    /// against the chain's own keys only.
    pub public_key: PathBuf,
    /// Where the heads of the chains are kept.
    pub anchor: Option<Anchor>,
}

#[derive(Debug)]
pub(crate) struct LogArchive {
    pub(crate) lake: Lake,
    pub(crate) place: LogArchivePlace,
    pub(crate) verifier: Verifier,
    pub(crate) now: fn() -> Timestamp,
    turns: Semaphore,
}

impl LogArchive {
    pub(crate) fn new(lake: Lake, place: LogArchivePlace, now: fn() -> Timestamp) -> Arc<Self> {
        Arc::new(Self {
            lake,
            place,
            verifier: Verifier::default(),
            now,
            turns: Semaphore::new(SEARCHES_MAX),
        })
    }

    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Refused> {
        let turn = tokio::time::timeout(TURN_MAX, self.turns.acquire()).await;
        if let Ok(Ok(turn)) = turn {
            return Ok(turn);
        }
        let detail = format!("{SEARCHES_MAX} searches of others are under way");
        let hint = "try again in a few seconds".to_owned();
        let kind = ProblemKind::LogArchiveUnavailable;
        Err(Refused(problem(kind, detail, Some(hint))))
    }

    /// The names of the sources: all, or the one that is asked for.
    pub(crate) async fn sources(&self, asked: Option<&str>) -> Result<Vec<String>, Refused> {
        let all = audit::sources(&self.lake, &self.place.directory).await;
        let all = match all {
            Ok(all) => all,
            Err(comptoir_lake::LakeError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(Refused(away(&error.into()))),
        };
        let Some(asked) = asked else {
            return Ok(all);
        };
        if all.iter().any(|name| name == asked) {
            return Ok(vec![asked.to_owned()]);
        }
        let detail = format!("the archive has no source `{asked}`");
        let hint = (!all.is_empty()).then(|| format!("its sources are {}", all.join(", ")));
        let error = invalid_parameter("source", detail);
        Err(Refused(Problem { hint, ..error }))
    }

    pub(crate) fn directory_of(&self, source: &str) -> Result<LakePath, Refused> {
        let directory = self.place.directory.join(source);
        directory.map_err(|error| Refused(away(&error.into())))
    }
}

/// Why the archive can't be read.
pub(crate) fn away(error: &ArchiveError) -> Problem {
    told(ProblemKind::LogArchiveUnavailable, &error.to_string())
}
