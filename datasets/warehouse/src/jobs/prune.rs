//! Forgetting runs of long ago, so that the record of a job that runs every minute ends somewhere.

use crate::error::Result;
use crate::rows::Cells;
use crate::session::Session;
use comptoir_database::Value;
use comptoir_model::ids::JobName;
use jiff::{SignedDuration, Timestamp};

/// So many runs of a job stay, whatever their age.
const KEEP_RUNS: i64 = 1_000;

/// Younger ones stay, whatever their number.
const KEEP_FOR: SignedDuration = SignedDuration::from_hours(400 * 24);

/// How many are forgotten at a time: the next run goes on.
const CHUNK: i64 = 1_000;

/// Deletes what is neither among the newest runs of the job nor young, but never the last one that
/// was done: since when a job has not been done must always be told.
pub(super) async fn forget_old_runs(
    session: &mut Session,
    job: &JobName,
    now: Timestamp,
) -> Result<()> {
    let newest = "SELECT id FROM job_runs WHERE job = ? ORDER BY id DESC LIMIT 1 OFFSET ?";
    let job = Value::Text(job.as_str());
    let values = [job, Value::Integer(KEEP_RUNS - 1)];
    let what = "looking for old runs of a job";
    let Some(row) = session
        .select(what, newest, &values)
        .await?
        .into_iter()
        .next()
    else {
        return Ok(());
    };
    let first_kept = Cells::of("job_runs", &row).integer()?;
    let oldest = "SELECT id, started_at_ms FROM job_runs WHERE job = ? AND id < ? \
                  ORDER BY id LIMIT ?";
    let values = [job, Value::Integer(first_kept), Value::Integer(CHUNK)];
    let mut runs = Vec::new();
    for row in &session.select(what, oldest, &values).await? {
        let mut cells = Cells::of("job_runs", row);
        runs.push((cells.integer()?, cells.milliseconds()?));
    }
    let Some(last) = last_outdated(&runs, now - KEEP_FOR) else {
        return Ok(());
    };
    let delete = "DELETE FROM job_runs WHERE job = ? AND id <= ? AND id <> COALESCE(\
                  (SELECT id FROM (SELECT MAX(id) AS id FROM job_runs \
                  WHERE job = ? AND outcome = 'done') AS last_done), 0)";
    let values = [job, Value::Integer(last), job];
    session
        .run("forgetting old runs of a job", delete, &values)
        .await?;
    Ok(())
}

/// Of runs in their order, the last of those that all began before `limit`.
fn last_outdated(runs: &[(i64, Timestamp)], limit: Timestamp) -> Option<i64> {
    let outdated = runs
        .iter()
        .take_while(|(_, started_at)| *started_at < limit);
    outdated.last().map(|(id, _)| *id)
}
