//! The journal of what people and programs did. Append-only: nothing here changes or deletes a row.

use crate::dialect::OnConflict;
use crate::error::Result;
use crate::rows::Cells;
use crate::session::Insert;
use crate::warehouse::Warehouse;
use comptoir_database::Value;
use comptoir_model::api::access::{JournalEntry, JournalOutcome, NumberedEntry};

const TABLE: &str = "journal";
const COLUMNS: [&str; 7] = [
    "entry", "at_ms", "who", "address", "action", "outcome", "detail",
];

impl Warehouse {
    /// Adds entries, all or none. One that is there already is left as it is, so that a call whose
    /// outcome is unknown can be made again.
    pub async fn append_to_journal(&self, entries: &[JournalEntry]) -> Result<()> {
        let table = Insert {
            table: TABLE,
            key: &["entry"],
            columns: &COLUMNS,
            on_conflict: OnConflict::Keep,
        };
        let values: Vec<_> = (entries.iter())
            .flat_map(|entry| {
                [
                    Value::Text(&entry.id),
                    Value::Integer(entry.at.as_millisecond()),
                    Value::Text(&entry.who),
                    Value::Text(&entry.address),
                    Value::Text(&entry.action),
                    Value::Text(entry.outcome.as_str()),
                    Value::Text(&entry.detail),
                ]
            })
            .collect();
        let mut lease = self.lease().await?;
        lease.begin().await?;
        lease.insert(&table, &values).await?;
        lease.commit("entries of the journal").await?;
        lease.give_back();
        Ok(())
    }

    /// The newest entries, at most `limit`, of those with a number below `before`.
    pub async fn journal(&self, before: Option<i64>, limit: u32) -> Result<Vec<NumberedEntry>> {
        let sql = "SELECT id, entry, at_ms, who, address, action, outcome, detail FROM journal \
                   WHERE id < ? ORDER BY id DESC LIMIT ?";
        let values = [
            Value::Integer(before.unwrap_or(i64::MAX)),
            Value::Integer(limit.into()),
        ];
        let mut lease = self.lease().await?;
        let rows = lease.select("reading the journal", sql, &values).await?;
        lease.give_back();
        let entries = rows.iter().map(|row| {
            let mut cells = Cells::of(TABLE, row);
            Ok(NumberedEntry {
                number: cells.integer()?,
                entry: JournalEntry {
                    id: cells.text()?.to_owned(),
                    at: cells.milliseconds()?,
                    who: cells.text()?.to_owned(),
                    address: cells.text()?.to_owned(),
                    action: cells.text()?.to_owned(),
                    outcome: cells.word(|word| {
                        (JournalOutcome::ALL.into_iter()).find(|known| known.as_str() == word)
                    })?,
                    detail: cells.text()?.to_owned(),
                },
            })
        });
        entries.collect()
    }
}
