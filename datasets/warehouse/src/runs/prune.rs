//! Deleting buckets that the current run counts.
//!
//! Each chunk is a transaction of its own and takes locks on rows of sealed generations alone,
//! which the views sink never touches again.

use super::current;
use super::current::SpeaksFor;
use crate::error::Result;
use crate::rows::{Cells, count};
use crate::session::Session;
use crate::views::PartitionId;
use comptoir_database::Value;
use comptoir_model::merge::{self, GenerationNumber};
use std::collections::BTreeSet;

/// How many minutes, or quarters of an hour, one transaction deletes.
const MINUTES_MAX: i64 = 8;
const QUARTERS_MAX: i64 = 2;

/// A table with a row for each unit that another one has rows of.
struct Kept {
    units: &'static str,
    unit: &'static str,
    rows: &'static str,
    max: i64,
}

const MINUTES: Kept = Kept {
    units: "minutes",
    unit: "minute",
    rows: "buckets",
    max: MINUTES_MAX,
};

const QUARTERS: Kept = Kept {
    units: "quarters",
    unit: "quarter",
    rows: "tops",
    max: QUARTERS_MAX,
};

pub(super) async fn chunk(session: &mut Session) -> Result<usize> {
    // Of one moment. It may be old by now: coverage does not go back.
    session.begin_snapshot().await?;
    let current = current(session).await?;
    session.rollback().await?;
    let Some(current) = current else {
        return Ok(0);
    };
    for kept in [MINUTES, QUARTERS] {
        if let Some((partition, generation)) = next(session, &kept, &current.speaks_for).await? {
            return delete(session, &kept, partition, generation).await;
        }
    }
    Ok(0)
}

/// A generation that the archive counts and that still has such rows.
async fn next(
    session: &mut Session,
    kept: &Kept,
    speaks_for: &SpeaksFor,
) -> Result<Option<(PartitionId, GenerationNumber)>> {
    let coverage = speaks_for.coverage();
    for (key, spoken) in &speaks_for.0 {
        let sql = format!(
            "SELECT DISTINCT generation FROM {} WHERE partition_id = ? AND generation <= ? \
             ORDER BY generation",
            kept.units
        );
        let through = count(spoken.covered.through.0, "a generation")?;
        let values = [spoken.partition.0, through].map(Value::Integer);
        let what = "looking for buckets";
        let rows = session.select(what, &sql, &values).await?;
        let numbers: Result<BTreeSet<_>> = (rows.iter())
            .map(|row| Cells::of(kept.units, row).generation())
            .collect();
        let with_buckets = numbers?.into_iter().map(|number| (key, number));
        if let Some((_, number)) = merge::prune(&coverage, with_buckets, 1).first() {
            return Ok(Some((spoken.partition, *number)));
        }
    }
    Ok(None)
}

async fn delete(
    session: &mut Session,
    kept: &Kept,
    partition: PartitionId,
    generation: GenerationNumber,
) -> Result<usize> {
    let Kept {
        units,
        unit,
        rows,
        max,
    } = kept;
    let what = "deleting buckets";
    session.begin().await?;
    let generation = count(generation.0, "a generation")?;
    let sql = format!(
        "SELECT {unit} FROM {units} WHERE partition_id = ? AND generation = ? \
         ORDER BY {unit} LIMIT ?"
    );
    let values = [partition.0, generation, *max].map(Value::Integer);
    let mut found = Vec::new();
    for row in session.select(what, &sql, &values).await? {
        found.push(Cells::of(units, &row).integer()?);
    }
    let (Some(first), Some(last)) = (found.first(), found.last()) else {
        session.rollback().await?;
        return Ok(0);
    };
    // Nothing is added to a sealed generation: what lies between was found.
    let values = [partition.0, generation, *first, *last].map(Value::Integer);
    for table in [rows, units] {
        let sql = format!(
            "DELETE FROM {table} WHERE partition_id = ? AND generation = ? \
             AND {unit} >= ? AND {unit} <= ?"
        );
        session.run(what, &sql, &values).await?;
    }
    session.commit("a pruning").await?;
    Ok(found.len())
}
