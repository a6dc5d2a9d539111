//! What the live part of the page shows: `GET /api/v1/live/…` and the messages of
//! `GET /api/v1/live/stream`.

mod change;
mod list;

pub use change::{LiveUpdate, SourceUpdate};
pub use list::AnotherList;

use super::AsOf;
use crate::event::Status;
use crate::ids::{Offset, Partition, StreamId};
use crate::money::{Currency, Money};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Everything on the live page: the message of the stream that is called `snapshot`. The answers of
/// the REST paths hold the parts that they are asked for. How the page goes on from a snapshot is
/// said by a [`LiveUpdate`].
///
/// All parts of one message are of one moment: of exactly the positions in `as_of`. They are shared
/// by the messages in which they are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveMessage {
    pub as_of: AsOf,
    /// Where the live figures come from and how complete they are. In every message.
    pub source: Arc<LiveSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Arc<LiveWindows>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Arc<LiveSeries>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Arc<Vec<LiveGroups>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tops: Option<Arc<Vec<TopList>>>,
    /// The newest transactions, newest first, at most 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions: Option<Arc<Vec<Transaction>>>,
}

/// The state of the flow from the transport to these figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveSource {
    pub state: SourceState,
    /// Since when it is in this state, as far as the server knows.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// The event time up to which every partition has been seen; `None` before all have been.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub fresh_through: Option<Timestamp>,
    /// When the views sink last committed or last looked and found nothing new.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub checked_at: Option<Timestamp>,
    pub partitions: Vec<PartitionState>,
    /// What is missing, or was judged without knowing all ids before it. Oldest first.
    pub gaps: Vec<GapInfo>,
    pub dead_letters: DeadLetterCount,
}

/// How far the figures can be trusted to be of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// No stream has been read yet.
    Empty,
    /// Every partition is read to its end, nearly.
    Live,
    /// The sink works, and is behind by more than a few seconds' worth.
    CatchingUp,
    /// Nobody has committed or looked for some seconds: the views sink is down or can't go on.
    Stopped,
    /// The warehouse does not answer: these are the last figures read.
    WarehouseAway,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartitionState {
    pub stream: StreamId,
    pub partition: Partition,
    /// The open generation.
    pub generation: u64,
    /// The batch side counts everything below; 0 where it counts nothing yet.
    pub covered: Offset,
    pub next: Offset,
    /// Where the partition ended when the sink last looked.
    pub log_end: Option<Offset>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub fresh_through: Option<Timestamp>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub checked_at: Option<Timestamp>,
    /// `log_end - next`: records of Kafka (transaction markers included), bytes of JSONL.
    pub lag: Option<u64>,
    pub lag_unit: LagUnit,
    /// The stream's topic was created anew: nothing more comes.
    pub ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LagUnit {
    Records,
    Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapInfo {
    pub stream: StreamId,
    pub partition: Partition,
    pub kind: GapKind,
    /// Included.
    pub start: Offset,
    /// Not included.
    pub end: Offset,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub found_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// Gone before the sink could read it.
    Lost,
    /// Judged without knowing all ids before it: a duplicate may have been counted.
    Blind,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeadLetterCount {
    /// With those that are kept no longer.
    pub total: u64,
    /// When the newest was found.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub newest_at: Option<Timestamp>,
    /// By the reason's stable name, in its order.
    pub by_reason: Vec<(String, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveWindows {
    pub minutes_5: Window,
    pub minutes_60: Window,
    pub today: Window,
}

/// The figures of the events whose time lies in `from..to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    /// The first moment, included: the beginning of a minute.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// The end, not included: that of the running minute.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    pub figures: LiveFigures,
}

/// `units`, `orders` and `customers` are of approved events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveFigures {
    /// Accepted events of every status.
    pub transactions: u64,
    pub approved: u64,
    pub declined: u64,
    pub pending: u64,
    pub refunded: u64,
    pub units: u64,
    /// By currency, in its order; empty where nothing was sold or paid back.
    pub revenue: Vec<Revenue>,
    pub orders: Estimate,
    pub customers: Estimate,
    /// Gross by distinct order, to the hundredth; `None` without orders, and where more than one
    /// currency was sold in. Its relative error is that of `orders`.
    pub average_basket: Option<Money>,
    /// Approved of all that were decided (approved and declined), in percent to one decimal;
    /// `None` where none was.
    pub approval_rate_percent: Option<Decimal>,
}

/// Of one currency: `net = gross - refunds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revenue {
    pub gross: Money,
    pub refunds: Money,
    pub net: Money,
}

/// A distinct count from a sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Estimate {
    pub count: u64,
    /// The relative standard error in percent, to one decimal.
    pub error_percent: Decimal,
}

/// The last 60 minutes, oldest first, the running one last; a minute without events has zeros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveSeries {
    pub minutes: Vec<MinutePoint>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MinutePoint {
    /// Its first moment.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub start: Timestamp,
    pub transactions: u64,
    pub approved: u64,
    pub units: u64,
    pub revenue: Vec<Revenue>,
}

/// What the figures of a window can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LiveDimension {
    Category,
    City,
    Channel,
    Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WindowName {
    #[serde(rename = "5m")]
    Minutes5,
    #[serde(rename = "60m")]
    Minutes60,
    #[serde(rename = "today")]
    Today,
}

/// One window by one dimension. The stream sends categories and cities of each window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveGroups {
    pub window: WindowName,
    pub dimension: LiveDimension,
    /// By currency, then net, highest first, then key. The stream sends the first 20 of each
    /// currency, REST sends all.
    pub groups: Vec<LiveGroup>,
    /// How many groups there are.
    pub total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveGroup {
    /// As the events spell it; of a city, without its country.
    pub key: String,
    /// Of a city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    pub transactions: u64,
    pub approved: u64,
    pub units: u64,
    pub revenue: Revenue,
}

/// The ten with the highest net of today, of one kind and one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopList {
    pub kind: TopKind,
    pub currency: Currency,
    pub rows: Vec<TopRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TopKind {
    Product,
    Merchant,
    Customer,
    AmountBucket,
}

/// Ordered by net, highest first, then by key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopRow {
    pub key: String,
    /// As it was shown last; `None` where no event named it, and of what has no other name.
    pub name: Option<String>,
    pub transactions: u64,
    pub approved: u64,
    pub units: u64,
    pub revenue: Revenue,
}

/// One accepted event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transaction {
    pub stream: StreamId,
    pub partition: Partition,
    pub offset: Offset,
    pub event_id: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub event_time: Timestamp,
    pub order_id: String,
    pub order_line: u32,
    pub customer_id: Option<String>,
    pub customer_name: Option<String>,
    pub product_id: String,
    pub product_name: String,
    pub category: String,
    pub merchant: String,
    pub quantity: u32,
    pub amount: Money,
    pub country: String,
    pub city: String,
    pub channel: String,
    pub payment_method: String,
    pub status: Status,
}

/// `GET /api/v1/transactions`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransactionPage {
    #[serde(flatten)]
    pub message: LiveMessage,
    /// Asks for older ones; `None` where there are none. The last page may be empty.
    pub next_cursor: Option<String>,
}

/// `GET /api/v1/dead-letters`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeadLetters {
    pub as_of: AsOf,
    pub count: DeadLetterCount,
    /// The newest, newest first.
    pub letters: Vec<DeadLetterInfo>,
    /// Asks for older ones; `None` where there are none. The last page may be empty.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// `GET /api/v1/dead-letters/{stream}/{partition}/{offset}`: one with its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeadLetter {
    pub as_of: AsOf,
    pub letter: DeadLetterInfo,
    /// The record's own.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub record_timestamp: Timestamp,
    /// What the producer has to change.
    pub cure: String,
    /// The record's beginning; `None` where it is no UTF-8.
    pub text: Option<String>,
    /// The same bytes in hexadecimal digits, where they are no text.
    pub hex: Option<String>,
    /// Whether that is the whole record.
    pub is_whole: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeadLetterInfo {
    pub stream: StreamId,
    pub partition: Partition,
    pub offset: Offset,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub found_at: Timestamp,
    /// The stable name of the reason.
    pub reason: String,
    /// What was wrong with this record, in words.
    pub detail: String,
    pub bytes: u64,
}

/// The same weekday last week, up to the same time of day. Of events that are dated so; late ones come
/// in as they come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveCompared {
    /// A week before now, by the calendar of the shop's time zone.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// From that day's midnight to the end of the minute of `at`.
    pub today: Window,
    /// The 60 minutes up to it.
    pub series: LiveSeries,
}
