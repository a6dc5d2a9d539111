//! Dead letters that are kept for a time only.
//!
//! A letter goes only where the archive has the record too, with its bytes: below the coverage of
//! the current run, in a generation that the archive counts. One whose replay is planned and not
//! done stays. How many went is added up in the same transaction, so that every count of rejected
//! records stays what it was.

use crate::dialect::OnConflict;
use crate::error::Result;
use crate::rows::{Cells, count, stored};
use crate::runs::{self, Spoken};
use crate::session::{Insert, Session};
use crate::warehouse::Warehouse;
use comptoir_database::Value;
use comptoir_model::ids::Offset;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How many one transaction deletes: a letter may be some MiB.
const CHUNK: i64 = 200;

/// Of one partition, by reason.
type Letters = BTreeMap<String, Vec<Offset>>;

impl Warehouse {
    /// Deletes some of the letters that were found before `before`; how many. 0: there are none
    /// left that may go. It may end anywhere, and be done by several processes at once.
    pub async fn remove_dead_letters_chunk(&self, before: Timestamp) -> Result<u64> {
        let mut lease = self.lease().await?;
        // Of one moment. It may be old by now: coverage does not go back.
        lease.begin_snapshot().await?;
        let current = runs::current(&mut lease).await?;
        lease.rollback().await?;
        let speaks_for = current.map(|current| current.speaks_for.0);
        let mut removed = 0;
        for spoken in speaks_for.unwrap_or_default().values() {
            let letters = removable(&mut lease, spoken, before).await?;
            if !letters.is_empty() {
                removed = remove(&mut lease, spoken, &letters).await?;
                break;
            }
        }
        lease.give_back();
        Ok(removed)
    }
}

async fn removable(session: &mut Session, spoken: &Spoken, before: Timestamp) -> Result<Letters> {
    let set_aside = spoken.covered.set_aside.iter();
    let set_aside: Vec<_> = set_aside.map(|number| number.0.to_string()).collect();
    let not_set_aside = if set_aside.is_empty() {
        String::new()
    } else {
        format!(
            "AND NOT EXISTS (SELECT 1 FROM generations g \
             WHERE g.partition_id = d.partition_id AND g.generation IN ({}) \
             AND d.record_offset >= g.start_offset AND d.record_offset < g.end_offset)",
            set_aside.join(", ")
        )
    };
    let sql = format!(
        "SELECT d.reason, d.record_offset FROM dead_letters d \
         WHERE d.partition_id = ? AND d.record_offset < ? AND d.found_at_ms < ? {not_set_aside} \
         AND NOT EXISTS (SELECT 1 FROM replays r WHERE r.partition_id = d.partition_id \
         AND r.record_offset = d.record_offset AND r.state = 'planned') \
         ORDER BY d.found_at_ms, d.record_offset LIMIT ?"
    );
    let values = [
        spoken.partition.0,
        stored(spoken.covered.end)?,
        before.as_millisecond(),
        CHUNK,
    ]
    .map(Value::Integer);
    let mut letters = Letters::new();
    for row in (session.select("looking for old dead letters", &sql, &values)).await? {
        let mut cells = Cells::of("dead_letters", &row);
        let reason = cells.text()?.to_owned();
        letters.entry(reason).or_default().push(cells.offset()?);
    }
    Ok(letters)
}

/// Counts only what it deleted itself, and looks for replays once more: one may have been planned
/// meanwhile.
async fn remove(session: &mut Session, spoken: &Spoken, letters: &Letters) -> Result<u64> {
    let table = Insert {
        table: "dead_letters_removed",
        key: &["partition_id", "reason"],
        columns: &["partition_id", "reason", "letters"],
        on_conflict: OnConflict::Update {
            add: &["letters"],
            set: &[],
        },
    };
    let partition = Value::Integer(spoken.partition.0);
    let mut all = 0;
    session.begin().await?;
    for (reason, offsets) in letters {
        let sql = format!(
            "DELETE FROM dead_letters WHERE partition_id = ? AND record_offset IN ({}) \
             AND NOT EXISTS (SELECT 1 FROM replays r \
             WHERE r.partition_id = dead_letters.partition_id \
             AND r.record_offset = dead_letters.record_offset AND r.state = 'planned')",
            vec!["?"; offsets.len()].join(", ")
        );
        let mut values = vec![partition];
        for offset in offsets {
            values.push(Value::Integer(stored(*offset)?));
        }
        let removed = (session.run("deleting old dead letters", &sql, &values)).await?;
        if removed > 0 {
            let removed = count(removed, "a number of dead letters")?;
            let row = [partition, Value::Text(reason), Value::Integer(removed)];
            session.insert(&table, &row).await?;
        }
        all += removed;
    }
    session.commit("a removal of dead letters").await?;
    Ok(all)
}
