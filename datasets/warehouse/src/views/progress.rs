//! How far a sink has seen its partitions.

use super::{PartitionId, Progress};
use crate::dialect::OnConflict;
use crate::error::Result;
use crate::rows::stored;
use crate::schema::VIEWS_SINK;
use crate::session::{Insert, Session};
use comptoir_database::Value;
use jiff::Timestamp;

const COLUMNS: &[&str] = &[
    "sink",
    "partition_id",
    "log_end",
    "fresh_through_ms",
    "owner",
    "checked_at_ms",
];
const SAID: &[&str] = &["log_end", "fresh_through_ms", "owner"];

pub(super) async fn note(
    session: &mut Session,
    progress: &[(PartitionId, Progress)],
    owner: &str,
) -> Result<()> {
    let mut progress = progress.to_vec();
    // Writers that lock the same rows lock them in one order.
    progress.sort_unstable_by_key(|(partition, _)| *partition);
    let newer = Insert {
        table: "progress",
        key: &["sink", "partition_id"],
        columns: COLUMNS,
        on_conflict: OnConflict::Newer {
            set: SAID,
            clock: "checked_at_ms",
        },
    };
    session.begin().await?;
    let mut values = Vec::new();
    for (partition, progress) in &progress {
        values.extend(row(*partition, progress, owner)?);
    }
    session.insert(&newer, &values).await?;
    session.commit("progress").await
}

/// By the owner that holds the partition's lock, who need not ask what the row says.
pub(super) async fn write(
    session: &mut Session,
    partition: PartitionId,
    progress: &Progress,
    owner: &str,
) -> Result<()> {
    let written = Insert {
        table: "progress",
        key: &["sink", "partition_id"],
        columns: COLUMNS,
        on_conflict: OnConflict::Update {
            add: &[],
            set: &["log_end", "fresh_through_ms", "owner", "checked_at_ms"],
        },
    };
    let row = row(partition, progress, owner)?;
    session.insert(&written, &row).await
}

fn row<'a>(
    partition: PartitionId,
    progress: &Progress,
    owner: &'a str,
) -> Result<[Value<'a>; COLUMNS.len()]> {
    let fresh = progress.fresh_through.map(Timestamp::as_millisecond);
    Ok([
        Value::Text(VIEWS_SINK),
        Value::Integer(partition.0),
        Value::Integer(stored(progress.log_end)?),
        Value::integer_or_null(fresh),
        Value::Text(owner),
        Value::Integer(progress.checked_at.as_millisecond()),
    ])
}
