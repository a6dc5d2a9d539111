//! The beginning of a run and its end.

use super::current::{Exception, speaks_for};
use super::{Reading, RunVersion, State, ViewRunId, current};
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::{Cells, count, stored};
use crate::session::{Insert, Session};
use crate::views;
use comptoir_database::Value;
use comptoir_model::live::ControlTotals;
use comptoir_model::merge::{self, Candidate, Coverage, PartitionKey, Refusal, RunState};
use jiff::Timestamp;

/// What came of a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switched {
    /// The run is current, or has been since and a later one took its place.
    Done { version: RunVersion },
    /// The current run stays.
    Refused(Refusal),
}

/// The one row of `view_current`.
const THE_ROW: i64 = 1;

pub(super) async fn begin(
    session: &mut Session,
    candidate: &Candidate<ControlTotals>,
    reading: Reading,
    now: Timestamp,
) -> Result<ViewRunId> {
    session.begin().await?;
    // Under this lock run numbers are given out one by one.
    lock_current(session).await?;
    let what = "numbering the run";
    let sql = "SELECT COALESCE(MAX(id), 0) FROM view_runs";
    let rows = session.select(what, sql, &[]).await?;
    let last = rows
        .first()
        .map(|row| Cells::of("view_runs", row).integer());
    let id = ViewRunId(last.transpose()?.unwrap_or_default() + 1);
    let runs = Insert {
        table: "view_runs",
        key: &["id"],
        columns: &[
            "id",
            "state",
            "archive_version",
            "as_of_ms",
            "started_at_ms",
        ],
        on_conflict: OnConflict::Keep,
    };
    let row = [
        Value::Integer(id.0),
        Value::Text(State::Loading.as_str()),
        Value::Integer(reading.archive_version),
        (reading.as_of).map_or(Value::Null, |as_of| Value::Integer(as_of.as_millisecond())),
        Value::Integer(now.as_millisecond()),
    ];
    session.insert(&runs, &row).await?;
    write_coverage(session, id, candidate).await?;
    session.commit("a new run").await?;
    Ok(id)
}

async fn write_coverage(
    session: &mut Session,
    run: ViewRunId,
    candidate: &Candidate<ControlTotals>,
) -> Result<()> {
    let (mut coverage, mut nets, mut exceptions) = (Vec::new(), Vec::new(), Vec::new());
    for (key, covered) in &candidate.coverage.0 {
        let partition = find(session, key).await?;
        let totals = candidate.counted.get(key).cloned().unwrap_or_default();
        let counted = totals.counted();
        coverage.extend(
            [
                run.0,
                partition,
                count(covered.through.0, "a generation")?,
                stored(covered.end)?,
                count(counted.accepted, "a count")?,
                count(counted.rejected, "a count")?,
                count(counted.duplicates, "a count")?,
            ]
            .map(Value::Integer),
        );
        for (currency, net) in totals.net() {
            nets.push((partition, currency, net));
        }
        let alone = candidate.by_archive_alone.get(key).into_iter().flatten();
        let alone = alone.map(|number| (number, Exception::ArchiveAlone));
        let aside = covered.set_aside.iter();
        let aside = aside.map(|number| (number, Exception::SetAside));
        for (number, kind) in aside.chain(alone) {
            exceptions.extend([
                Value::Integer(run.0),
                Value::Integer(partition),
                Value::Integer(count(number.0, "a generation")?),
                Value::Text(kind.as_str()),
            ]);
        }
    }
    let table = Insert {
        table: "view_coverage",
        key: &["run_id", "partition_id"],
        columns: &[
            "run_id",
            "partition_id",
            "through_generation",
            "end_offset",
            "accepted",
            "rejected",
            "duplicates",
        ],
        on_conflict: OnConflict::Keep,
    };
    session.insert(&table, &coverage).await?;
    let table = Insert {
        table: "view_coverage_net",
        key: &["run_id", "partition_id", "currency"],
        columns: &["run_id", "partition_id", "currency", "net"],
        on_conflict: OnConflict::Keep,
    };
    let mut values = Vec::new();
    for (partition, currency, net) in &nets {
        values.extend([
            Value::Integer(run.0),
            Value::Integer(*partition),
            Value::Text(currency.as_str()),
            Value::Integer(net.0),
        ]);
    }
    session.insert(&table, &values).await?;
    let table = Insert {
        table: "view_exceptions",
        key: &["run_id", "partition_id", "generation"],
        columns: &["run_id", "partition_id", "generation", "kind"],
        on_conflict: OnConflict::Keep,
    };
    session.insert(&table, &exceptions).await
}

async fn find(session: &mut Session, key: &PartitionKey) -> Result<i64> {
    let found = views::find_partition(session, key).await?;
    let partition = found.ok_or_else(|| WarehouseError::UnknownPartition {
        partition: key.to_string(),
    })?;
    Ok(partition.0)
}

pub(super) async fn switch(
    session: &mut Session,
    run: ViewRunId,
    now: Timestamp,
) -> Result<Switched> {
    session.begin().await?;
    lock_current(session).await?;
    let (state, version) = lock_run(session, run).await?;
    // The answer to an earlier call may have been lost.
    if let Some(version) = version {
        session.rollback().await?;
        return Ok(Switched::Done { version });
    }
    let state = match state {
        State::Loading => RunState::Loading,
        State::Swept | State::Current | State::Former => RunState::Swept,
    };
    let current = current(session).await?;
    let candidate = speaks_for(session, run).await?.coverage();
    let (coverage, last) = match &current {
        Some(current) => (current.speaks_for.coverage(), current.version.0),
        None => (Coverage::default(), 0),
    };
    if let Err(refusal) = merge::switch(&coverage, state, &candidate) {
        session.rollback().await?;
        return Ok(Switched::Refused(refusal));
    }
    let version = RunVersion(last + 1);
    if let Some(current) = &current {
        set_state(session, current.id, State::Former).await?;
    }
    set_state(session, run, State::Current).await?;
    let what = "switching to the run";
    let number = count(version.0, "a version")?;
    let sql = "UPDATE view_runs SET version = ?, ended_at_ms = ? WHERE id = ?";
    let values = [number, now.as_millisecond(), run.0].map(Value::Integer);
    session.run(what, sql, &values).await?;
    let sql = "UPDATE view_current SET run_id = ?, version = ? WHERE id = ?";
    let values = [run.0, number, THE_ROW].map(Value::Integer);
    session.run(what, sql, &values).await?;
    session.commit("the switch to a run").await?;
    Ok(Switched::Done { version })
}

pub(super) async fn give_up(
    session: &mut Session,
    run: ViewRunId,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    session.begin().await?;
    let sql = "UPDATE view_runs SET state = ?, ended_at_ms = ?, error = ? \
               WHERE id = ? AND state = ?";
    let values = [
        Value::Text(State::Swept.as_str()),
        Value::Integer(now.as_millisecond()),
        Value::Text(why),
        Value::Integer(run.0),
        Value::Text(State::Loading.as_str()),
    ];
    session.run("giving a run up", sql, &values).await?;
    session.commit("the end of a run").await
}

pub(super) async fn still_complete(
    session: &mut Session,
    run: ViewRunId,
    as_of: Timestamp,
) -> Result<()> {
    session.begin().await?;
    let sql = "UPDATE view_runs SET as_of_ms = ? WHERE id = ? AND as_of_ms < ?";
    let as_of = as_of.as_millisecond();
    let values = [as_of, run.0, as_of].map(Value::Integer);
    session.run("dating a run", sql, &values).await?;
    session.commit("the date of a run").await
}

/// Makes the row where there is none yet.
pub(super) async fn lock_current(session: &mut Session) -> Result<()> {
    let table = Insert {
        table: "view_current",
        key: &["id"],
        columns: &["id", "version"],
        on_conflict: OnConflict::Keep,
    };
    // Leaves the row locked, whether it was there or not.
    let row = [Value::Integer(THE_ROW), Value::Integer(0)];
    session.insert(&table, &row).await
}

/// Its state and, of a run that is or was current, its version. Nobody changes them before this
/// transaction ends.
pub(super) async fn lock_run(
    session: &mut Session,
    run: ViewRunId,
) -> Result<(State, Option<RunVersion>)> {
    let sql = format!(
        "SELECT state, version FROM view_runs WHERE id = ?{}",
        session.dialect.for_update()
    );
    let rows = session
        .select("locking a run", &sql, &[Value::Integer(run.0)])
        .await?;
    let row = rows.first().ok_or_else(|| WarehouseError::Damaged {
        table: "view_runs",
        what: format!("no run {run}"),
    })?;
    let mut cells = Cells::of("view_runs", row);
    let state = cells.word(State::from_word)?;
    let version = cells.optional_integer()?.map(u64::try_from).transpose();
    let version = version.map_err(|error| cells.damaged(error))?;
    Ok((state, version.map(RunVersion)))
}

async fn set_state(session: &mut Session, run: ViewRunId, state: State) -> Result<()> {
    let sql = "UPDATE view_runs SET state = ? WHERE id = ?";
    let values = [Value::Text(state.as_str()), Value::Integer(run.0)];
    session.run("switching to the run", sql, &values).await?;
    Ok(())
}
