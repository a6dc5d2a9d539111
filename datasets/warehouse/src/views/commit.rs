//! A batch's transaction.

use super::position::gap_word;
use super::{Committed, PartitionId, ViewsBatch, generations, progress, recent, sketches};
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::names;
use crate::rows::{Cells, bucket_values, count, stored, top_values};
use crate::schema::VIEWS_SINK;
use crate::session::{Insert, Session};
use comptoir_config::fault;
use comptoir_database::Value;
use comptoir_model::api::live::GapKind;
use comptoir_model::ids::Offset;
use comptoir_model::live::{BucketKey, BucketSums, DeadLetter, QuarterHour, Tally};
use comptoir_model::merge::{GenerationNumber, Span};
use std::collections::BTreeSet;

/// How many rows are made ready at a time.
pub(super) const ROWS_MAX: usize = 256;
/// How many bytes of dead letters go into one statement.
const LETTERS_BYTES: usize = 1 << 20;

/// Where a batch's rows go: what every one of them begins with.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) partition: PartitionId,
    /// The open one, as the database holds it.
    pub(super) generation: i64,
    /// The end of the batch: what it touches has changed there.
    pub(super) end: i64,
}

pub(super) async fn commit(
    session: &mut Session,
    batch: &ViewsBatch<'_>,
    owner: &str,
) -> Result<Committed> {
    session.begin().await?;
    // First of all, and what keeps a second owner out: this takes the lock of the position's row.
    if !move_position(session, batch).await? {
        let found = position_of(session, batch.partition).await?;
        session.rollback().await?;
        let (found, _) = found.ok_or_else(|| WarehouseError::UnknownPartition {
            partition: format!("partition {}", batch.partition.0),
        })?;
        return Ok(Committed::GivenUp { found });
    }
    // Read under that lock: a seal lies wholly before this batch, or wholly after it.
    let (_, generation) = (position_of(session, batch.partition).await?).ok_or_else(|| {
        WarehouseError::UnknownPartition {
            partition: format!("partition {}", batch.partition.0),
        }
    })?;
    let target = Target {
        partition: batch.partition,
        generation: count(generation.0, "a generation")?,
        end: stored(batch.span.end())?,
    };
    let (control, end) = (batch.tally.control(), batch.span.end());
    generations::add(session, batch.partition, generation, control, end).await?;
    let buckets = batch.tally.buckets();
    write_buckets(session, target, &buckets).await?;
    let touched = buckets.iter().map(|(key, _)| key.minute).collect();
    sketches::write(session, target, batch.tally.distinct(), touched).await?;
    write_tops(session, target, batch.tally).await?;
    write_letters(session, batch).await?;
    recent::write(session, batch.partition, batch.tally).await?;
    write_gaps(session, batch).await?;
    progress::write(session, batch.partition, &batch.progress, owner).await?;
    // Last, because only these rows are shared with other partitions.
    names::write(session, batch.names).await?;
    fault::pass("views-written");
    session.commit("a batch").await?;
    Ok(Committed::Applied { generation })
}

async fn move_position(session: &mut Session, batch: &ViewsBatch<'_>) -> Result<bool> {
    let sql = "UPDATE offsets SET next_offset = ?, updated_at_ms = ? \
               WHERE sink = ? AND partition_id = ? AND next_offset = ?";
    let values = [
        Value::Integer(stored(batch.span.end())?),
        Value::Integer(batch.now.as_millisecond()),
        Value::Text(VIEWS_SINK),
        Value::Integer(batch.partition.0),
        Value::Integer(stored(batch.span.start())?),
    ];
    let changed = session.run("moving the position", sql, &values).await?;
    Ok(changed == 1)
}

async fn position_of(
    session: &mut Session,
    partition: PartitionId,
) -> Result<Option<(Offset, GenerationNumber)>> {
    let sql = "SELECT next_offset, generation FROM offsets WHERE sink = ? AND partition_id = ?";
    let of = [Value::Text(VIEWS_SINK), Value::Integer(partition.0)];
    let rows = session.select("reading a position", sql, &of).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut cells = Cells::of("offsets", row);
    Ok(Some((cells.offset()?, cells.generation()?)))
}

async fn write_buckets(
    session: &mut Session,
    target: Target,
    rows: &[(BucketKey<'_>, &BucketSums)],
) -> Result<()> {
    let buckets = Insert {
        table: "buckets",
        key: &[
            "partition_id",
            "generation",
            "minute",
            "currency",
            "category",
            "country",
            "city",
            "channel",
            "status",
        ],
        columns: &[
            "partition_id",
            "generation",
            "minute",
            "currency",
            "category",
            "country",
            "city",
            "channel",
            "status",
            "transactions",
            "quantity",
            "gross",
            "refunds",
            "net",
        ],
        on_conflict: OnConflict::Update {
            add: &["transactions", "quantity", "gross", "refunds", "net"],
            set: &[],
        },
    };
    for rows in rows.chunks(ROWS_MAX) {
        let mut values = Vec::with_capacity(rows.len() * buckets.columns.len());
        for (key, sums) in rows {
            values.extend([
                Value::Integer(target.partition.0),
                Value::Integer(target.generation),
                Value::Integer(key.minute.0),
            ]);
            values.extend(bucket_values(key, sums)?);
        }
        session.insert(&buckets, &values).await?;
    }
    Ok(())
}

async fn write_tops(session: &mut Session, target: Target, tally: &Tally) -> Result<()> {
    let tops = Insert {
        table: "tops",
        key: &[
            "partition_id",
            "generation",
            "quarter",
            "currency",
            "kind",
            "name",
        ],
        columns: &[
            "partition_id",
            "generation",
            "quarter",
            "currency",
            "kind",
            "name",
            "transactions",
            "approved",
            "units",
            "gross",
            "refunds",
            "net",
            "changed_offset",
        ],
        on_conflict: OnConflict::Update {
            add: &[
                "transactions",
                "approved",
                "units",
                "gross",
                "refunds",
                "net",
            ],
            set: &["changed_offset"],
        },
    };
    let rows = tally.tops();
    for rows in rows.chunks(ROWS_MAX) {
        let mut values = Vec::with_capacity(rows.len() * tops.columns.len());
        for (key, sums) in rows {
            values.extend([
                Value::Integer(target.partition.0),
                Value::Integer(target.generation),
            ]);
            values.extend(top_values(key, sums)?);
            values.push(Value::Integer(target.end));
        }
        session.insert(&tops, &values).await?;
    }
    let touched: BTreeSet<QuarterHour> = rows.iter().map(|(key, _)| key.quarter).collect();
    let quarters = Insert {
        table: "quarters",
        key: &["partition_id", "generation", "quarter"],
        columns: &["partition_id", "generation", "quarter", "changed_offset"],
        on_conflict: OnConflict::Update {
            add: &[],
            set: &["changed_offset"],
        },
    };
    let row = |quarter: QuarterHour| {
        [target.partition.0, target.generation, quarter.0, target.end].map(Value::Integer)
    };
    let values: Vec<_> = touched.into_iter().flat_map(row).collect();
    session.insert(&quarters, &values).await
}

async fn write_letters(session: &mut Session, batch: &ViewsBatch<'_>) -> Result<()> {
    let table = Insert {
        table: "dead_letters",
        key: &["partition_id", "record_offset"],
        columns: &[
            "partition_id",
            "record_offset",
            "record_timestamp_ms",
            "reason",
            "detail",
            "cure",
            "size",
            "bytes",
            "found_at_ms",
        ],
        on_conflict: OnConflict::Keep,
    };
    let bytes_max = session.bytes_max;
    let mut rest = batch.tally.dead_letters();
    while !rest.is_empty() {
        let (letters, after) = rest.split_at(fitting(rest));
        rest = after;
        let words: Vec<_> = letters
            .iter()
            .map(|letter| (letter.rejection.to_string(), letter.rejection.cure()))
            .collect();
        let mut values = Vec::with_capacity(letters.len() * table.columns.len());
        for (letter, (detail, cure)) in letters.iter().zip(&words) {
            let kept = letter.bytes.len().min(bytes_max);
            values.extend([
                Value::Integer(batch.partition.0),
                Value::Integer(stored(letter.offset)?),
                Value::Integer(letter.timestamp.as_millisecond()),
                Value::Text(letter.rejection.reason()),
                Value::Text(detail),
                Value::Text(cure),
                Value::Integer(count(letter.bytes.len() as u64, "a size")?),
                Value::Bytes(&letter.bytes[..kept]),
                Value::Integer(batch.now.as_millisecond()),
            ]);
        }
        session.insert(&table, &values).await?;
    }
    Ok(())
}

/// How many letters go into one statement: at least one, whatever its size.
fn fitting(letters: &[DeadLetter]) -> usize {
    let mut bytes = 0_usize;
    let small = letters.iter().take_while(|letter| {
        bytes = bytes.saturating_add(letter.bytes.len());
        bytes <= LETTERS_BYTES
    });
    small.count().max(1)
}

async fn write_gaps(session: &mut Session, batch: &ViewsBatch<'_>) -> Result<()> {
    let table = Insert {
        table: "gaps",
        key: &["sink", "partition_id", "kind", "start_offset", "end_offset"],
        columns: &[
            "sink",
            "partition_id",
            "kind",
            "start_offset",
            "end_offset",
            "found_at_ms",
        ],
        on_conflict: OnConflict::Keep,
    };
    let gaps = |spans: &[Span], kind| -> Vec<(GapKind, Span)> {
        spans.iter().map(|span| (kind, *span)).collect()
    };
    let mut values = Vec::new();
    let lost = gaps(batch.lost, GapKind::Lost);
    for (kind, span) in lost.into_iter().chain(gaps(batch.blind, GapKind::Blind)) {
        values.extend([
            Value::Text(VIEWS_SINK),
            Value::Integer(batch.partition.0),
            Value::Text(gap_word(kind)),
            Value::Integer(stored(span.start())?),
            Value::Integer(stored(span.end())?),
            Value::Integer(batch.now.as_millisecond()),
        ]);
    }
    session.insert(&table, &values).await
}
