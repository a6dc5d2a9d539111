//! The minutes that a batch touches, with their sketches, which don't add up by themselves.

use super::commit::Target;
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::Cells;
use crate::session::{Insert, Session};
use comptoir_database::Value;
use comptoir_model::live::{Distinct, DistinctSketch, Minute, SketchError};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// How many minutes are asked for at once; the last of them are asked for again and again to fill
/// the statement.
const ASKED_MAX: usize = 64;

/// Reads, merges and writes under the lock of the partition's position. `touched` are all minutes
/// that the batch adds to.
pub(super) async fn write(
    session: &mut Session,
    target: Target,
    distinct: &BTreeMap<Minute, Distinct>,
    mut touched: BTreeSet<Minute>,
) -> Result<()> {
    let stored = read(session, target, distinct.keys().copied()).await?;
    let mut sketches: Vec<(Minute, Vec<u8>, Vec<u8>)> = Vec::new();
    for (minute, distinct) in distinct {
        touched.remove(minute);
        let (orders, customers) = match stored.get(minute) {
            None => (distinct.orders.to_bytes(), distinct.customers.to_bytes()),
            Some(stored) => {
                let mut merged = stored.clone();
                merged.merge(distinct);
                (merged.orders.to_bytes(), merged.customers.to_bytes())
            }
        };
        sketches.push((*minute, orders, customers));
    }
    let with_sketches = Insert {
        table: "minutes",
        key: &["partition_id", "generation", "minute"],
        columns: &[
            "partition_id",
            "generation",
            "minute",
            "orders",
            "customers",
            "changed_offset",
        ],
        on_conflict: OnConflict::Update {
            add: &[],
            set: &["orders", "customers", "changed_offset"],
        },
    };
    let mut values = Vec::with_capacity(sketches.len() * with_sketches.columns.len());
    for (minute, orders, customers) in &sketches {
        values.extend([
            Value::Integer(target.partition.0),
            Value::Integer(target.generation),
            Value::Integer(minute.0),
            Value::Bytes(orders),
            Value::Bytes(customers),
            Value::Integer(target.end),
        ]);
    }
    session.insert(&with_sketches, &values).await?;
    // Those in which nothing was sold now.
    let without = Insert {
        table: "minutes",
        key: &["partition_id", "generation", "minute"],
        columns: &["partition_id", "generation", "minute", "changed_offset"],
        on_conflict: OnConflict::Update {
            add: &[],
            set: &["changed_offset"],
        },
    };
    let row = |minute: Minute| {
        [target.partition.0, target.generation, minute.0, target.end].map(Value::Integer)
    };
    let values: Vec<_> = touched.into_iter().flat_map(row).collect();
    session.insert(&without, &values).await
}

async fn read(
    session: &mut Session,
    target: Target,
    minutes: impl Iterator<Item = Minute>,
) -> Result<BTreeMap<Minute, Distinct>> {
    let minutes: Vec<_> = minutes.collect();
    let mut stored = BTreeMap::new();
    for asked in minutes.chunks(ASKED_MAX) {
        // Two statements at most to prepare: for one minute, as it is while events are new, and for many.
        let size = if asked.len() == 1 { 1 } else { ASKED_MAX };
        let sql = format!(
            "SELECT minute, orders, customers FROM minutes \
             WHERE partition_id = ? AND generation = ? AND minute IN ({})",
            vec!["?"; size].join(",")
        );
        let last = asked.last().copied();
        let filled = asked.iter().copied().chain(last.into_iter().cycle());
        let minutes = filled.take(size).map(|minute| Value::Integer(minute.0));
        let mut values = vec![
            Value::Integer(target.partition.0),
            Value::Integer(target.generation),
        ];
        values.extend(minutes);
        for row in session.select("reading sketches", &sql, &values).await? {
            let mut cells = Cells::of("minutes", &row);
            let minute = Minute(cells.integer()?);
            let of = target.partition;
            stored.insert(minute, distinct(of, minute, &mut cells)?);
        }
    }
    Ok(stored)
}

/// Orders, then customers.
pub(crate) fn distinct(
    of: impl Display,
    minute: Minute,
    cells: &mut Cells<'_>,
) -> Result<Distinct> {
    let read = |bytes: Option<&[u8]>| match bytes {
        None => Ok(DistinctSketch::new()),
        Some(bytes) => DistinctSketch::from_bytes(bytes),
    };
    let named = |source: SketchError| WarehouseError::Sketch {
        counted_in: of.to_string(),
        minute: minute.0,
        source,
    };
    Ok(Distinct {
        orders: read(cells.optional_bytes()?).map_err(named)?,
        customers: read(cells.optional_bytes()?).map_err(named)?,
    })
}
