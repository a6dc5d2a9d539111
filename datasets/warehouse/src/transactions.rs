//! The newest transactions, one by one.

use crate::error::Result;
use crate::rows::{Cells, stored};
use crate::session::Session;
use crate::views::{self, PartitionId};
use crate::warehouse::Warehouse;
use comptoir_database::{Row, Value};
use comptoir_model::event::{
    Amount, Channel, CustomerId, Event, EventId, EventTime, Label, OrderId, OrderLine,
    PaymentMethod, ProductId, Quantity, Status,
};
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use comptoir_model::money::Currency;
use jiff::Timestamp;
use rust_decimal::Decimal;
use std::fmt::Display;

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
    /// Included.
    pub amount_min: Option<Amount>,
    /// Included.
    pub amount_max: Option<Amount>,
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
        let mut lease = self.lease().await?;
        let (mut conditions, mut values) = filter.conditions();
        if let Some(after) = after {
            let Some(PartitionId(partition)) =
                views::find_partition(&mut lease, &after.partition).await?
            else {
                lease.give_back();
                return Ok(Vec::new());
            };
            conditions.push(
                "(r.event_time_us < ? OR (r.event_time_us = ? AND (r.partition_id < ? \
                 OR (r.partition_id = ? AND r.record_offset < ?))))"
                    .to_owned(),
            );
            let (time, offset) = (after.event_time.as_microsecond(), stored(after.offset)?);
            let place = [time, time, partition, partition, offset];
            values.extend(place.map(Value::Integer));
        }
        let conditions = all_of(&conditions);
        let sql = format!(
            "{} {conditions} \
             ORDER BY r.event_time_us DESC, r.partition_id DESC, r.record_offset DESC LIMIT ?",
            select()
        );
        values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        let rows = lease.select("reading transactions", &sql, &values).await?;
        lease.give_back();
        rows.iter().map(read).collect()
    }

    /// How many transactions match; from `max` on nothing more is counted.
    pub async fn count_transactions(
        &self,
        filter: &TransactionFilter,
        max: usize,
    ) -> Result<usize> {
        let (conditions, mut values) = filter.conditions();
        let conditions = all_of(&conditions);
        let sql = format!("SELECT r.record_offset FROM recent r {conditions} LIMIT ?");
        values.push(Value::Integer(i64::try_from(max).unwrap_or(i64::MAX)));
        let mut lease = self.lease().await?;
        let count = lease.count("counting transactions", &sql, &values).await?;
        lease.give_back();
        Ok(count)
    }
}

fn all_of(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    }
}

impl TransactionFilter {
    fn conditions(&self) -> (Vec<String>, Vec<Value<'_>>) {
        let wanted = [
            ("status", self.status.map(Status::as_str)),
            ("channel", self.channel.map(Channel::as_str)),
            ("currency", self.currency.as_ref().map(Currency::as_str)),
            ("category", self.category.as_deref()),
            ("country", self.country.as_deref()),
            ("city", self.city.as_deref()),
            ("merchant", self.merchant.as_deref()),
            ("product_id", self.product_id.as_deref()),
            ("customer_id", self.customer_id.as_deref()),
            ("order_id", self.order_id.as_deref()),
        ];
        let texts = (wanted.into_iter())
            .filter_map(|(column, text)| Some((format!("r.{column} = ?"), Value::Text(text?))));
        let bounds = [(">=", self.amount_min), ("<=", self.amount_max)];
        let bounds = bounds.into_iter().filter_map(|(sign, amount)| {
            let amount = Value::Integer(amount?.hundredths());
            Some((format!("r.amount {sign} ?"), amount))
        });
        texts.chain(bounds).unzip()
    }
}

/// What `recent` holds.
pub(crate) const COLUMNS: &[&str] = &[
    "partition_id",
    "record_offset",
    "event_time_us",
    "event_id",
    "order_id",
    "order_line",
    "customer_id",
    "customer_name",
    "product_id",
    "product_name",
    "category",
    "merchant",
    "quantity",
    "unit_price",
    "amount",
    "currency",
    "country",
    "city",
    "channel",
    "payment_method",
    "status",
];

/// Of those with the highest offsets of a partition, newest first.
pub(crate) async fn newest_of(
    session: &mut Session,
    partition: PartitionId,
    limit: usize,
) -> Result<Vec<StoredTransaction>> {
    let sql = format!(
        "{} WHERE r.partition_id = ? ORDER BY r.record_offset DESC LIMIT ?",
        select()
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [partition.0, limit].map(Value::Integer);
    let rows = session
        .select("reading transactions", &sql, &values)
        .await?;
    rows.iter().map(read).collect()
}

/// Those from an offset on, by offset, at most `limit`.
pub(crate) async fn from_offset(
    session: &mut Session,
    partition: PartitionId,
    offset: Offset,
    limit: u64,
) -> Result<Vec<StoredTransaction>> {
    let sql = format!(
        "{} WHERE r.partition_id = ? AND r.record_offset >= ? ORDER BY r.record_offset LIMIT ?",
        select()
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [partition.0, stored(offset)?, limit].map(Value::Integer);
    let rows = session
        .select("reading new transactions", &sql, &values)
        .await?;
    rows.iter().map(read).collect()
}

fn select() -> String {
    let columns = COLUMNS[1..].join(", r.");
    format!(
        "SELECT p.stream, p.partition_number, r.{columns} \
         FROM recent r JOIN stream_partitions p ON p.id = r.partition_id"
    )
}

fn read(row: &Row) -> Result<StoredTransaction> {
    let mut cells = Cells::of("recent", row);
    let partition = cells.partition_key()?;
    let offset = cells.offset()?;
    let time = Timestamp::from_microsecond(cells.integer()?);
    let time = time.map_err(|error| cells.damaged(error))?;
    let event = Event {
        event_time: EventTime::parse(&time.to_string()).map_err(|error| cells.damaged(error))?,
        event_id: owned(&mut cells, EventId::parse)?,
        order_id: owned(&mut cells, OrderId::parse)?,
        order_line: digits(&mut cells, OrderLine::parse)?,
        customer_id: optional(&mut cells, CustomerId::parse)?,
        customer_name: optional(&mut cells, Label::parse)?,
        product_id: owned(&mut cells, ProductId::parse)?,
        product_name: owned(&mut cells, Label::parse)?,
        category: owned(&mut cells, Label::parse)?,
        merchant: owned(&mut cells, Label::parse)?,
        quantity: digits(&mut cells, Quantity::parse)?,
        unit_price: amount(&mut cells)?,
        amount: amount(&mut cells)?,
        currency: cells.parsed(str::parse)?,
        country: owned(&mut cells, Label::parse)?,
        city: owned(&mut cells, Label::parse)?,
        channel: cells.word(Channel::from_word)?,
        payment_method: cells.word(PaymentMethod::from_word)?,
        status: cells.word(Status::from_word)?,
    };
    Ok(StoredTransaction {
        partition,
        offset,
        event,
    })
}

fn owned<T, E: Display>(
    cells: &mut Cells<'_>,
    parse: impl FnOnce(String) -> std::result::Result<T, E>,
) -> Result<T> {
    let text = cells.text()?.to_owned();
    parse(text).map_err(|error| cells.damaged(error))
}

fn optional<T, E: Display>(
    cells: &mut Cells<'_>,
    parse: impl FnOnce(String) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    let text = cells.optional_text()?.map(str::to_owned);
    (text.map(parse).transpose()).map_err(|error| cells.damaged(error))
}

fn digits<T, E: Display>(
    cells: &mut Cells<'_>,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<T> {
    let number = cells.integer()?;
    parse(&number.to_string()).map_err(|error| cells.damaged(error))
}

fn amount(cells: &mut Cells<'_>) -> Result<Amount> {
    let amount = Decimal::new(cells.integer()?, 2).to_string();
    Amount::parse(&amount).map_err(|error| cells.damaged(error))
}
