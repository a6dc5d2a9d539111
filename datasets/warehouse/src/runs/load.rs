//! A run's rows, written block by block.

mod added;

use super::rows::{BLOCKS, GRAIN_MINUTE, GRAIN_QUARTER, SKETCHES, SUMS, TOPS};
use super::{State, ViewRunId, current_run, switch};
use crate::error::Result;
use crate::rows::{bucket_values, top_values};
use crate::session::Session;
use comptoir_database::Value;
use comptoir_model::live::{
    BucketKey, BucketSums, Distinct, Minute, Overflow, QuarterHour, TopKey, TopSums,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many rows are made ready at a time.
const ROWS_MAX: usize = 256;

/// What the archive counted in one quarter of an hour.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    pub quarter: QuarterHour,
    pub holds: Holds,
    /// By the minutes of `quarter`; any order.
    pub buckets: &'a [(BucketKey<'a>, &'a BucketSums)],
    /// Only those in which something was sold.
    pub distinct: &'a BTreeMap<Minute, Distinct>,
    /// Of `quarter` alone.
    pub tops: &'a [(TopKey<'a>, &'a TopSums)],
}

/// Which of its quarter's events a block counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Every one that the run covers and has not set aside.
    All,
    /// Those of them that this run, the current one, does not cover: they are added to what counts
    /// while it is current. By quarters of an hour only.
    News { since: Option<ViewRunId> },
}

/// What became of some blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    Done,
    /// The run does not take rows any more: it was swept as abandoned, or has been switched to.
    Closed,
    /// Another run is current than the one that its news were to be added to.
    Overtaken,
}

pub(super) async fn load(
    session: &mut Session,
    run: ViewRunId,
    blocks: &[Block<'_>],
    minutes_from: QuarterHour,
) -> Result<Loaded> {
    session.begin().await?;
    let mut current = None;
    if blocks.iter().any(|block| block.holds != Holds::All) {
        // No other run becomes current before this transaction ends, and nothing that counts is
        // swept.
        switch::lock_current(session).await?;
        current = current_run(session).await?;
    }
    let (state, _) = switch::lock_run(session, run).await?;
    if state != State::Loading {
        session.rollback().await?;
        return Ok(Loaded::Closed);
    }
    for block in blocks {
        let Holds::News { since } = block.holds else {
            write(session, run, block, minutes_from).await?;
            continue;
        };
        if since != current.map(|(current, _)| current) {
            session.rollback().await?;
            return Ok(Loaded::Overtaken);
        }
        added::write(session, run, block, current).await?;
    }
    session.commit("a run's rows").await?;
    Ok(Loaded::Done)
}

async fn write(
    session: &mut Session,
    run: ViewRunId,
    block: &Block<'_>,
    minutes_from: QuarterHour,
) -> Result<()> {
    if block.quarter >= minutes_from {
        let of = Grain {
            run,
            grain: GRAIN_MINUTE,
        };
        let rows = (block.buckets.iter()).map(|(key, sums)| (key.minute.0, *key, **sums));
        write_sums(session, of, &rows.collect::<Vec<_>>()).await?;
        let minutes = block.buckets.iter().map(|(key, _)| key.minute);
        let minutes: BTreeSet<_> = minutes.chain(block.distinct.keys().copied()).collect();
        for minute in minutes {
            write_sketches(session, of, minute.0, block.distinct.get(&minute)).await?;
        }
    }
    let of = Grain {
        run,
        grain: GRAIN_QUARTER,
    };
    write_sums(session, of, &quarter_sums(block)?).await?;
    let whole = quarter_distinct(block);
    write_sketches(session, of, block.quarter.0, whole.as_ref()).await?;
    write_tops(session, run, block).await?;
    let row = [run.0, block.quarter.0].map(Value::Integer);
    session.insert(&BLOCKS, &row).await
}

/// The sketches of the minutes, merged; `None` where nothing was sold.
fn quarter_distinct(block: &Block<'_>) -> Option<Distinct> {
    let mut whole: Option<Distinct> = None;
    for distinct in block.distinct.values() {
        match &mut whole {
            Some(whole) => whole.merge(distinct),
            None => whole = Some(distinct.clone()),
        }
    }
    whole
}

/// The rows of the minutes, added up.
fn quarter_sums<'a>(
    block: &Block<'a>,
) -> std::result::Result<Vec<(i64, BucketKey<'a>, BucketSums)>, Overflow> {
    // A row's key has the first minute of the quarter, which stands for all of it.
    let first = block.quarter.start().ok_or(Overflow)?;
    let mut sums: BTreeMap<BucketKey<'a>, BucketSums> = BTreeMap::new();
    for (key, of_minute) in block.buckets {
        let key = BucketKey {
            minute: first,
            ..*key
        };
        sums.entry(key).or_default().add(of_minute)?;
    }
    let quarter = block.quarter.0;
    Ok(sums
        .into_iter()
        .map(|(key, sums)| (quarter, key, sums))
        .collect())
}

/// What a row of sums or sketches begins with.
#[derive(Clone, Copy)]
struct Grain {
    run: ViewRunId,
    grain: i64,
}

async fn write_sums(
    session: &mut Session,
    of: Grain,
    rows: &[(i64, BucketKey<'_>, BucketSums)],
) -> Result<()> {
    for rows in rows.chunks(ROWS_MAX) {
        let mut values = Vec::with_capacity(rows.len() * SUMS.columns.len());
        for (unit, key, sums) in rows {
            values.extend([
                Value::Integer(of.run.0),
                Value::Integer(of.grain),
                Value::Integer(*unit),
            ]);
            values.extend(bucket_values(key, sums)?);
        }
        session.insert(&SUMS, &values).await?;
    }
    Ok(())
}

async fn write_sketches(
    session: &mut Session,
    of: Grain,
    unit: i64,
    distinct: Option<&Distinct>,
) -> Result<()> {
    let orders = distinct.map(|distinct| distinct.orders.to_bytes());
    let customers = distinct.map(|distinct| distinct.customers.to_bytes());
    let row = [
        Value::Integer(of.run.0),
        Value::Integer(of.grain),
        Value::Integer(unit),
        orders.as_deref().map_or(Value::Null, Value::Bytes),
        customers.as_deref().map_or(Value::Null, Value::Bytes),
    ];
    session.insert(&SKETCHES, &row).await
}

async fn write_tops(session: &mut Session, run: ViewRunId, block: &Block<'_>) -> Result<()> {
    for rows in block.tops.chunks(ROWS_MAX) {
        let mut values = Vec::with_capacity(rows.len() * TOPS.columns.len());
        for (key, sums) in rows {
            values.push(Value::Integer(run.0));
            values.extend(top_values(key, sums)?);
        }
        session.insert(&TOPS, &values).await?;
    }
    Ok(())
}
