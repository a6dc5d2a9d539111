//! Streams and partitions, and where the sink stands in them.

use super::{PartitionId, ViewsPosition};
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::Cells;
use crate::schema::VIEWS_SINK;
use crate::session::{Insert, Session};
use comptoir_database::Value;
use comptoir_model::api::live::GapKind;
use comptoir_model::ids::StreamId;
use comptoir_model::merge::{Gaps, GenerationNumber, PartitionKey};
use jiff::Timestamp;

pub(super) async fn register_stream(
    session: &mut Session,
    stream: &StreamId,
    transport: &str,
    topic: &str,
    now: Timestamp,
) -> Result<()> {
    let streams = Insert {
        table: "streams",
        key: &["stream"],
        columns: &["stream", "transport", "topic", "first_seen_ms"],
        on_conflict: OnConflict::Keep,
    };
    let row = [
        Value::Text(&stream.0),
        Value::Text(transport),
        Value::Text(topic),
        Value::Integer(now.as_millisecond()),
    ];
    session.begin().await?;
    session.insert(&streams, &row).await?;
    session.commit("a new stream").await
}

pub(super) async fn end_stream(
    session: &mut Session,
    stream: &StreamId,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE streams SET ended_at_ms = ? WHERE stream = ? AND ended_at_ms IS NULL";
    let values = [Value::Integer(now.as_millisecond()), Value::Text(&stream.0)];
    session.begin().await?;
    session.run("ending a stream", sql, &values).await?;
    session.commit("the end of a stream").await
}

pub(super) async fn read_or_make(
    session: &mut Session,
    key: &PartitionKey,
    now: Timestamp,
) -> Result<ViewsPosition> {
    session.begin().await?;
    if find(session, key).await?.is_none() {
        make_partition(session, key).await?;
    }
    let partition = find(session, key).await?;
    let partition = partition.ok_or_else(|| WarehouseError::UnknownPartition {
        partition: key.to_string(),
    })?;
    // Waits for a transaction that is still under way.
    let sql = format!(
        "SELECT next_offset, generation FROM offsets WHERE sink = ? AND partition_id = ?{}",
        session.dialect.for_update()
    );
    let of = [Value::Text(VIEWS_SINK), Value::Integer(partition.0)];
    let mut rows = session.select("reading a position", &sql, &of).await?;
    if rows.is_empty() {
        make_position(session, partition, now).await?;
        rows = session.select("reading a position", &sql, &of).await?;
    }
    let row = rows.first();
    let row = row.ok_or_else(|| WarehouseError::UnknownPartition {
        partition: key.to_string(),
    })?;
    let mut cells = Cells::of("offsets", row);
    let position = ViewsPosition {
        partition,
        next: cells.offset()?,
        generation: cells.generation()?,
        gaps: gaps(session, partition).await?,
    };
    session.commit("reading a position").await?;
    Ok(position)
}

pub(crate) async fn find(session: &mut Session, key: &PartitionKey) -> Result<Option<PartitionId>> {
    let sql = "SELECT id FROM stream_partitions WHERE stream = ? AND partition_number = ?";
    let values = [
        Value::Text(&key.stream.0),
        Value::Integer(key.partition.0.into()),
    ];
    let rows = session
        .select("looking for a partition", sql, &values)
        .await?;
    let id = rows
        .first()
        .map(|row| Cells::of("stream_partitions", row).integer());
    Ok(id.transpose()?.map(PartitionId))
}

async fn make_partition(session: &mut Session, key: &PartitionKey) -> Result<()> {
    let partitions = Insert {
        table: "stream_partitions",
        key: &["stream", "partition_number"],
        columns: &["stream", "partition_number"],
        on_conflict: OnConflict::Keep,
    };
    let row = [
        Value::Text(&key.stream.0),
        Value::Integer(key.partition.0.into()),
    ];
    session.insert(&partitions, &row).await
}

/// As `merge::Position`'s default: every sink starts at offset 0.
async fn make_position(
    session: &mut Session,
    partition: PartitionId,
    now: Timestamp,
) -> Result<()> {
    let first = GenerationNumber::FIRST.0.cast_signed();
    let offsets = Insert {
        table: "offsets",
        key: &["sink", "partition_id"],
        columns: &[
            "sink",
            "partition_id",
            "next_offset",
            "generation",
            "updated_at_ms",
        ],
        on_conflict: OnConflict::Keep,
    };
    let row = [
        Value::Text(VIEWS_SINK),
        Value::Integer(partition.0),
        Value::Integer(0),
        Value::Integer(first),
        Value::Integer(now.as_millisecond()),
    ];
    session.insert(&offsets, &row).await?;
    let row = [partition.0, first, 0, 0, 0, 0].map(Value::Integer);
    session.insert(&super::generations::OPENED, &row).await
}

/// The sink's, by offset.
pub(crate) async fn gaps(session: &mut Session, partition: PartitionId) -> Result<Gaps> {
    let sql = "SELECT kind, start_offset, end_offset FROM gaps \
               WHERE sink = ? AND partition_id = ? ORDER BY start_offset, end_offset";
    let of = [Value::Text(VIEWS_SINK), Value::Integer(partition.0)];
    let mut gaps = Gaps::default();
    for row in session.select("reading gaps", sql, &of).await? {
        let mut cells = Cells::of("gaps", &row);
        match cells.word(gap_kind)? {
            GapKind::Lost => gaps.lost.push(cells.span()?),
            GapKind::Blind => gaps.blind.push(cells.span()?),
        }
    }
    Ok(gaps)
}

pub(crate) fn gap_kind(word: &str) -> Option<GapKind> {
    [GapKind::Lost, GapKind::Blind]
        .into_iter()
        .find(|kind| gap_word(*kind) == word)
}

pub(crate) fn gap_word(kind: GapKind) -> &'static str {
    match kind {
        GapKind::Lost => "lost",
        GapKind::Blind => "blind",
    }
}
