//! One run of a job, from its lock to its end.

use super::hold::Hold;
use super::prune;
use super::record::{self, JobEnd, JobOutcome};
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::session::Insert;
use crate::warehouse::Warehouse;
use comptoir_database::{Retry, Value};
use comptoir_model::ids::JobName;
use jiff::Timestamp;
use std::time::Duration;
use tokio::sync::Mutex;

/// How often the warehouse is asked before a question is given up, and the pause in between: a
/// server that restarts while an import runs should not cost the import.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(3);

/// The right to run a job, and the open record of that run. Dropping it frees the job and leaves
/// the run to be found crashed.
pub struct JobLock {
    warehouse: Warehouse,
    job: JobName,
    id: i64,
    hold: Mutex<Hold>,
}

/// What became of the wish to run a job.
pub enum JobStart {
    Started(JobLock),
    /// Somebody else runs it; who, where that could still be found.
    Held(Option<JobHolder>),
}

/// Who runs a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobHolder {
    pub host: String,
    pub pid: u32,
    pub since: Timestamp,
}

impl Warehouse {
    /// Takes the job's lock and records a run that begins. What still says `running` is recorded as
    /// crashed: its process has no lock any more. Runs of the job that are too old are forgotten.
    pub async fn start_job(
        &self,
        job: &JobName,
        host: &str,
        pid: u32,
        now: Timestamp,
    ) -> Result<JobStart> {
        let Some(hold) = Hold::take(self.inner(), job).await? else {
            let mut lease = self.lease().await?;
            let running = record::running(&mut lease, job).await?;
            lease.give_back();
            return Ok(JobStart::Held(running.map(|run| JobHolder {
                host: run.host,
                pid: run.pid,
                since: run.started_at,
            })));
        };
        let id = self.record_start(job, host, pid, now).await?;
        Ok(JobStart::Started(JobLock {
            warehouse: self.clone(),
            job: job.clone(),
            id,
            hold: Mutex::new(hold),
        }))
    }

    async fn record_start(
        &self,
        job: &JobName,
        host: &str,
        pid: u32,
        now: Timestamp,
    ) -> Result<i64> {
        let running = JobOutcome::Running.as_str();
        let mut lease = self.lease().await?;
        lease.begin().await?;
        let crashed = "UPDATE job_runs SET outcome = ?, ended_at_ms = ? \
                       WHERE job = ? AND outcome = ?";
        let values = [
            Value::Text(JobOutcome::Crashed.as_str()),
            Value::Integer(now.as_millisecond()),
            Value::Text(job.as_str()),
            Value::Text(running),
        ];
        lease.run("ending crashed runs", crashed, &values).await?;
        let table = Insert {
            table: "job_runs",
            key: &["id"],
            columns: &["job", "host", "pid", "started_at_ms", "outcome", "attempts"],
            on_conflict: OnConflict::Keep,
        };
        let row = [
            Value::Text(job.as_str()),
            Value::Text(host),
            Value::Integer(pid.into()),
            Value::Integer(now.as_millisecond()),
            Value::Text(running),
            Value::Integer(0),
        ];
        lease.insert(&table, &row).await?;
        // Nobody else inserts one without the lock.
        let run = record::running(&mut lease, job).await?;
        let run = run.ok_or_else(|| WarehouseError::Damaged {
            table: "job_runs",
            what: format!("no run of `{job}` that has just begun"),
        })?;
        prune::forget_old_runs(&mut lease, job, now).await?;
        lease.commit("a job's start").await?;
        lease.give_back();
        Ok(run.id)
    }
}

impl JobLock {
    /// Whether this run may still change what others see: it holds the lock, and nobody had it in
    /// between. A lock that was lost with its session (the server restarted) is taken again first.
    ///
    /// [`WarehouseError::JobTakenOver`] is final.
    pub async fn confirm(&self) -> Result<()> {
        let mut patience = Patience::new();
        loop {
            let done = self.confirm_once().await;
            if !patience.lasts(&done).await {
                return done;
            }
        }
    }

    async fn confirm_once(&self) -> Result<()> {
        let mut hold = self.hold.lock().await;
        if !matches!(hold.is_held(&self.job).await, Ok(true)) {
            match Hold::take(self.warehouse.inner(), &self.job).await? {
                Some(again) => *hold = again,
                None => return Err(self.taken_over()),
            }
        }
        let mut lease = self.warehouse.lease().await?;
        let outcome = record::outcome(&mut lease, self.id).await?;
        lease.give_back();
        if outcome == Some(JobOutcome::Running) {
            Ok(())
        } else {
            Err(self.taken_over())
        }
    }

    /// Records how the run ended, and frees the job.
    pub async fn finish(self, end: &JobEnd) -> Result<()> {
        let mut patience = Patience::new();
        let written = loop {
            let done = self.write_end(end).await;
            if !patience.lasts(&done).await {
                break done;
            }
        };
        self.hold.into_inner().release(&self.job).await;
        written
    }

    async fn write_end(&self, end: &JobEnd) -> Result<()> {
        let mut lease = self.warehouse.lease().await?;
        lease.begin().await?;
        if record::write_end(&mut lease, self.id, end).await? {
            lease.commit("a job's end").await?;
        } else {
            // An earlier try that got no answer, or the end that a successor wrote for it.
            let found = record::outcome(&mut lease, self.id).await?;
            lease.rollback().await?;
            if found != Some(end.outcome) {
                return Err(self.taken_over());
            }
        }
        lease.give_back();
        Ok(())
    }

    fn taken_over(&self) -> WarehouseError {
        WarehouseError::JobTakenOver {
            job: self.job.clone(),
        }
    }
}

/// How often a question may still be asked.
struct Patience {
    left: u32,
}

impl Patience {
    fn new() -> Self {
        Self { left: TRIES - 1 }
    }

    /// Whether to ask again, after a pause.
    async fn lasts(&mut self, done: &Result<()>) -> bool {
        match done {
            Err(error) if error.retry() != Retry::CanNot && self.left > 0 => {
                tracing::warn!("{error}; asking again in {} s", PAUSE.as_secs());
                self.left -= 1;
                tokio::time::sleep(PAUSE).await;
                true
            }
            _ => false,
        }
    }
}
