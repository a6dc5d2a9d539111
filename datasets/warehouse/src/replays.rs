//! Corrected records that are sent in the place of dead letters.

use crate::dead_letters::DeadLetterKey;
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::{Cells, stored};
use crate::session::{Insert, Session};
use crate::views;
use crate::warehouse::Warehouse;
use comptoir_database::{Row, Value};
use comptoir_model::ids::{Offset, Partition};
use jiff::Timestamp;

/// One dead letter's replay. It is planned before anything is sent, so that a crash leaves what to
/// look for: the corrected record lies at or behind `ends`, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    pub letter: DeadLetterKey,
    pub state: ReplayState,
    /// Where the topic's partitions ended before it was sent.
    pub ends: Vec<(Partition, Offset)>,
    /// The corrected record.
    pub replacement: Vec<u8>,
    pub transactional_id: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayState {
    Planned,
    Done { at: Timestamp },
}

const PLANNED: &str = "planned";
const DONE: &str = "done";

impl Warehouse {
    /// Records a plan. Where there is one for this letter already, that one stands and is given
    /// back: carry it on.
    pub async fn plan_replay(&self, replay: &Replay) -> Result<Replay> {
        let table = Insert {
            table: "replays",
            key: &["partition_id", "record_offset"],
            columns: &[
                "partition_id",
                "record_offset",
                "state",
                "ends",
                "replacement",
                "transactional_id",
                "created_at_ms",
            ],
            on_conflict: OnConflict::Keep,
        };
        let letter = &replay.letter;
        let ends =
            serde_json::to_string(&replay.ends).map_err(|error| WarehouseError::Damaged {
                table: "replays",
                what: error.to_string(),
            })?;
        let mut lease = self.lease().await?;
        lease.begin().await?;
        let partition = views::find_partition(&mut lease, &letter.partition).await?;
        let partition = partition.ok_or_else(|| WarehouseError::UnknownPartition {
            partition: letter.partition.to_string(),
        })?;
        let row = [
            Value::Integer(partition.0),
            Value::Integer(stored(letter.offset)?),
            Value::Text(PLANNED),
            Value::Text(&ends),
            Value::Bytes(&replay.replacement),
            Value::Text(&replay.transactional_id),
            Value::Integer(replay.created_at.as_millisecond()),
        ];
        lease.insert(&table, &row).await?;
        let planned = one(&mut lease, letter).await?;
        lease.commit("a replay's plan").await?;
        lease.give_back();
        planned.ok_or_else(|| WarehouseError::Damaged {
            table: "replays",
            what: format!(
                "no plan for offset {} of {}",
                letter.offset.0, letter.partition
            ),
        })
    }

    /// Records that the corrected record is in the topic. Changes nothing where it is recorded.
    pub async fn finish_replay(&self, letter: &DeadLetterKey, now: Timestamp) -> Result<()> {
        let sql = "UPDATE replays SET state = ?, done_at_ms = ? \
                   WHERE partition_id = ? AND record_offset = ? AND state = ?";
        let mut lease = self.lease().await?;
        lease.begin().await?;
        let partition = views::find_partition(&mut lease, &letter.partition).await?;
        let partition = partition.ok_or_else(|| WarehouseError::UnknownPartition {
            partition: letter.partition.to_string(),
        })?;
        let values = [
            Value::Text(DONE),
            Value::Integer(now.as_millisecond()),
            Value::Integer(partition.0),
            Value::Integer(stored(letter.offset)?),
            Value::Text(PLANNED),
        ];
        lease.run("finishing a replay", sql, &values).await?;
        lease.commit("a replay's end").await?;
        lease.give_back();
        Ok(())
    }

    pub async fn replay(&self, letter: &DeadLetterKey) -> Result<Option<Replay>> {
        let mut lease = self.lease().await?;
        let replay = one(&mut lease, letter).await?;
        lease.give_back();
        Ok(replay)
    }

    /// All that are planned and not done, oldest first.
    pub async fn open_replays(&self) -> Result<Vec<Replay>> {
        let sql = format!("{SELECT} WHERE r.state = ? ORDER BY r.created_at_ms, r.record_offset");
        let mut lease = self.lease().await?;
        let rows = lease
            .select("reading replays", &sql, &[Value::Text(PLANNED)])
            .await?;
        lease.give_back();
        rows.iter().map(read).collect()
    }
}

const SELECT: &str = "SELECT p.stream, p.partition_number, r.record_offset, r.state, \
                      r.done_at_ms, r.ends, r.replacement, r.transactional_id, r.created_at_ms \
                      FROM replays r JOIN stream_partitions p ON p.id = r.partition_id";

async fn one(session: &mut Session, letter: &DeadLetterKey) -> Result<Option<Replay>> {
    let sql =
        format!("{SELECT} WHERE p.stream = ? AND p.partition_number = ? AND r.record_offset = ?");
    let values = [
        Value::Text(&letter.partition.stream.0),
        Value::Integer(letter.partition.partition.0.into()),
        Value::Integer(stored(letter.offset)?),
    ];
    let rows = session.select("reading a replay", &sql, &values).await?;
    rows.first().map(read).transpose()
}

fn read(row: &Row) -> Result<Replay> {
    let mut cells = Cells::of("replays", row);
    let letter = DeadLetterKey {
        partition: cells.partition_key()?,
        offset: cells.offset()?,
    };
    let state = cells.text()?;
    let state = match (state, cells.optional_milliseconds()?) {
        (PLANNED, None) => ReplayState::Planned,
        (DONE, Some(at)) => ReplayState::Done { at },
        _ => return Err(cells.damaged(format!("the state `{state}`"))),
    };
    Ok(Replay {
        letter,
        state,
        ends: cells.parsed(|ends| serde_json::from_str(ends))?,
        replacement: cells.bytes()?.to_owned(),
        transactional_id: cells.text()?.to_owned(),
        created_at: cells.milliseconds()?,
    })
}
