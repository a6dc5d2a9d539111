//! `comptoir-batch status` and `history`: what is on record. Nothing is changed.

use super::args::{HistoryArgs, StatusArgs};
use super::error::Fault;
use super::ready::{CommandError, none_before_the_first, warehouse};
use super::store::JobStore;
use super::table;
use comptoir_config::{Origin, Settings, clock};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobOutcome, JobRun, JobState};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::io::Write;

/// One line a job, in the order in which they are written.
pub async fn status(
    args: &StatusArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let book = JobStore::at(&settings.jobs.file).load()?;
    let warehouse = warehouse(settings)?;
    let states = none_before_the_first(warehouse.job_states().await)?;
    let now = clock::now();
    let mut rows = Vec::new();
    for job in book.jobs() {
        let state = states.iter().find(|state| state.last.job == job.name);
        if args.json {
            writeln!(out, "{}", state_json(&job.name, state, now))?;
        } else {
            rows.push(state_row(&job.name, state, now));
        }
    }
    if !args.json {
        let head = [
            "JOB",
            "LAST RUN",
            "OUTCOME",
            "LAST SUCCESS",
            "AGE",
            "ROWS",
            "ERROR",
        ];
        print(out, &table::lines(&head, &rows))?;
    }
    Ok(())
}

/// One line a run, newest first.
pub async fn history(
    args: &HistoryArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let job = match &args.name {
        None => None,
        // Also one that is no longer written anywhere.
        Some(name) => {
            let origin = Origin::Flag { name: "history" };
            Some(JobName::parse(name).map_err(|error| Fault::from(error).at(origin))?)
        }
    };
    let warehouse = warehouse(settings)?;
    let runs = none_before_the_first(warehouse.job_runs(job.as_ref(), args.limit).await)?;
    if args.json {
        for run in &runs {
            writeln!(out, "{}", run_json(run))?;
        }
        return Ok(());
    }
    let head = [
        "STARTED", "JOB", "OUTCOME", "TOOK", "TRIES", "ROWS", "BYTES", "RUN", "ERROR",
    ];
    let rows: Vec<_> = runs.iter().map(run_row).collect();
    print(out, &table::lines(&head, &rows))?;
    Ok(())
}

fn state_row(job: &JobName, state: Option<&JobState>, now: Timestamp) -> Vec<String> {
    let last = state.map(|state| &state.last);
    let done = state.and_then(|state| state.last_done.as_ref());
    vec![
        job.to_string(),
        table::moment(last.map(|run| run.started_at)),
        outcome_words(last, now),
        table::moment(done.and_then(|run| run.ended_at)),
        age(done, now).map_or("-".to_owned(), table::length),
        done.and_then(|run| run.output.as_ref())
            .map_or("-".to_owned(), |output| output.rows.to_string()),
        table::first_line(last.and_then(|run| run.error.as_deref())),
    ]
}

fn outcome_words(last: Option<&JobRun>, now: Timestamp) -> String {
    match last {
        None => "never ran".to_owned(),
        Some(run) if run.outcome == JobOutcome::Running => {
            format!(
                "running for {}",
                table::length(now.duration_since(run.started_at))
            )
        }
        Some(run) => run.outcome.as_str().to_owned(),
    }
}

fn age(run: Option<&JobRun>, now: Timestamp) -> Option<SignedDuration> {
    run?.ended_at.map(|ended| now.duration_since(ended))
}

fn run_row(run: &JobRun) -> Vec<String> {
    let output = run.output.as_ref();
    let or_none = |text: Option<String>| text.unwrap_or("-".to_owned());
    let took = run
        .ended_at
        .map(|ended| table::length(ended.duration_since(run.started_at)));
    vec![
        table::moment(Some(run.started_at)),
        run.job.to_string(),
        run.outcome.as_str().to_owned(),
        or_none(took),
        run.attempts.to_string(),
        or_none(output.map(|output| output.rows.to_string())),
        or_none(output.map(|output| output.bytes.to_string())),
        or_none(output.map(|output| output.run.to_string())),
        table::first_line(run.error.as_deref()),
    ]
}

fn state_json(job: &JobName, state: Option<&JobState>, now: Timestamp) -> Value {
    let done = state.and_then(|state| state.last_done.as_ref());
    json!({
        "job": job,
        "running": state.is_some_and(|state| state.last.outcome == JobOutcome::Running),
        "last": state.map(|state| run_json(&state.last)),
        "last_success": done.map(run_json),
        "last_success_age_s": age(done, now).map(|age| age.as_secs()),
    })
}

fn run_json(run: &JobRun) -> Value {
    let output = run.output.as_ref();
    json!({
        "job": run.job,
        "host": run.host,
        "pid": run.pid,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "outcome": run.outcome.as_str(),
        "attempts": run.attempts,
        "rows": output.map(|output| output.rows),
        "bytes": output.map(|output| output.bytes),
        "run": output.map(|output| &output.run),
        "error": run.error,
    })
}

fn print(out: &mut impl Write, lines: &[String]) -> std::io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}
