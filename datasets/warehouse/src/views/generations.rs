//! The generations that a partition is cut into, and their control totals.

use super::{GenerationRow, PartitionId};
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::{Cells, count, stored};
use crate::schema::VIEWS_SINK;
use crate::session::{Insert, Session};
use comptoir_database::Value;
use comptoir_model::ids::Offset;
use comptoir_model::live::{ControlTotals, Counted, Hundredths};
use comptoir_model::merge::{self, GenerationNumber, Open, PartitionKey, Position, Seal};
use comptoir_model::money::Currency;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A generation that begins.
pub(super) const OPENED: Insert<'static> = Insert {
    table: "generations",
    key: &["partition_id", "generation"],
    columns: &[
        "partition_id",
        "generation",
        "start_offset",
        "accepted",
        "rejected",
        "duplicates",
    ],
    on_conflict: OnConflict::Keep,
};

/// Adds what a batch that ends at `end` counted to the open generation, under the lock of the partition's position.
pub(super) async fn add(
    session: &mut Session,
    partition: PartitionId,
    generation: GenerationNumber,
    control: &ControlTotals,
    end: Offset,
) -> Result<()> {
    let counted = control.counted();
    let number = count(generation.0, "a generation")?;
    let sql = "UPDATE generations SET accepted = accepted + ?, rejected = rejected + ?, \
               duplicates = duplicates + ?, counted_to = ? \
               WHERE partition_id = ? AND generation = ? AND end_offset IS NULL";
    let values = [
        count(counted.accepted, "a count")?,
        count(counted.rejected, "a count")?,
        count(counted.duplicates, "a count")?,
        stored(end)?,
        partition.0,
        number,
    ]
    .map(Value::Integer);
    let changed = (session.run("counting a batch", sql, &values)).await?;
    if changed != 1 {
        return Err(WarehouseError::Damaged {
            table: "generations",
            what: format!(
                "no open generation {generation} of partition {}",
                partition.0
            ),
        });
    }
    let net = Insert {
        table: "generation_net",
        key: &["partition_id", "generation", "currency"],
        columns: &["partition_id", "generation", "currency", "net"],
        on_conflict: OnConflict::Update {
            add: &["net"],
            set: &[],
        },
    };
    let rows: Vec<_> = control.net().collect();
    let mut values = Vec::new();
    for (currency, net) in &rows {
        values.extend([
            Value::Integer(partition.0),
            Value::Integer(number),
            Value::Text(currency.as_str()),
            Value::Integer(net.0),
        ]);
    }
    session.insert(&net, &values).await
}

/// Seals every partition that has moved, in one transaction that holds all their locks.
pub(super) async fn seal(
    session: &mut Session,
    now: Timestamp,
) -> Result<BTreeMap<PartitionKey, Seal<ControlTotals>>> {
    session.begin().await?;
    let ids = partitions(session).await?;
    let mut positions = BTreeMap::new();
    // One by one: a query that sorts may lock in another order than it answers.
    for (key, partition) in &ids {
        if let Some(position) = lock(session, *partition).await? {
            positions.insert(key.clone(), position);
        }
    }
    let seals = merge::seal(&positions);
    for (key, seal) in &seals {
        let Some(partition) = ids.get(key) else {
            continue;
        };
        write(session, *partition, seal, now).await?;
    }
    session.commit("a seal").await?;
    Ok(seals)
}

/// In the order of their keys. To be called in a snapshot.
pub(crate) async fn all(session: &mut Session) -> Result<Vec<GenerationRow>> {
    let sql = "SELECT partition_id, generation, currency, net FROM generation_net";
    let mut nets = nets(session, sql, &[]).await?;
    let sql = "SELECT p.stream, p.partition_number, g.partition_id, g.generation, g.start_offset, \
               g.end_offset, g.counted_to, g.accepted, g.rejected, g.duplicates \
               FROM generations g JOIN stream_partitions p ON p.id = g.partition_id";
    let mut generations = Vec::new();
    for row in session.select("reading generations", sql, &[]).await? {
        let mut cells = Cells::of("generations", &row);
        let partition = cells.partition_key()?;
        let id = cells.integer()?;
        let number = cells.generation()?;
        let start = cells.offset()?;
        let (end, counted_to) = (cells.optional_offset()?, cells.optional_offset()?);
        let net = nets.remove(&(id, number.0)).unwrap_or_default();
        generations.push(GenerationRow {
            partition,
            number,
            start,
            end,
            counted_to,
            control: ControlTotals::new(counted(&mut cells)?, net)?,
        });
    }
    generations.sort_by(|a, b| (&a.partition, a.number).cmp(&(&b.partition, b.number)));
    Ok(generations)
}

/// The net of generations by partition and number, as a query gives partition, number, currency and
/// net.
pub(crate) async fn nets(
    session: &mut Session,
    sql: &str,
    values: &[Value<'_>],
) -> Result<BTreeMap<(i64, u64), Vec<(Currency, Hundredths)>>> {
    let mut nets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in (session.select("reading generations", sql, values)).await? {
        let mut cells = Cells::of("generation_net", &row);
        let key = (cells.integer()?, cells.unsigned()?);
        let net = (cells.parsed(str::parse)?, cells.hundredths()?);
        nets.entry(key).or_default().push(net);
    }
    Ok(nets)
}

/// The partitions that the views sink has read, in the order of their keys.
async fn partitions(session: &mut Session) -> Result<BTreeMap<PartitionKey, PartitionId>> {
    let sql = "SELECT p.stream, p.partition_number, p.id FROM stream_partitions p \
               JOIN offsets o ON o.partition_id = p.id WHERE o.sink = ?";
    let rows = session
        .select("reading partitions", sql, &[Value::Text(VIEWS_SINK)])
        .await?;
    let key_and_id = |row| {
        let mut cells = Cells::of("stream_partitions", row);
        Ok((cells.partition_key()?, PartitionId(cells.integer()?)))
    };
    rows.iter().map(key_and_id).collect()
}

async fn lock(
    session: &mut Session,
    partition: PartitionId,
) -> Result<Option<Position<ControlTotals>>> {
    let what = "locking a position";
    let sql = format!(
        "SELECT next_offset, generation FROM offsets WHERE sink = ? AND partition_id = ?{}",
        session.dialect.for_update()
    );
    let of = [Value::Text(VIEWS_SINK), Value::Integer(partition.0)];
    let rows = session.select(what, &sql, &of).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut cells = Cells::of("offsets", row);
    let (next, number) = (cells.offset()?, cells.generation()?);
    let of = [partition.0, count(number.0, "a generation")?].map(Value::Integer);
    let sql = "SELECT start_offset, accepted, rejected, duplicates FROM generations \
               WHERE partition_id = ? AND generation = ? AND end_offset IS NULL";
    let rows = session.select(what, sql, &of).await?;
    let row = rows.first().ok_or_else(|| WarehouseError::Damaged {
        table: "generations",
        what: format!("no open generation {number} of partition {}", partition.0),
    })?;
    let mut cells = Cells::of("generations", row);
    let start = cells.offset()?;
    let counted = counted(&mut cells)?;
    let sql = "SELECT currency, net FROM generation_net WHERE partition_id = ? AND generation = ?";
    let mut net = Vec::new();
    for row in session.select(what, sql, &of).await? {
        let mut cells = Cells::of("generation_net", &row);
        net.push((cells.parsed(str::parse)?, cells.hundredths()?));
    }
    let control = ControlTotals::new(counted, net)?;
    Ok(Some(Position {
        next,
        open: Open {
            number,
            start,
            control,
        },
    }))
}

async fn write(
    session: &mut Session,
    partition: PartitionId,
    seal: &Seal<ControlTotals>,
    now: Timestamp,
) -> Result<()> {
    let what = "writing a seal";
    let end = stored(seal.sealed.span.end())?;
    let sealed = count(seal.sealed.number.0, "a generation")?;
    let opened = count(seal.row.open.number.0, "a generation")?;
    let sql = "UPDATE generations SET end_offset = ?, sealed_at_ms = ? \
               WHERE partition_id = ? AND generation = ?";
    let values = [end, now.as_millisecond(), partition.0, sealed].map(Value::Integer);
    session.run(what, sql, &values).await?;
    let row = [partition.0, opened, end, 0, 0, 0].map(Value::Integer);
    session.insert(&OPENED, &row).await?;
    let sql = "UPDATE offsets SET generation = ? WHERE sink = ? AND partition_id = ?";
    let values = [
        Value::Integer(opened),
        Value::Text(VIEWS_SINK),
        Value::Integer(partition.0),
    ];
    session.run(what, sql, &values).await?;
    Ok(())
}

/// Accepted, rejected, duplicates.
pub(crate) fn counted(cells: &mut Cells<'_>) -> Result<Counted> {
    Ok(Counted {
        accepted: cells.unsigned()?,
        rejected: cells.unsigned()?,
        duplicates: cells.unsigned()?,
    })
}
