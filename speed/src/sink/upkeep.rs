//! What a sink does at intervals besides its work, on one process of all that run it.
//!
//! The one that holds the lock of the job does it, and the warehouse has a record of each turn. A
//! warehouse or a lake that is away puts it off.

use super::SinkError;
use comptoir_config::{clock, host_name};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobEnd, JobOutcome, JobStart, Warehouse};
use std::time::Duration;
use tracing::{debug, info, warn};

/// How often it looks whether a turn is due, at most.
const LOOK: Duration = Duration::from_mins(1);

pub(crate) trait Upkeep: Send + Sync {
    /// As which it is on record.
    const JOB: &'static str;

    /// Whether there is anything yet to look after.
    fn is_of_use(&self) -> impl Future<Output = Result<bool, SinkError>> + Send {
        std::future::ready(Ok(true))
    }

    /// One turn; what was done, in words. It may end anywhere.
    fn turn(&self) -> impl Future<Output = Result<String, SinkError>> + Send;
}

/// Goes on until it is dropped, which is safe at any moment. `every` is from the start of one turn
/// to that of the next.
pub(crate) async fn keep_up<U: Upkeep>(upkeep: U, warehouse: Warehouse, every: Duration) {
    loop {
        tokio::time::sleep(every.min(LOOK)).await;
        match turn(&upkeep, &warehouse, every).await {
            Ok(None) => {}
            Ok(Some(done)) => info!("{done}"),
            Err(error) => warn!("{} is put off: {error}", U::JOB),
        }
    }
}

/// `None` where it is not due, or somebody else does it.
async fn turn<U: Upkeep>(
    upkeep: &U,
    warehouse: &Warehouse,
    every: Duration,
) -> Result<Option<String>, SinkError> {
    let job = JobName::parse(U::JOB).unwrap_or_else(|error| unreachable!("{error}"));
    let last = warehouse.job_runs(Some(&job), 1).await?;
    let now = clock::now();
    let is_due = last.first().is_none_or(|run| {
        // A clock that was set back does not put it off for long.
        now.duration_since(run.started_at).unsigned_abs() >= every
    });
    if !is_due || !upkeep.is_of_use().await? {
        return Ok(None);
    }
    let host = host_name();
    let started = warehouse.start_job(&job, &host, std::process::id(), now);
    let JobStart::Started(lock) = started.await? else {
        debug!("another process does {job}");
        return Ok(None);
    };
    let done = upkeep.turn().await;
    let end = JobEnd {
        at: clock::now(),
        outcome: match done {
            Ok(_) => JobOutcome::Done,
            Err(_) => JobOutcome::Failed,
        },
        attempts: 1,
        output: None,
        error: done.as_ref().err().map(ToString::to_string),
    };
    lock.finish(&end).await?;
    done.map(Some)
}
