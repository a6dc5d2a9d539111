//! What is kept of each run.

use super::{hold, prune};
use crate::dialect::OnConflict;
use crate::error::Result;
use crate::rows::{Cells, count};
use crate::session::{Insert, Session};
use crate::warehouse::{Inner, Warehouse};
use comptoir_database::{Row, Value};
use comptoir_model::ids::{JobName, RunId};
use jiff::Timestamp;

/// One run of a job, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRun {
    /// Grows with each run.
    pub id: i64,
    pub job: JobName,
    pub host: String,
    pub pid: u32,
    pub started_at: Timestamp,
    /// `None` while it runs. Of a crashed run: when it was found.
    pub ended_at: Option<Timestamp>,
    pub outcome: JobOutcome,
    /// How often it was tried; 0 where it was not.
    pub attempts: u32,
    /// What it published.
    pub output: Option<JobOutput>,
    /// In words, with a hint.
    pub error: Option<String>,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    Running,
    Done,
    Failed,
    /// A job that it needs was not done.
    Skipped,
    /// It ended without a word, or lost its lock: another one may run.
    Crashed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobOutput {
    /// Of the import, as in the lake's manifest.
    pub run: RunId,
    pub rows: u64,
    pub bytes: u64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    pub at: Timestamp,
    pub outcome: JobOutcome,
    pub attempts: u32,
    pub output: Option<JobOutput>,
    pub error: Option<String>,
}

/// What is known of a job that has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobState {
    pub last: JobRun,
    pub last_done: Option<JobRun>,
}

impl JobOutcome {
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Skipped,
        Self::Crashed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Crashed => "crashed",
        }
    }
}

impl Warehouse {
    /// The newest runs, newest first, of one job or of all. A run that still says `running` although
    /// nobody holds its lock has crashed.
    pub async fn job_runs(&self, job: Option<&JobName>, limit: usize) -> Result<Vec<JobRun>> {
        let limit = Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX));
        let (condition, values) = match job {
            None => ("", vec![limit]),
            Some(job) => ("WHERE job = ?", vec![Value::Text(job.as_str()), limit]),
        };
        let sql = format!("{SELECT} {condition} ORDER BY id DESC LIMIT ?");
        self.read_job_runs(&sql, &values).await
    }

    /// Of each job that has run, by name.
    pub async fn job_states(&self) -> Result<Vec<JobState>> {
        let sql = format!(
            "{SELECT} WHERE id IN (SELECT MAX(id) FROM job_runs GROUP BY job) \
             OR id IN (SELECT MAX(id) FROM job_runs WHERE outcome = ? GROUP BY job) \
             ORDER BY job, id DESC"
        );
        let done = [Value::Text(JobOutcome::Done.as_str())];
        let mut states: Vec<JobState> = Vec::new();
        for run in self.read_job_runs(&sql, &done).await? {
            match states.last_mut().filter(|state| state.last.job == run.job) {
                Some(state) => state.last_done = Some(run),
                None => states.push(JobState {
                    last_done: (run.outcome == JobOutcome::Done).then(|| run.clone()),
                    last: run,
                }),
            }
        }
        Ok(states)
    }

    /// Records that a job was not even begun, and why.
    pub async fn skip_job(
        &self,
        job: &JobName,
        host: &str,
        pid: u32,
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut lease = self.lease().await?;
        lease.begin().await?;
        let at = now.as_millisecond();
        let row = [
            Value::Text(job.as_str()),
            Value::Text(host),
            Value::Integer(pid.into()),
            Value::Integer(at),
            Value::Integer(at),
            Value::Text(JobOutcome::Skipped.as_str()),
            Value::Integer(0),
            Value::Text(why),
        ];
        let table = Insert {
            table: "job_runs",
            key: &["id"],
            columns: &[
                "job",
                "host",
                "pid",
                "started_at_ms",
                "ended_at_ms",
                "outcome",
                "attempts",
                "error",
            ],
            on_conflict: OnConflict::Keep,
        };
        lease.insert(&table, &row).await?;
        prune::forget_old_runs(&mut lease, job, now).await?;
        lease.commit("a job that was skipped").await?;
        lease.give_back();
        Ok(())
    }

    async fn read_job_runs(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<JobRun>> {
        let mut lease = self.lease().await?;
        let rows = lease.select("reading the jobs' runs", sql, values).await?;
        let mut runs: Vec<_> = rows.iter().map(read).collect::<Result<_>>()?;
        for run in &mut runs {
            if run.outcome == JobOutcome::Running {
                run.outcome = settle(self.inner(), &mut lease, run).await?;
            }
        }
        lease.give_back();
        Ok(runs)
    }
}

/// A run gives up its lock after it wrote how it ended: what has no lock and still says `running`
/// afterwards has crashed.
async fn settle(inner: &Inner, session: &mut Session, run: &JobRun) -> Result<JobOutcome> {
    if hold::is_taken(inner, session, &run.job).await? {
        return Ok(JobOutcome::Running);
    }
    Ok(match outcome(session, run.id).await? {
        Some(JobOutcome::Running) | None => JobOutcome::Crashed,
        Some(ended) => ended,
    })
}

/// What the row says; `None` where somebody has deleted it.
pub(super) async fn outcome(session: &mut Session, id: i64) -> Result<Option<JobOutcome>> {
    let sql = "SELECT outcome FROM job_runs WHERE id = ?";
    let values = [Value::Integer(id)];
    let rows = session.select("reading a job's run", sql, &values).await?;
    let row = rows.first();
    row.map(|row| Cells::of("job_runs", row).word(known))
        .transpose()
}

pub(super) async fn running(session: &mut Session, job: &JobName) -> Result<Option<JobRun>> {
    let sql = format!("{SELECT} WHERE job = ? AND outcome = ? ORDER BY id DESC LIMIT 1");
    let values = [
        Value::Text(job.as_str()),
        Value::Text(JobOutcome::Running.as_str()),
    ];
    let rows = session.select("reading a job's run", &sql, &values).await?;
    rows.first().map(read).transpose()
}

/// Writes the end over a row that still says `running`; `false` where none does.
pub(super) async fn write_end(session: &mut Session, id: i64, end: &JobEnd) -> Result<bool> {
    let sql = "UPDATE job_runs SET ended_at_ms = ?, outcome = ?, attempts = ?, imported_rows = ?, \
               imported_bytes = ?, run = ?, error = ? WHERE id = ? AND outcome = ?";
    let output = end.output.as_ref();
    let rows = output.map(|output| count(output.rows, "a number of rows"));
    let bytes = output.map(|output| count(output.bytes, "a number of bytes"));
    let values = [
        Value::Integer(end.at.as_millisecond()),
        Value::Text(end.outcome.as_str()),
        Value::Integer(end.attempts.into()),
        Value::integer_or_null(rows.transpose()?),
        Value::integer_or_null(bytes.transpose()?),
        Value::text_or_null(output.map(|output| output.run.as_str())),
        Value::text_or_null(end.error.as_deref()),
        Value::Integer(id),
        Value::Text(JobOutcome::Running.as_str()),
    ];
    Ok(session.run("ending a job's run", sql, &values).await? == 1)
}

const SELECT: &str = "SELECT id, job, host, pid, started_at_ms, ended_at_ms, outcome, attempts, \
                      imported_rows, imported_bytes, run, error FROM job_runs";

fn known(word: &str) -> Option<JobOutcome> {
    (JobOutcome::ALL.into_iter()).find(|outcome| outcome.as_str() == word)
}

fn read(row: &Row) -> Result<JobRun> {
    let mut cells = Cells::of("job_runs", row);
    let id = cells.integer()?;
    let job = cells.parsed(JobName::parse)?;
    let host = cells.text()?.to_owned();
    let pid = u32::try_from(cells.unsigned()?).map_err(|error| cells.damaged(error))?;
    let started_at = cells.milliseconds()?;
    let ended_at = cells.optional_milliseconds()?;
    let outcome = cells.word(known)?;
    let attempts = u32::try_from(cells.unsigned()?).map_err(|error| cells.damaged(error))?;
    let (rows, bytes) = (cells.optional_integer()?, cells.optional_integer()?);
    let output = match (rows, bytes, cells.optional_text()?) {
        (Some(rows), Some(bytes), Some(run)) => Some(JobOutput {
            run: RunId::parse(run).map_err(|error| cells.damaged(error))?,
            rows: u64::try_from(rows).map_err(|error| cells.damaged(error))?,
            bytes: u64::try_from(bytes).map_err(|error| cells.damaged(error))?,
        }),
        _ => None,
    };
    Ok(JobRun {
        id,
        job,
        host,
        pid,
        started_at,
        ended_at,
        outcome,
        attempts,
        output,
        error: cells.optional_text()?.map(str::to_owned),
    })
}
