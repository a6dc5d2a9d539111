//! The newest transactions, one by one.

use crate::error::Result;
use crate::warehouse::Warehouse;
use comptoir_model::event::{Channel, Event, Status};
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use comptoir_model::money::Currency;
use jiff::Timestamp;

/// An accepted event and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTransaction {
    pub partition: PartitionKey,
    pub offset: Offset,
    /// Its time is kept to the microsecond.
    pub event: Event<'static>,
}

/// A place in the list of transactions: behind the transaction that it was made of. It stays valid
/// when that one is no longer kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionCursor {
    pub event_time: Timestamp,
    pub partition: PartitionKey,
    pub offset: Offset,
}

impl StoredTransaction {
    pub fn cursor(&self) -> TransactionCursor {
        TransactionCursor {
            event_time: self.event.event_time.timestamp(),
            partition: self.partition.clone(),
            offset: self.offset,
        }
    }
}

/// What a transaction has to match; `None` matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    pub status: Option<Status>,
    pub channel: Option<Channel>,
    pub currency: Option<Currency>,
    pub category: Option<String>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub merchant: Option<String>,
    pub product_id: Option<String>,
    pub customer_id: Option<String>,
    pub order_id: Option<String>,
}

impl Warehouse {
    /// The newest transactions by event time that match, newest first, only those that come after
    /// `after`: the way to the next page. Only the last 10,000 of each partition are kept.
    pub async fn transactions(
        &self,
        filter: &TransactionFilter,
        after: Option<&TransactionCursor>,
        limit: usize,
    ) -> Result<Vec<StoredTransaction>> {
        let _ = (filter, after, limit);
        unimplemented!()
    }
}
