//! Records that could not be used.

mod removal;

use crate::error::Result;
use crate::rows::{Cells, stored};
use crate::session::Session;
use crate::warehouse::Warehouse;
use comptoir_database::{Row, Value};
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use comptoir_model::verdict::record_timestamp;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Names one dead letter for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeadLetterKey {
    pub partition: PartitionKey,
    pub offset: Offset,
}

/// A dead letter as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLetter {
    pub key: DeadLetterKey,
    /// The record's own, to the millisecond.
    pub record_timestamp: Timestamp,
    /// The stable name of the reason.
    pub reason: String,
    /// What is wrong, in words.
    pub detail: String,
    /// What the producer has to change.
    pub cure: String,
    /// Bytes of the record.
    pub size: u64,
    pub found_at: Timestamp,
    /// The record; `None` where it was not asked for. Shorter than `size` where the database does
    /// not take so many bytes at once.
    pub bytes: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    pub reason: Option<String>,
    /// Only those that come after this one in the list: the way to the next page.
    pub after: Option<DeadLetterKey>,
}

impl Warehouse {
    /// The newest dead letters, newest first, without their bytes.
    pub async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: usize,
    ) -> Result<Vec<StoredLetter>> {
        let mut lease = self.lease().await?;
        let letters = newest(&mut lease, filter, limit).await?;
        lease.give_back();
        Ok(letters)
    }

    /// One dead letter with its bytes; `None` where there is none.
    pub async fn dead_letter(&self, key: &DeadLetterKey) -> Result<Option<StoredLetter>> {
        let sql = format!(
            "SELECT {LETTER}, d.bytes FROM dead_letters d \
             JOIN stream_partitions p ON p.id = d.partition_id \
             WHERE p.stream = ? AND p.partition_number = ? AND d.record_offset = ?"
        );
        let values = [
            Value::Text(&key.partition.stream.0),
            Value::Integer(key.partition.partition.0.into()),
            Value::Integer(stored(key.offset)?),
        ];
        let mut lease = self.lease().await?;
        let rows = lease.select("reading a dead letter", &sql, &values).await?;
        lease.give_back();
        rows.first().map(|row| read(row, true)).transpose()
    }

    /// How many are kept, of one reason or of all; from `max` on nothing more is counted.
    pub async fn count_dead_letters(&self, reason: Option<&str>, max: usize) -> Result<usize> {
        let max = Value::Integer(i64::try_from(max).unwrap_or(i64::MAX));
        let (condition, values) = match reason {
            None => ("", vec![max]),
            Some(reason) => ("WHERE d.reason = ?", vec![Value::Text(reason), max]),
        };
        let sql = format!("SELECT d.record_offset FROM dead_letters d {condition} LIMIT ?");
        let mut lease = self.lease().await?;
        let count = lease.count("counting dead letters", &sql, &values).await?;
        lease.give_back();
        Ok(count)
    }

    /// How many were found, by reason, with those that are kept no longer.
    pub async fn dead_letter_counts(&self) -> Result<Vec<(String, u64)>> {
        let mut lease = self.lease().await?;
        let counts = counts(&mut lease).await?;
        lease.give_back();
        Ok(counts)
    }
}

/// How many letters are kept, and how many were, of each partition and reason.
const KEPT_AND_REMOVED: &str = "SELECT partition_id, reason, COUNT(*) AS letters FROM dead_letters GROUP BY partition_id, reason \
     UNION ALL SELECT partition_id, reason, letters FROM dead_letters_removed";

/// The columns of a letter without its bytes.
const LETTER: &str = "p.stream, p.partition_number, d.record_offset, d.record_timestamp_ms, \
                      d.reason, d.detail, d.cure, d.size, d.found_at_ms";

pub(crate) async fn newest(
    session: &mut Session,
    filter: &DeadLetterFilter,
    limit: usize,
) -> Result<Vec<StoredLetter>> {
    let what = "reading dead letters";
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    if let Some(reason) = &filter.reason {
        conditions.push("d.reason = ?");
        values.push(Value::Text(reason));
    }
    if let Some(after) = &filter.after {
        let Some((found_at, partition)) = place_of(session, after).await? else {
            return Ok(Vec::new());
        };
        conditions.push(
            "(d.found_at_ms < ? OR (d.found_at_ms = ? AND (d.partition_id < ? \
             OR (d.partition_id = ? AND d.record_offset < ?))))",
        );
        let offset = stored(after.offset)?;
        let place = [found_at, found_at, partition, partition, offset];
        values.extend(place.map(Value::Integer));
    }
    let conditions = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    let sql = format!(
        "SELECT {LETTER} FROM dead_letters d \
         JOIN stream_partitions p ON p.id = d.partition_id {conditions} \
         ORDER BY d.found_at_ms DESC, d.partition_id DESC, d.record_offset DESC LIMIT ?"
    );
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    let rows = session.select(what, &sql, &values).await?;
    rows.iter().map(|row| read(row, false)).collect()
}

pub(crate) async fn counts(session: &mut Session) -> Result<Vec<(String, u64)>> {
    let sql = format!(
        "SELECT k.reason, {} FROM ({KEPT_AND_REMOVED}) k GROUP BY k.reason ORDER BY k.reason",
        session.dialect.sum("k.letters")
    );
    let rows = session.select("counting dead letters", &sql, &[]).await?;
    let reason_and_count = |row| {
        let mut cells = Cells::of("dead_letters", row);
        Ok((cells.text()?.to_owned(), cells.unsigned()?))
    };
    rows.iter().map(reason_and_count).collect()
}

/// The same, by partition.
pub(crate) async fn counts_by_partition(session: &mut Session) -> Result<BTreeMap<i64, u64>> {
    let sql = format!(
        "SELECT k.partition_id, {} FROM ({KEPT_AND_REMOVED}) k GROUP BY k.partition_id",
        session.dialect.sum("k.letters")
    );
    let rows = session.select("counting dead letters", &sql, &[]).await?;
    let counted = rows.iter().map(|row| {
        let mut cells = Cells::of("dead_letters", row);
        Ok((cells.integer()?, cells.unsigned()?))
    });
    counted.collect()
}

/// How many were removed so far: whoever keeps a list of them reads it again when this grows.
pub(crate) async fn removed(session: &mut Session) -> Result<u64> {
    let sum = session.dialect.sum("letters");
    let sql = format!("SELECT COALESCE({sum}, 0) FROM dead_letters_removed");
    let rows = session.select("counting dead letters", &sql, &[]).await?;
    let removed = rows
        .first()
        .map(|row| Cells::of("dead_letters_removed", row).unsigned());
    Ok(removed.transpose()?.unwrap_or_default())
}

/// Where a letter stands in the list: when it was found, and its partition's id.
async fn place_of(session: &mut Session, key: &DeadLetterKey) -> Result<Option<(i64, i64)>> {
    let sql = "SELECT d.found_at_ms, d.partition_id FROM dead_letters d \
               JOIN stream_partitions p ON p.id = d.partition_id \
               WHERE p.stream = ? AND p.partition_number = ? AND d.record_offset = ?";
    let values = [
        Value::Text(&key.partition.stream.0),
        Value::Integer(key.partition.partition.0.into()),
        Value::Integer(stored(key.offset)?),
    ];
    let rows = session
        .select("looking for a dead letter", sql, &values)
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut cells = Cells::of("dead_letters", row);
    Ok(Some((cells.integer()?, cells.integer()?)))
}

fn read(row: &Row, with_bytes: bool) -> Result<StoredLetter> {
    let mut cells = Cells::of("dead_letters", row);
    Ok(StoredLetter {
        key: DeadLetterKey {
            partition: cells.partition_key()?,
            offset: cells.offset()?,
        },
        // Anything may stand in a record, also the very end of the calendar.
        record_timestamp: record_timestamp(cells.integer()?),
        reason: cells.text()?.to_owned(),
        detail: cells.text()?.to_owned(),
        cure: cells.text()?.to_owned(),
        size: cells.unsigned()?,
        found_at: cells.milliseconds()?,
        bytes: if with_bytes {
            Some(cells.bytes()?.to_owned())
        } else {
            None
        },
    })
}
