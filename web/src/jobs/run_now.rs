//! Asking for a job: `POST /api/v1/jobs/{name}/run`, and what came of such commands.

use crate::access::{Actor, Caller};
use crate::health::is_alive;
use crate::http::parameters::Segment;
use crate::http::problem::{Refused, problem};
use crate::live::rest::asked;
use crate::routes::Server;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use comptoir_model::api::access::JournalOutcome;
use comptoir_model::api::jobs::{CommandInfo, CommandState as Shown, RunNow};
use comptoir_model::api::{Problem, ProblemKind};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{
    CommandOutcome, CommandState, EXECUTOR, JobCommand, JobOffer, ProcessState, Warehouse,
    WarehouseError,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// In the journal.
const ACTION: &str = "job.run";

/// 202 and the command, which is that of before where the job was asked for and has not ended.
pub(crate) async fn ask(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Segment(name): Segment,
) -> Result<Response, Refused> {
    let (warehouse, now) = (&server.jobs.warehouse, (server.jobs.now)());
    let known = asked(run_now(warehouse, now)).await?;
    if !known.is_possible {
        return Err(Refused(no_executor(known.seen_at)));
    }
    let named = JobName::parse(&name).ok();
    let job = named.filter(|job| known.jobs.iter().any(|known| known == job.as_str()));
    let Some(job) = job else {
        return Err(Refused(unknown(&name, &known.jobs)));
    };
    let actor = caller.actor();
    // Before it is done: what nobody could be held to is not done.
    note(&server, &actor, JournalOutcome::Done, job.to_string()).await?;
    match asked(warehouse.ask_for_job(&job, &actor.who, now)).await {
        Ok(command) => Ok((StatusCode::ACCEPTED, Json(info(&command))).into_response()),
        Err(refused) => {
            let detail = format!("{job}: {}", refused.0.detail);
            note(&server, &actor, JournalOutcome::Failed, detail).await?;
            Err(refused)
        }
    }
}

/// What can be asked for, and what came of it.
pub(super) async fn run_now(
    warehouse: &Warehouse,
    now: Timestamp,
) -> Result<RunNow, WarehouseError> {
    let processes = warehouse.processes().await?;
    let offers = warehouse.job_offers().await?;
    let commands = warehouse.newest_job_commands().await?;
    Ok(summary(&processes, &offers, &commands, now))
}

fn summary(
    processes: &[ProcessState],
    offers: &[JobOffer],
    commands: &[JobCommand],
    now: Timestamp,
) -> RunNow {
    let executors = || processes.iter().filter(|process| process.name == EXECUTOR);
    let living = executors().filter(|process| is_alive(process, now));
    let living: BTreeSet<_> = living.map(|process| process.instance.as_str()).collect();
    let counts = |offer: &&JobOffer| living.is_empty() || living.contains(offer.executor.as_str());
    let jobs: BTreeSet<_> = offers
        .iter()
        .filter(counts)
        .map(|offer| &offer.job)
        .collect();
    RunNow {
        is_possible: !living.is_empty(),
        seen_at: executors().map(|process| process.seen_at).max(),
        jobs: jobs.into_iter().map(ToString::to_string).collect(),
        commands: commands.iter().map(info).collect(),
    }
}

fn info(command: &JobCommand) -> CommandInfo {
    let (state, ended_at, said) = match &command.state {
        CommandState::Pending => (Shown::Waiting, None, None),
        CommandState::Claimed { .. } => (Shown::Running, None, None),
        CommandState::Ended { at, outcome, said } => {
            let state = match outcome {
                CommandOutcome::Done => Shown::Done,
                CommandOutcome::Failed => Shown::Failed,
                CommandOutcome::Refused => Shown::Refused,
            };
            (state, Some(*at), Some(said.clone()))
        }
    };
    CommandInfo {
        id: command.id,
        job: command.job.to_string(),
        asked_by: command.asked_by.clone(),
        asked_at: command.asked_at,
        state,
        ended_at,
        said,
    }
}

async fn note(
    server: &Arc<Server>,
    actor: &Actor,
    outcome: JournalOutcome,
    detail: String,
) -> Result<(), Refused> {
    let (server, actor, now) = (Arc::clone(server), actor.clone(), (server.jobs.now)());
    let noting = tokio::task::spawn_blocking(move || {
        let journal = &server.access.journal;
        journal.note(&actor, ACTION, outcome, &detail, now)
    });
    let trouble = match noting.await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(panicked) => panicked.to_string(),
    };
    let hint = "nothing is run without an entry in the journal".to_owned();
    let problem = problem(ProblemKind::JournalUnavailable, trouble, Some(hint));
    Err(Refused(problem))
}

fn no_executor(seen_at: Option<Timestamp>) -> Problem {
    let detail = match seen_at {
        Some(at) => format!("no process that runs jobs has been heard of since {at:.0}"),
        None => "no process that runs jobs was ever heard of".to_owned(),
    };
    let hint = "start `comptoir-batch serve` with the settings of the jobs".to_owned();
    problem(ProblemKind::NoExecutor, detail, Some(hint))
}

fn unknown(name: &str, known: &[String]) -> Problem {
    let detail = format!("there is no job `{name}` that can be run");
    let hint = match known {
        [] => "none is written in jobs.toml, and there is no view".to_owned(),
        known => format!("these can: {}", known.join(", ")),
    };
    problem(ProblemKind::NotFound, detail, Some(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_warehouse::ProcessPhase;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn process(name: &str, instance: &str, seen: i64, phase: ProcessPhase) -> ProcessState {
        ProcessState {
            name: name.to_owned(),
            instance: instance.to_owned(),
            host: "shop".to_owned(),
            pid: 7,
            listen: None,
            started_at: at(0),
            seen_at: at(seen),
            phase,
            detail: String::new(),
        }
    }

    fn offer(executor: &str, job: &str) -> JobOffer {
        JobOffer {
            executor: executor.to_owned(),
            job: JobName::parse(job).unwrap(),
        }
    }

    #[test]
    fn what_those_run_that_live_can_be_asked_for() {
        let processes = [
            process("views", "b/2", 100, ProcessPhase::Running),
            process(EXECUTOR, "a/1", 80, ProcessPhase::Running),
            process(EXECUTOR, "b/2", 98, ProcessPhase::Waiting),
            process(EXECUTOR, "c/3", 99, ProcessPhase::Stopped),
        ];
        let offers = [
            offer("a/1", "sales"),
            offer("b/2", "stock"),
            offer("c/3", "sales"),
        ];
        let now = summary(&processes, &offers, &[], at(100));
        assert!(now.is_possible);
        assert_eq!(
            (now.seen_at, now.jobs),
            (Some(at(99)), vec!["stock".to_owned()])
        );
        // Once none lives, it is said what they ran.
        let now = summary(&processes, &offers, &[], at(200));
        assert!(!now.is_possible);
        assert_eq!(now.jobs, ["sales", "stock"]);
        let nobody = summary(&processes[..1], &[], &[], at(100));
        assert_eq!(nobody, RunNow::default());
    }
}
