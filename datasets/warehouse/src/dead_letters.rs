//! Records that could not be used.

use crate::error::Result;
use crate::warehouse::Warehouse;
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use jiff::Timestamp;

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
        let _ = (filter, limit);
        unimplemented!()
    }

    /// One dead letter with its bytes; `None` where there is none.
    pub async fn dead_letter(&self, key: &DeadLetterKey) -> Result<Option<StoredLetter>> {
        let _ = key;
        unimplemented!()
    }

    /// How many there are, by reason.
    pub async fn dead_letter_counts(&self) -> Result<Vec<(String, u64)>> {
        unimplemented!()
    }
}
