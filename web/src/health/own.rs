//! The parts of the platform itself: lake, databases, directories, processes.

use super::finding::Finding;
use super::http::{self, Failure};
use comptoir_config::{DatabaseUrl, clock};
use comptoir_database::{Access, Database, DatabaseError, Limits, Login};
use comptoir_lake::{Lake, LakeError, LakePath};
use comptoir_model::api::health::{Cause, FactName, PartKind, PartState};
use comptoir_model::api::live::{LagUnit, LiveSource, SourceState};
use comptoir_model::api::logs::{LogsSummary, ShipState};
use comptoir_warehouse::{ProcessPhase, ProcessState, Warehouse, WarehouseError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

/// A process says that it lives every second or two.
const NOT_SEEN: SignedDuration = SignedDuration::from_secs(5);
/// An instance that has ended in order, or long ago, is history once another one runs.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(10);

pub(crate) fn lake_part(lake: &Lake) -> Finding {
    let root = LakePath::parse("/")
        .map(|root| lake.url_of(&root))
        .unwrap_or_default();
    Finding::up(PartKind::Lake, "lake", root)
}

pub(crate) async fn look_at_lake(lake: &Lake, limit: Duration) -> Finding {
    let part = lake_part(lake);
    let start = clock::instant();
    let looked = async { lake.stat(&LakePath::parse("/")?).await };
    match tokio::time::timeout(limit, looked).await {
        Ok(Ok(Some(_))) => part.fact(FactName::LatencyMs, milliseconds(start.elapsed())),
        Ok(Ok(None)) => part.down(
            Cause::Missing,
            "its directory does not exist yet\nhint: the first import makes it: comptoir-batch import",
        ),
        Ok(Err(error)) => {
            let detail = error.to_string();
            match error {
                LakeError::PermissionDenied { .. } => {
                    part.but(PartState::Restricted, Cause::LoginRefused, detail)
                }
                LakeError::TimedOut { .. } => part.down(Cause::TimedOut, detail),
                LakeError::Unavailable { .. } | LakeError::ConnectionLost { .. } => {
                    part.down(Cause::Unreachable, detail)
                }
                _ => part.down(Cause::Failed, detail),
            }
        }
        Err(_) => part.down(Cause::TimedOut, no_answer(limit)),
    }
}

pub(crate) fn warehouse_part(warehouse: &Warehouse) -> Finding {
    Finding::up(
        PartKind::Warehouse,
        "warehouse",
        warehouse.url().to_string(),
    )
}

pub(crate) async fn look_at_warehouse(warehouse: &Warehouse, limit: Duration) -> Finding {
    let part = warehouse_part(warehouse);
    let start = clock::instant();
    match warehouse.check(limit).await {
        Ok(health) => {
            let part = part
                .fact(FactName::LatencyMs, milliseconds(start.elapsed()))
                .fact(FactName::Version, &health.server);
            if health.schema == health.known {
                return part;
            }
            let detail = format!(
                "it has schema {}, this program knows {}\nhint: the views sink brings an older one up to date at its start",
                health.schema, health.known
            );
            part.but(PartState::Degraded, Cause::Failed, detail)
        }
        Err(WarehouseError::Database(error)) => part.down(cause_of(&error), error.to_string()),
        Err(error @ WarehouseError::NotMigrated { .. }) => {
            part.down(Cause::Missing, error.to_string())
        }
        Err(error) => part.down(Cause::Failed, error.to_string()),
    }
}

pub(crate) fn erp_part(url: &DatabaseUrl) -> Finding {
    Finding::up(PartKind::Erp, "erp", url.to_string())
}

/// Connects, asks for the version, and goes.
pub(crate) async fn look_at_erp(url: &DatabaseUrl, login: &Login, limit: Duration) -> Finding {
    let part = erp_part(url);
    let limits = Limits {
        connect: limit,
        statement: limit,
        row: limit,
    };
    let start = clock::instant();
    let asked = async {
        let database = Database::connect(url, login, Access::Read, limits).await?;
        let server = database.server.clone();
        database.close().await;
        Ok::<_, DatabaseError>(server)
    };
    match tokio::time::timeout(limit, asked).await {
        Ok(Ok(server)) => part
            .fact(FactName::LatencyMs, milliseconds(start.elapsed()))
            .fact(FactName::Version, server),
        Ok(Err(error)) => part.down(cause_of(&error), error.to_string()),
        Err(_) => part.down(Cause::TimedOut, no_answer(limit)),
    }
}

/// What the views sink has not read: the transport can't know, the warehouse does.
pub(crate) fn lag(source: &LiveSource, unit: LagUnit) -> Option<u64> {
    let mut open = (source.partitions.iter())
        .filter(|partition| !partition.ended && partition.lag_unit == unit)
        .map(|partition| partition.lag)
        .peekable();
    open.peek()?;
    open.sum()
}

pub(crate) fn jsonl_part(directory: &Path) -> Finding {
    let name = directory.display().to_string();
    Finding::up(PartKind::JsonlTransport, "transport", name)
}

pub(crate) async fn look_at_jsonl(
    directory: &Path,
    source: Option<LiveSource>,
    limit: Duration,
) -> Finding {
    let part = jsonl_part(directory);
    match tokio::time::timeout(limit, tokio::fs::read_dir(directory)).await {
        Ok(Ok(_)) => {
            let lag = source.as_ref().and_then(|source| lag(source, LagUnit::Bytes));
            let part = part.fact_if(FactName::LagBytes, lag);
            match source {
                Some(source) if source.state == SourceState::CatchingUp => {
                    let detail = "the views sink is behind the end of the files and catching up";
                    part.but(PartState::Degraded, Cause::Behind, detail)
                }
                _ => part,
            }
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => part.down(
            Cause::Missing,
            "the directory does not exist yet\nhint: comptoir-speed simulate writes events and makes it",
        ),
        Ok(Err(error)) => part.down(Cause::Failed, error.to_string()),
        Err(_) => part.down(Cause::TimedOut, no_answer(limit)),
    }
}

pub(crate) fn shipper_part(url: &str) -> Finding {
    Finding::up(PartKind::Process, "log-shipper", url)
}

/// What the log shipper says of itself, where it serves the newest lines.
pub(crate) async fn look_at_shipper(
    client: &reqwest::Client,
    url: &str,
    limit: Duration,
) -> Finding {
    let part = shipper_part(url);
    let address = format!("{url}/api/v1/logs/summary");
    let answer = match http::get(client, &address, limit).await {
        Ok(answer) => answer,
        Err(failure) => {
            let cause = match failure {
                Failure::Unreachable { .. } => Cause::Unreachable,
                Failure::TimedOut { .. } => Cause::TimedOut,
                Failure::Status { .. } | Failure::TooLong { .. } => Cause::BadAnswer,
            };
            let detail = format!("{failure}\nhint: does comptoir-logship ship run?");
            return part.down(cause, detail);
        }
    };
    match serde_json::from_slice::<LogsSummary>(&answer) {
        Ok(summary) => judge_shipper(part, &summary),
        Err(error) => part.down(Cause::BadAnswer, format!("{address}: {error}")),
    }
}

fn judge_shipper(part: Finding, summary: &LogsSummary) -> Finding {
    let lag: u64 = summary.sources.iter().map(|source| source.lag_bytes).sum();
    let part = part.fact(FactName::LagBytes, lag);
    let troubled = summary.sources.iter().find_map(|source| {
        let problem = |words: &str| source.problem.clone().unwrap_or_else(|| words.to_owned());
        match source.state {
            ShipState::Recovering | ShipState::Shipping => None,
            ShipState::WaitingForSource => Some((
                PartState::Degraded,
                Cause::Waiting,
                problem(&format!("{} does not exist yet", source.path)),
            )),
            ShipState::WaitingForLake => Some((
                PartState::Degraded,
                Cause::Waiting,
                problem("the lake does not take bytes"),
            )),
            ShipState::Superseded => Some((
                PartState::Down,
                Cause::Failed,
                problem("another shipper has taken over"),
            )),
        }
    });
    match troubled {
        Some((state, cause, detail)) => part.but(state, cause, detail),
        None => part,
    }
}

/// Whether it was heard of a moment ago, and not as one that ends.
pub(crate) fn is_alive(process: &ProcessState, now: Timestamp) -> bool {
    process.phase != ProcessPhase::Stopped && now.duration_since(process.seen_at) <= NOT_SEEN
}

/// One part for each process; instances that have ended make place for those that run.
pub(crate) fn judge_processes(processes: &[ProcessState], now: Timestamp) -> Vec<Finding> {
    // The newest of each name and host is told of even if it is gone.
    let mut newest: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    for process in processes {
        let started = newest
            .entry((&process.name, &process.host))
            .or_insert(process.started_at);
        *started = process.started_at.max(*started);
    }
    (processes.iter())
        .filter(|process| {
            let is_newest = newest.get(&(process.name.as_str(), process.host.as_str()))
                == Some(&process.started_at);
            let is_recent = now.duration_since(process.seen_at) <= FORGOTTEN;
            is_alive(process, now) || (is_newest && is_recent)
        })
        .map(|process| judge_process(process, now))
        .collect()
}

fn judge_process(process: &ProcessState, now: Timestamp) -> Finding {
    let id = format!("process-{}-{}", process.name, process.instance);
    let part = Finding::up(PartKind::Process, id, &process.name)
        .fact(FactName::Host, &process.host)
        .fact(FactName::Pid, process.pid)
        .fact(FactName::StartedAt, process.started_at)
        .fact_if(FactName::Address, process.listen.as_ref());
    let silent = now.duration_since(process.seen_at);
    match process.phase {
        ProcessPhase::Stopped => part.down(Cause::NotSeen, "it was stopped"),
        ProcessPhase::Failed => part.down(Cause::Failed, &process.detail),
        _ if silent > NOT_SEEN => {
            let seconds = silent.as_secs();
            let detail = format!(
                "it has not been heard of for {seconds} s\nhint: look at its log; start it again"
            );
            part.down(Cause::NotSeen, detail)
        }
        ProcessPhase::Waiting => part.but(PartState::Degraded, Cause::Waiting, &process.detail),
        ProcessPhase::Starting => part.but(PartState::Degraded, Cause::Waiting, "it is starting"),
        ProcessPhase::Running => part,
    }
}

fn cause_of(error: &DatabaseError) -> Cause {
    match error {
        DatabaseError::TimedOut { .. } => Cause::TimedOut,
        DatabaseError::Unreachable { source, .. } if source.kind() == io::ErrorKind::TimedOut => {
            Cause::TimedOut
        }
        DatabaseError::Unreachable { .. }
        | DatabaseError::Busy { .. }
        | DatabaseError::Lost { .. } => Cause::Unreachable,
        DatabaseError::Refused { .. } => Cause::LoginRefused,
        DatabaseError::UnknownDatabase { .. } | DatabaseError::NoFile { .. } => Cause::Missing,
        DatabaseError::Protocol { .. } => Cause::BadAnswer,
        _ => Cause::Failed,
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
}

fn no_answer(limit: Duration) -> String {
    format!("no answer within {} s", limit.as_secs_f32())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn process(instance: &str, started: i64, seen: i64, phase: ProcessPhase) -> ProcessState {
        ProcessState {
            name: "views".to_owned(),
            instance: instance.to_owned(),
            host: "shop".to_owned(),
            pid: 7,
            listen: None,
            started_at: at(started),
            seen_at: at(seen),
            phase,
            detail: "the broker is away".to_owned(),
        }
    }

    fn states(processes: &[ProcessState], now: i64) -> Vec<(String, PartState)> {
        (judge_processes(processes, at(now)).into_iter())
            .map(|part| (part.id, part.state))
            .collect()
    }

    #[test]
    fn a_process_that_is_silent_is_down_and_one_that_waits_degraded() {
        let id = |instance: &str| format!("process-views-{instance}");
        let running = process("a", 0, 100, ProcessPhase::Running);
        assert_eq!(states(from_ref(&running), 104), [(id("a"), PartState::Up)]);
        assert_eq!(
            states(from_ref(&running), 106),
            [(id("a"), PartState::Down)]
        );
        let waiting = process("b", 0, 100, ProcessPhase::Waiting);
        assert_eq!(states(&[waiting], 101), [(id("b"), PartState::Degraded)]);
        // A new instance takes the place of one that died.
        let successor = process("c", 106, 108, ProcessPhase::Running);
        assert_eq!(
            states(&[running, successor], 108),
            [(id("c"), PartState::Up)]
        );
    }

    #[test]
    fn the_last_of_a_kind_is_missed_for_a_while() {
        let stopped = [process("a", 0, 100, ProcessPhase::Stopped)];
        assert_eq!(states(&stopped, 101).len(), 1);
        assert_eq!(states(&stopped, 100 + 601).len(), 0);
    }
}
