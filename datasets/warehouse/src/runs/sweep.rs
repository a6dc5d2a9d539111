//! Deleting rows of runs that do not count any more.

use super::rows::GRAIN_MINUTE;
use super::{State, ViewRunId};
use crate::error::Result;
use crate::rows::Cells;
use crate::session::Session;
use comptoir_database::Value;
use comptoir_model::live::QuarterHour;
use jiff::Timestamp;

/// How many blocks, or minutes, one transaction deletes.
const BLOCKS_MAX: i64 = 16;
const MINUTES_MAX: i64 = 60;
/// Minutes of a quarter of an hour.
const QUARTER: i64 = 15;

const WHAT: &str = "sweeping runs";

pub(super) async fn abandon(
    session: &mut Session,
    before: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    session.begin().await?;
    let sql = "UPDATE view_runs SET state = ?, ended_at_ms = ?, error = ? \
               WHERE state = ? AND started_at_ms < ?";
    let values = [
        Value::Text(State::Swept.as_str()),
        Value::Integer(now.as_millisecond()),
        Value::Text("it ended without a word"),
        Value::Text(State::Loading.as_str()),
        Value::Integer(before.as_millisecond()),
    ];
    let abandoned = session.run("giving up runs", sql, &values).await?;
    session.commit("the end of abandoned runs").await?;
    Ok(abandoned)
}

pub(super) async fn chunk(session: &mut Session, minutes_from: QuarterHour) -> Result<usize> {
    let blocks = superfluous_blocks(session).await?;
    if !blocks.is_empty() {
        delete_blocks(session, &blocks).await?;
        return Ok(blocks.len());
    }
    let minutes = old_minutes(session, minutes_from).await?;
    if !minutes.is_empty() {
        delete_minutes(session, &minutes).await?;
        return Ok(minutes.len());
    }
    forget_coverage(session).await?;
    Ok(0)
}

/// Of runs that were given up, and those in whose place a later one that is or was current put its
/// own. That changes no more: versions only grow.
async fn superfluous_blocks(session: &mut Session) -> Result<Vec<(ViewRunId, i64)>> {
    let given_up = "SELECT b.run_id, b.quarter FROM view_blocks b \
                    JOIN view_runs r ON r.id = b.run_id WHERE r.state = ? LIMIT ?";
    let values = [
        Value::Text(State::Swept.as_str()),
        Value::Integer(BLOCKS_MAX),
    ];
    let found = pairs(session, given_up, &values).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let written_anew = "SELECT b.run_id, b.quarter FROM view_blocks b \
                        JOIN view_runs r ON r.id = b.run_id \
                        WHERE EXISTS (SELECT 1 FROM view_blocks l JOIN view_runs n \
                        ON n.id = l.run_id WHERE l.quarter = b.quarter \
                        AND n.version > r.version) LIMIT ?";
    pairs(session, written_anew, &[Value::Integer(BLOCKS_MAX)]).await
}

async fn old_minutes(session: &mut Session, from: QuarterHour) -> Result<Vec<(ViewRunId, i64)>> {
    // A run that is being loaded may still write some, and is left to its own.
    let sql = "SELECT s.run_id, s.unit FROM view_sketches s JOIN view_runs r ON r.id = s.run_id \
               WHERE s.grain = ? AND s.unit < ? AND r.version IS NOT NULL LIMIT ?";
    let minute = from.0.saturating_mul(QUARTER);
    let values = [GRAIN_MINUTE, minute, MINUTES_MAX].map(Value::Integer);
    pairs(session, sql, &values).await
}

async fn pairs(
    session: &mut Session,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<(ViewRunId, i64)>> {
    let rows = session.select(WHAT, sql, values).await?;
    let pair = |row| {
        let mut cells = Cells::of("view_blocks", row);
        Ok((ViewRunId(cells.integer()?), cells.integer()?))
    };
    rows.iter().map(pair).collect()
}

async fn delete_blocks(session: &mut Session, blocks: &[(ViewRunId, i64)]) -> Result<()> {
    session.begin().await?;
    for (run, quarter) in blocks {
        let first = quarter * QUARTER;
        delete_units(session, *run, (GRAIN_MINUTE, first), first + QUARTER).await?;
        delete_units(session, *run, (QUARTER, *quarter), quarter + 1).await?;
        for table in ["view_tops", "view_blocks"] {
            let sql = format!("DELETE FROM {table} WHERE run_id = ? AND quarter = ?");
            let values = [run.0, *quarter].map(Value::Integer);
            session.run(WHAT, &sql, &values).await?;
        }
    }
    session.commit("a sweep").await
}

async fn delete_minutes(session: &mut Session, minutes: &[(ViewRunId, i64)]) -> Result<()> {
    session.begin().await?;
    for (run, minute) in minutes {
        delete_units(session, *run, (GRAIN_MINUTE, *minute), minute + 1).await?;
    }
    session.commit("a sweep of minutes").await
}

async fn delete_units(
    session: &mut Session,
    run: ViewRunId,
    (grain, first): (i64, i64),
    end: i64,
) -> Result<()> {
    for table in ["view_sums", "view_sketches"] {
        let sql = format!(
            "DELETE FROM {table} WHERE run_id = ? AND grain = ? AND unit >= ? AND unit < ?"
        );
        let values = [run.0, grain, first, end].map(Value::Integer);
        session.run(WHAT, &sql, &values).await?;
    }
    Ok(())
}

/// Only the current run's is of use; a run that is being loaded needs its own.
async fn forget_coverage(session: &mut Session) -> Result<()> {
    session.begin().await?;
    for table in ["view_coverage", "view_coverage_net", "view_exceptions"] {
        let sql = format!(
            "DELETE FROM {table} WHERE run_id IN \
             (SELECT id FROM view_runs WHERE state IN (?, ?))"
        );
        let states = [State::Swept, State::Former].map(|state| Value::Text(state.as_str()));
        session.run(WHAT, &sql, &states).await?;
    }
    session.commit("a sweep of coverage").await
}
