//! Where the sink stands, and what it could not read.

use super::{LivePartition, LiveStream, RecordedGap};
use crate::error::Result;
use crate::rows::Cells;
use crate::schema::VIEWS_SINK;
use crate::session::Session;
use crate::views::{self, PartitionId, Progress};
use comptoir_database::Value;
use comptoir_model::ids::{Offset, StreamId};
use comptoir_model::live::Counted;
use std::collections::BTreeMap;

/// How far each partition has been counted.
pub(super) async fn positions(session: &mut Session) -> Result<BTreeMap<PartitionId, Offset>> {
    let sql = "SELECT partition_id, next_offset FROM offsets WHERE sink = ?";
    let values = [Value::Text(VIEWS_SINK)];
    let rows = session.select("reading positions", sql, &values).await?;
    let position = |row| {
        let mut cells = Cells::of("offsets", row);
        Ok((PartitionId(cells.integer()?), cells.offset()?))
    };
    rows.iter().map(position).collect()
}

/// By key.
pub(crate) async fn partitions(session: &mut Session) -> Result<Vec<LivePartition>> {
    let what = "reading positions";
    let mut counted = counted(session).await?;
    let sql = "SELECT p.stream, p.partition_number, p.id, o.next_offset, o.generation, \
               o.updated_at_ms, s.log_end, s.fresh_through_ms, s.checked_at_ms, s.owner \
               FROM offsets o JOIN stream_partitions p ON p.id = o.partition_id \
               LEFT JOIN progress s ON s.sink = o.sink AND s.partition_id = o.partition_id \
               WHERE o.sink = ?";
    let rows = (session.select(what, sql, &[Value::Text(VIEWS_SINK)])).await?;
    let mut partitions = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut cells = Cells::of("offsets", row);
        let key = cells.partition_key()?;
        let id = PartitionId(cells.integer()?);
        let (next, generation) = (cells.offset()?, cells.generation()?);
        let updated_at = cells.milliseconds()?;
        let log_end = cells.optional_offset()?;
        let fresh_through = cells.optional_milliseconds()?;
        let checked_at = cells.optional_milliseconds()?;
        let progress = log_end
            .zip(checked_at)
            .map(|(log_end, checked_at)| Progress {
                log_end,
                fresh_through,
                checked_at,
            });
        partitions.push(LivePartition {
            id,
            key,
            next,
            generation,
            updated_at,
            progress,
            owner: cells.optional_text()?.map(str::to_owned),
            counted: counted.remove(&id).unwrap_or_default(),
        });
    }
    partitions.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(partitions)
}

/// By first appearance.
pub(crate) async fn streams(session: &mut Session) -> Result<Vec<LiveStream>> {
    let sql = "SELECT stream, transport, topic, first_seen_ms, ended_at_ms FROM streams \
               ORDER BY first_seen_ms, stream";
    let rows = session.select("reading streams", sql, &[]).await?;
    let stream = |row| {
        let mut cells = Cells::of("streams", row);
        Ok(LiveStream {
            stream: StreamId(cells.text()?.to_owned()),
            transport: cells.text()?.to_owned(),
            topic: cells.text()?.to_owned(),
            first_seen: cells.milliseconds()?,
            ended_at: cells.optional_milliseconds()?,
        })
    };
    rows.iter().map(stream).collect()
}

/// Oldest first.
pub(crate) async fn gaps(session: &mut Session) -> Result<Vec<RecordedGap>> {
    let sql = "SELECT p.stream, p.partition_number, g.kind, g.start_offset, g.end_offset, \
               g.found_at_ms \
               FROM gaps g JOIN stream_partitions p ON p.id = g.partition_id WHERE g.sink = ? \
               ORDER BY g.found_at_ms, g.partition_id, g.start_offset, g.kind";
    let values = [Value::Text(VIEWS_SINK)];
    let rows = session.select("reading gaps", sql, &values).await?;
    let gap = |row| {
        let mut cells = Cells::of("gaps", row);
        Ok(RecordedGap {
            partition: cells.partition_key()?,
            kind: cells.word(views::gap_kind)?,
            span: cells.span()?,
            found_at: cells.milliseconds()?,
        })
    };
    rows.iter().map(gap).collect()
}

async fn counted(session: &mut Session) -> Result<BTreeMap<PartitionId, Counted>> {
    let sum = |column| session.dialect.sum(column);
    let sql = format!(
        "SELECT partition_id, {}, {}, {} FROM generations GROUP BY partition_id",
        sum("accepted"),
        sum("rejected"),
        sum("duplicates")
    );
    let rows = session.select("counting records", &sql, &[]).await?;
    let partition_and_counted = |row| {
        let mut cells = Cells::of("generations", row);
        Ok((PartitionId(cells.integer()?), views::counted(&mut cells)?))
    };
    rows.iter().map(partition_and_counted).collect()
}
