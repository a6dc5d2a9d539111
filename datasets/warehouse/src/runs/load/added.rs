//! A block of a quarter of an hour that can't be computed anew: the block that counts, and the news
//! added to it. Sums add, sketches merge.

use super::{Block, Grain, quarter_distinct, quarter_sums, write_sketches};
use crate::dialect::OnConflict;
use crate::error::Result;
use crate::rows::{Cells, bucket_values, count, top_values};
use crate::runs::rows::{BLOCKS, GRAIN_QUARTER, SUMS, TOPS};
use crate::runs::{RunVersion, ViewRunId};
use crate::session::{Insert, Session};
use crate::views;
use comptoir_database::Value;
use comptoir_model::live::{Distinct, Minute, QuarterHour};

const WHAT: &str = "adding to a block";

/// How many rows are made ready at a time.
const ROWS_MAX: usize = 256;

/// `current` is the run whose rows count, locked so that none of them goes.
pub(super) async fn write(
    session: &mut Session,
    run: ViewRunId,
    block: &Block<'_>,
    current: Option<(ViewRunId, RunVersion)>,
) -> Result<()> {
    // A block that was written before stays as it is: its news would be added again.
    if is_written(session, run, block.quarter).await? {
        return Ok(());
    }
    let mut distinct = quarter_distinct(block);
    let version = current.map(|(_, version)| version);
    if let Some(counting) = counting(session, version, block.quarter).await? {
        copy_sums(session, counting, run, block.quarter).await?;
        copy_tops(session, counting, run, block.quarter).await?;
        let known = sketches(session, counting, block.quarter).await?;
        distinct = match (distinct, known) {
            (Some(mut distinct), Some(known)) => {
                distinct.merge(&known);
                Some(distinct)
            }
            (distinct, known) => distinct.or(known),
        };
    }
    add_sums(session, run, block).await?;
    add_tops(session, run, block).await?;
    let of = Grain {
        run,
        grain: GRAIN_QUARTER,
    };
    write_sketches(session, of, block.quarter.0, distinct.as_ref()).await?;
    let row = [run.0, block.quarter.0].map(Value::Integer);
    session.insert(&BLOCKS, &row).await
}

async fn is_written(session: &mut Session, run: ViewRunId, quarter: QuarterHour) -> Result<bool> {
    let sql = "SELECT 1 FROM view_blocks WHERE run_id = ? AND quarter = ?";
    let of = [run.0, quarter.0].map(Value::Integer);
    Ok(!session.select(WHAT, sql, &of).await?.is_empty())
}

/// Whose block of the quarter counts while `version` is current; `None` where there is none.
async fn counting(
    session: &mut Session,
    version: Option<RunVersion>,
    quarter: QuarterHour,
) -> Result<Option<ViewRunId>> {
    let Some(version) = version else {
        return Ok(None);
    };
    let sql = "SELECT b.run_id FROM view_blocks b JOIN view_runs r ON r.id = b.run_id \
               WHERE b.quarter = ? AND r.version <= ? ORDER BY r.version DESC LIMIT 1";
    let values = [quarter.0, count(version.0, "a version")?].map(Value::Integer);
    let rows = session.select(WHAT, sql, &values).await?;
    let run = |row| Cells::of("view_blocks", row).integer().map(ViewRunId);
    rows.first().map(run).transpose()
}

async fn copy_sums(
    session: &mut Session,
    from: ViewRunId,
    to: ViewRunId,
    quarter: QuarterHour,
) -> Result<()> {
    let columns = SUMS.columns.join(", ");
    let others = SUMS.columns[1..].join(", ");
    let sql = format!(
        "INSERT INTO view_sums ({columns}) SELECT ?, {others} FROM view_sums \
         WHERE run_id = ? AND grain = ? AND unit = ?"
    );
    let values = [to.0, from.0, GRAIN_QUARTER, quarter.0].map(Value::Integer);
    session.run(WHAT, &sql, &values).await?;
    Ok(())
}

async fn copy_tops(
    session: &mut Session,
    from: ViewRunId,
    to: ViewRunId,
    quarter: QuarterHour,
) -> Result<()> {
    let columns = TOPS.columns.join(", ");
    let others = TOPS.columns[1..].join(", ");
    let sql = format!(
        "INSERT INTO view_tops ({columns}) SELECT ?, {others} FROM view_tops \
         WHERE run_id = ? AND quarter = ?"
    );
    let values = [to.0, from.0, quarter.0].map(Value::Integer);
    session.run(WHAT, &sql, &values).await?;
    Ok(())
}

/// `None` where nothing was sold.
async fn sketches(
    session: &mut Session,
    run: ViewRunId,
    quarter: QuarterHour,
) -> Result<Option<Distinct>> {
    let sql = "SELECT orders, customers FROM view_sketches \
               WHERE run_id = ? AND grain = ? AND unit = ? AND orders IS NOT NULL";
    let values = [run.0, GRAIN_QUARTER, quarter.0].map(Value::Integer);
    let rows = session.select(WHAT, sql, &values).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let minute = quarter.start().unwrap_or(Minute(quarter.0));
    let mut cells = Cells::of("view_sketches", row);
    views::distinct(format!("run {run}"), minute, &mut cells).map(Some)
}

async fn add_sums(session: &mut Session, run: ViewRunId, block: &Block<'_>) -> Result<()> {
    let table = Insert {
        key: &[
            "run_id", "grain", "unit", "currency", "category", "country", "city", "channel",
            "status",
        ],
        on_conflict: OnConflict::Update {
            add: &["transactions", "quantity", "gross", "refunds", "net"],
            set: &[],
        },
        ..SUMS
    };
    for rows in quarter_sums(block)?.chunks(ROWS_MAX) {
        let mut values = Vec::with_capacity(rows.len() * table.columns.len());
        for (quarter, key, sums) in rows {
            values.extend([run.0, GRAIN_QUARTER, *quarter].map(Value::Integer));
            values.extend(bucket_values(key, sums)?);
        }
        session.insert(&table, &values).await?;
    }
    Ok(())
}

async fn add_tops(session: &mut Session, run: ViewRunId, block: &Block<'_>) -> Result<()> {
    let table = Insert {
        on_conflict: OnConflict::Update {
            add: &[
                "transactions",
                "approved",
                "units",
                "gross",
                "refunds",
                "net",
            ],
            set: &[],
        },
        ..TOPS
    };
    for rows in block.tops.chunks(ROWS_MAX) {
        let mut values = Vec::with_capacity(rows.len() * table.columns.len());
        for (key, sums) in rows {
            values.push(Value::Integer(run.0));
            values.extend(top_values(key, sums)?);
        }
        session.insert(&table, &values).await?;
    }
    Ok(())
}
