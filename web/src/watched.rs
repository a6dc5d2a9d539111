//! For Prometheus: how the parts are, how jobs ended, and whether the figures were reconciled.

use crate::health::board::Board;
use comptoir_config::clock;
use comptoir_model::api::health::{PartHealth, PartState};
use comptoir_model::api::reconcile::ReconcileReport;
use comptoir_warehouse::{JobOutcome, JobState, Warehouse, WarehouseError};
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::debug;

const EVERY: Duration = Duration::from_secs(10);
const LOOK_MAX: Duration = Duration::from_secs(5);

/// What the warehouse had on record when it was asked last; it stays while the warehouse is away.
#[derive(Debug, Default)]
pub(crate) struct OnRecord {
    jobs: Vec<JobState>,
    /// The newest look at the log and the archive.
    look: Option<ReconcileReport>,
}

type Shared = Arc<Mutex<OnRecord>>;

/// Reads it again and again.
pub(crate) struct Watch {
    pub(crate) warehouse: Warehouse,
    pub(crate) seen: Shared,
}

impl Watch {
    pub(crate) async fn run(self) -> Infallible {
        loop {
            match tokio::time::timeout(LOOK_MAX, self.look()).await {
                Ok(Ok(seen)) => *lock(&self.seen) = seen,
                Ok(Err(error)) => debug!("what is on record of jobs is not known: {error}"),
                Err(_) => debug!("what is on record of jobs is not known: no answer in time"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn look(&self) -> Result<OnRecord, WarehouseError> {
        Ok(OnRecord {
            jobs: self.warehouse.job_states().await?,
            look: self.warehouse.full_looks().await?.report,
        })
    }
}

fn lock(seen: &Shared) -> MutexGuard<'_, OnRecord> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub(crate) struct WatchedMetrics {
    pub(crate) board: Arc<Board>,
    pub(crate) seen: Shared,
}

impl Collector for WatchedMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let parts = self.board.health(clock::now()).parts;
        of_parts(
            &mut encoder,
            "comptoir_part_up",
            "1 where a part of the platform answers, 0 where it is down",
            &parts,
            is_up,
        )?;
        of_parts(
            &mut encoder,
            "comptoir_part_degraded",
            "1 where a part works and something is wrong with it",
            &parts,
            |state| Some(i64::from(state == PartState::Degraded)),
        )?;
        let seen = lock(&self.seen);
        of_jobs(
            &mut encoder,
            "comptoir_job_failed",
            "1 where the last run of a job failed, crashed or was skipped",
            &seen.jobs,
            |state| Some(i64::from(has_failed(state.last.outcome))),
        )?;
        of_jobs(
            &mut encoder,
            "comptoir_job_done_at_seconds",
            "When a job was done last",
            &seen.jobs,
            |state| Some(second(state.last_done.as_ref()?.ended_at?)),
        )?;
        let Some(look) = &seen.look else {
            return Ok(());
        };
        let differences = i64::try_from(look.differences.len()).unwrap_or(i64::MAX);
        for (name, help, value) in [
            (
                "comptoir_reconcile_at_seconds",
                "When the log, the archive and the warehouse were held against each other last",
                second(look.as_of.time),
            ),
            (
                "comptoir_reconcile_differences",
                "What did not agree then",
                differences,
            ),
            (
                "comptoir_reconcile_complete",
                "1 where everything agreed then and nothing was lost",
                i64::from(look.complete),
            ),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

/// Of a part that was not asked yet there is no figure.
fn is_up(state: PartState) -> Option<i64> {
    match state {
        PartState::Up | PartState::Degraded | PartState::Restricted => Some(1),
        PartState::Down => Some(0),
        PartState::Unknown => None,
    }
}

fn has_failed(outcome: JobOutcome) -> bool {
    match outcome {
        JobOutcome::Running | JobOutcome::Done => false,
        JobOutcome::Failed | JobOutcome::Skipped | JobOutcome::Crashed => true,
    }
}

fn second(time: Timestamp) -> i64 {
    time.as_second()
}

fn of_parts(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    parts: &[PartHealth],
    value: impl Fn(PartState) -> Option<i64>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for part in parts {
        let Some(value) = value(part.state) else {
            continue;
        };
        // Its name in JSON.
        let kind = serde_json::to_value(part.kind).unwrap_or_default();
        let labels = [
            ("kind", kind.as_str().unwrap_or_default()),
            ("part", part.id.as_str()),
        ];
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn of_jobs(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    jobs: &[JobState],
    value: impl Fn(&JobState) -> Option<i64>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for state in jobs {
        if let Some(value) = value(state) {
            // Prometheus has a label `job` of its own.
            let labels = [("name", state.last.job.as_str())];
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}
