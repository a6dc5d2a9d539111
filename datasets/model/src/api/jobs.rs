//! The runs of imports and views: `GET /api/v1/jobs` and `GET /api/v1/jobs/{name}`; and asking for one:
//! `POST /api/v1/jobs/{name}/run`.

use crate::ids::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Every job that has run, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jobs {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    pub jobs: Vec<JobInfo>,
    pub run_now: RunNow,
}

/// Whether jobs are run when somebody asks, which ones, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunNow {
    /// Whether a process that does so lives.
    pub is_possible: bool,
    /// When one was heard of last; `None` where none ever was.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub seen_at: Option<Timestamp>,
    /// The jobs that those run which live, or, where none does, that the earlier ones ran. By name.
    pub jobs: Vec<String>,
    /// The newest command of each job, by job.
    pub commands: Vec<CommandInfo>,
}

/// A job that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommandInfo {
    /// Grows with each command.
    pub id: i64,
    pub job: String,
    /// `user:ada`, `token:cron`, or `anyone` where nobody is asked.
    pub asked_by: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub asked_at: Timestamp,
    pub state: CommandState,
    /// `None` while it waits or runs.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub ended_at: Option<Timestamp>,
    /// What came of it, in words, with a hint where it is not all well.
    pub said: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    /// No process has taken it yet.
    Waiting,
    Running,
    Done,
    Failed,
    /// The job was not begun: it runs already, or there is none.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobInfo {
    pub name: String,
    pub last: JobRunInfo,
    /// The newest run that was done.
    pub last_done: Option<JobRunInfo>,
    /// The newest runs, newest first, at most [`RECENT_MAX`].
    pub recent: Vec<RecentRun>,
    /// From one run to the next, in the middle of the last ones; `None` of fewer than four.
    pub usual_interval_s: Option<u64>,
    /// When the next one is due, if it comes as usual.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expected_at: Option<Timestamp>,
    /// It is half an interval past that, and none has begun.
    pub is_overdue: bool,
}

/// How many runs tell of a job at a glance.
pub const RECENT_MAX: usize = 14;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecentRun {
    pub outcome: Outcome,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobRunInfo {
    /// Grows with each run of any job.
    pub id: i64,
    pub outcome: Outcome,
    pub host: String,
    pub pid: u32,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// `None` while it runs. Of a crashed run: when it was found.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub ended_at: Option<Timestamp>,
    /// How often it was tried; 0 where it was not.
    pub attempts: u32,
    /// What it published; a run that publishes nothing has none of these.
    pub run: Option<RunId>,
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
    /// In words, with a hint.
    pub error: Option<String>,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Running,
    Done,
    Failed,
    /// A job that it needs was not done.
    Skipped,
    /// It ended without a word.
    Crashed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobRuns {
    pub name: String,
    /// Newest first.
    pub runs: Vec<JobRunInfo>,
}
