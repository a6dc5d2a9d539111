//! `GET /api/v1/jobs` and `GET /api/v1/jobs/{name}`: the imports and views that ran, and how they ended;
//! [`run_now`] has the way to ask for one.

mod rhythm;
mod run_now;

pub(crate) use run_now::ask;

use crate::export::{CsvFile, Format, ROWS_MAX, Table, fits};
use crate::http::answer::json;
use crate::http::parameters::{Parameters, Segment};
use crate::http::problem::{Refused, problem};
use crate::live::rest::{asked, rows};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::ProblemKind;
use comptoir_model::api::jobs::{
    JobInfo, JobRunInfo, JobRuns, Jobs, Outcome, RECENT_MAX, RecentRun,
};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobOutcome, JobRun, JobState, Warehouse};
use jiff::Timestamp;
use rhythm::Rhythm;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of all jobs together: enough for the newest of each where they run about equally often.
const RUNS_READ: usize = 1_000;
pub(crate) const HISTORY_DEFAULT: usize = 50;

/// What is asked of the warehouse, and when.
#[derive(Debug)]
pub(crate) struct JobBook {
    pub(crate) warehouse: Warehouse,
    pub(crate) now: fn() -> Timestamp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryQuery {
    limit: Option<usize>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    bom: bool,
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let book = &server.jobs;
    let states = asked(book.warehouse.job_states()).await?;
    let runs = asked(book.warehouse.job_runs(None, RUNS_READ)).await?;
    let mut of_job: BTreeMap<&JobName, Vec<&JobRun>> = BTreeMap::new();
    for run in &runs {
        of_job.entry(&run.job).or_default().push(run);
    }
    let time = (book.now)();
    let jobs = states.iter().map(|state| {
        let recent = of_job.get(&state.last.job).map_or(&[][..], Vec::as_slice);
        of_state(state, recent, time)
    });
    let jobs = jobs.collect();
    let run_now = asked(run_now::run_now(&book.warehouse, time)).await?;
    let answer = Jobs {
        time,
        jobs,
        run_now,
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn history(
    State(server): State<Arc<Server>>,
    Segment(name): Segment,
    Parameters(query): Parameters<HistoryQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let limit = rows(query.limit, HISTORY_DEFAULT)?;
    let unknown = || {
        let detail = format!("no job called `{name}` has run");
        let hint = Some("/api/v1/jobs lists those that have".to_owned());
        Refused(problem(ProblemKind::NotFound, detail, hint))
    };
    let name = JobName::parse(&name).map_err(|_| unknown())?;
    // A file has all of them, where no limit is given.
    let limit = match (query.format, query.limit) {
        (Format::Csv, None) => ROWS_MAX + 1,
        _ => limit,
    };
    let runs = asked(server.jobs.warehouse.job_runs(Some(&name), limit)).await?;
    if runs.is_empty() {
        return Err(unknown());
    }
    let runs: Vec<_> = runs.iter().map(info).collect();
    let name = name.to_string();
    if query.format == Format::Csv {
        fits(runs.len())?;
        let file = CsvFile {
            what: format!("runs-of-{name}"),
            at: (server.jobs.now)(),
            bom: query.bom,
        };
        return Ok(file.table(&headers, &Table::of_runs(&runs)));
    }
    Ok(json(&headers, &JobRuns { name, runs }))
}

fn of_state(state: &JobState, recent: &[&JobRun], now: Timestamp) -> JobInfo {
    let starts: Vec<Timestamp> = recent.iter().map(|run| run.started_at).collect();
    let rhythm = Rhythm::of(&starts);
    let newest = recent.iter().take(RECENT_MAX);
    JobInfo {
        name: state.last.job.to_string(),
        last: info(&state.last),
        last_done: state.last_done.as_ref().map(info),
        recent: newest
            .map(|run| RecentRun {
                outcome: outcome(run.outcome),
                started_at: run.started_at,
            })
            .collect(),
        usual_interval_s: rhythm.map(|rhythm| rhythm.interval.as_secs()),
        expected_at: rhythm.and_then(|rhythm| rhythm.next),
        is_overdue: rhythm.is_some_and(|rhythm| rhythm.is_overdue(now)),
    }
}

fn info(run: &JobRun) -> JobRunInfo {
    let output = run.output.as_ref();
    JobRunInfo {
        id: run.id,
        outcome: outcome(run.outcome),
        host: run.host.clone(),
        pid: run.pid,
        started_at: run.started_at,
        ended_at: run.ended_at,
        attempts: run.attempts,
        run: output.map(|output| output.run.clone()),
        rows: output.map(|output| output.rows),
        bytes: output.map(|output| output.bytes),
        error: run.error.clone(),
    }
}

fn outcome(outcome: JobOutcome) -> Outcome {
    match outcome {
        JobOutcome::Running => Outcome::Running,
        JobOutcome::Done => Outcome::Done,
        JobOutcome::Failed => Outcome::Failed,
        JobOutcome::Skipped => Outcome::Skipped,
        JobOutcome::Crashed => Outcome::Crashed,
    }
}
