//! Rows on their way into a data file, column by column.

use crate::schema::{AMOUNT, file_schema};
use comptoir_model::event::{CustomerId, Event, Label};
use comptoir_model::ids::Offset;
use comptoir_model::merge::{PartitionKey, Span};
use deltalake::arrow::array::{
    ArrayRef, BinaryBuilder, Decimal128Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::record_batch::RecordBatch;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What a row says of its offset, or of the offsets up to its end.
#[derive(Clone, Debug)]
pub(crate) enum Said<'a> {
    Accepted(&'a Event<'a>),
    Duplicate(&'a Event<'a>, &'a [u8]),
    Rejected(&'static str, &'a [u8]),
    Gap(Gap, Span),
}

/// Offsets that the archive can't vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Their records were gone before the archive could read them.
    Hole,
    /// They were judged without all the ids before them.
    Blind,
}

impl Gap {
    /// As the column `_verdict` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::Blind => "blind",
        }
    }
}

impl Said<'_> {
    fn verdict(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Duplicate(..) => "duplicate",
            Self::Rejected(..) => "rejected",
            Self::Gap(gap, _) => gap.as_str(),
        }
    }

    fn event(&self) -> Option<&Event<'_>> {
        match self {
            Self::Accepted(event) | Self::Duplicate(event, _) => Some(event),
            Self::Rejected(..) | Self::Gap(..) => None,
        }
    }

    /// When it happened, as far as that can be read.
    pub(crate) fn event_time(&self) -> Option<Timestamp> {
        self.event().map(|event| event.event_time.timestamp())
    }
}

/// The day of a row, UTC. `timestamp` is the record's, or the commit's for a gap.
pub(crate) fn day_of(said: &Said<'_>, timestamp: Timestamp) -> Date {
    let time = said.event_time().unwrap_or(timestamp);
    within_calendar(time).to_zoned(TimeZone::UTC).date()
}

/// Producers give records any timestamp; the calendar of databases begins with the year 1.
fn within_calendar(time: Timestamp) -> Timestamp {
    let first = Timestamp::UNIX_EPOCH - SignedDuration::from_hours(24 * 719_162);
    time.max(first)
}

/// Builders of all columns of one file, one row after the other.
pub(crate) struct Rows {
    stream: String,
    partition: i32,
    streams: StringBuilder,
    partitions: Int32Builder,
    offsets: Int64Builder,
    verdicts: StringBuilder,
    ends: Int64Builder,
    timestamps: TimestampMicrosecondBuilder,
    reasons: StringBuilder,
    raw: BinaryBuilder,
    event_times: TimestampMicrosecondBuilder,
    event_ids: StringBuilder,
    order_ids: StringBuilder,
    order_lines: Int32Builder,
    customer_ids: StringBuilder,
    customer_names: StringBuilder,
    product_ids: StringBuilder,
    product_names: StringBuilder,
    categories: StringBuilder,
    merchants: StringBuilder,
    quantities: Int32Builder,
    unit_prices: Decimal128Builder,
    amounts: Decimal128Builder,
    currencies: StringBuilder,
    countries: StringBuilder,
    cities: StringBuilder,
    channels: StringBuilder,
    payment_methods: StringBuilder,
    statuses: StringBuilder,
}

impl Rows {
    pub(crate) fn new(key: &PartitionKey) -> Self {
        let time = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let amount = || {
            let builder = Decimal128Builder::new();
            let (digits, decimals) = AMOUNT;
            builder
                .with_precision_and_scale(digits, decimals.cast_signed())
                .expect("18 digits are at most 38")
        };
        Self {
            stream: key.stream.0.clone(),
            partition: signed(key.partition.0),
            streams: StringBuilder::new(),
            partitions: Int32Builder::new(),
            offsets: Int64Builder::new(),
            verdicts: StringBuilder::new(),
            ends: Int64Builder::new(),
            timestamps: time(),
            reasons: StringBuilder::new(),
            raw: BinaryBuilder::new(),
            event_times: time(),
            event_ids: StringBuilder::new(),
            order_ids: StringBuilder::new(),
            order_lines: Int32Builder::new(),
            customer_ids: StringBuilder::new(),
            customer_names: StringBuilder::new(),
            product_ids: StringBuilder::new(),
            product_names: StringBuilder::new(),
            categories: StringBuilder::new(),
            merchants: StringBuilder::new(),
            quantities: Int32Builder::new(),
            unit_prices: amount(),
            amounts: amount(),
            currencies: StringBuilder::new(),
            countries: StringBuilder::new(),
            cities: StringBuilder::new(),
            channels: StringBuilder::new(),
            payment_methods: StringBuilder::new(),
            statuses: StringBuilder::new(),
        }
    }

    pub(crate) fn push(&mut self, offset: Offset, timestamp: Timestamp, said: &Said<'_>) {
        self.streams.append_value(&self.stream);
        self.partitions.append_value(self.partition);
        self.offsets.append_value(long(offset));
        self.verdicts.append_value(said.verdict());
        self.timestamps
            .append_value(within_calendar(timestamp).as_microsecond());
        let (end, reason, raw) = match said {
            Said::Accepted(_) => (None, None, None),
            Said::Duplicate(_, raw) => (None, None, Some(raw)),
            Said::Rejected(reason, raw) => (None, Some(reason), Some(raw)),
            Said::Gap(_, span) => (Some(long(span.end())), None, None),
        };
        self.ends.append_option(end);
        self.reasons.append_option(reason);
        self.raw.append_option(raw);
        self.push_event(said.event());
    }

    fn push_event(&mut self, event: Option<&Event<'_>>) {
        let time = event.map(|event| event.event_time.timestamp().as_microsecond());
        self.event_times.append_option(time);
        let hundredths = |amount: fn(&Event<'_>) -> i64| event.map(amount).map(i128::from);
        let unit_price = hundredths(|event| event.unit_price.hundredths());
        self.unit_prices.append_option(unit_price);
        let amount = hundredths(|event| event.amount.hundredths());
        self.amounts.append_option(amount);
        let number = |number: fn(&Event<'_>) -> u32| event.map(number).map(signed);
        self.order_lines
            .append_option(number(|event| event.order_line.get()));
        self.quantities
            .append_option(number(|event| event.quantity.get()));
        macro_rules! texts {
            ($($column:ident: $text:expr;)*) => { $(
                let text: for<'e> fn(&'e Event<'_>) -> Option<&'e str> = $text;
                self.$column.append_option(event.and_then(text));
            )* };
        }
        texts! {
            event_ids: |event| Some(event.event_id.as_str());
            order_ids: |event| Some(event.order_id.as_str());
            customer_ids: |event| event.customer_id.as_ref().map(CustomerId::as_str);
            customer_names: |event| event.customer_name.as_ref().map(Label::as_str);
            product_ids: |event| Some(event.product_id.as_str());
            product_names: |event| Some(event.product_name.as_str());
            categories: |event| Some(event.category.as_str());
            merchants: |event| Some(event.merchant.as_str());
            currencies: |event| Some(event.currency.as_str());
            countries: |event| Some(event.country.as_str());
            cities: |event| Some(event.city.as_str());
            channels: |event| Some(event.channel.as_str());
            payment_methods: |event| Some(event.payment_method.as_str());
            statuses: |event| Some(event.status.as_str());
        }
    }

    pub(crate) fn len(&self) -> usize {
        use deltalake::arrow::array::ArrayBuilder;
        self.offsets.len()
    }

    /// The rows so far, in the order of the table's columns; the builders are empty afterwards.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.streams.finish()),
            Arc::new(self.partitions.finish()),
            Arc::new(self.offsets.finish()),
            Arc::new(self.verdicts.finish()),
            Arc::new(self.ends.finish()),
            Arc::new(self.timestamps.finish()),
            Arc::new(self.reasons.finish()),
            Arc::new(self.raw.finish()),
            Arc::new(self.event_times.finish()),
            Arc::new(self.event_ids.finish()),
            Arc::new(self.order_ids.finish()),
            Arc::new(self.order_lines.finish()),
            Arc::new(self.customer_ids.finish()),
            Arc::new(self.customer_names.finish()),
            Arc::new(self.product_ids.finish()),
            Arc::new(self.product_names.finish()),
            Arc::new(self.categories.finish()),
            Arc::new(self.merchants.finish()),
            Arc::new(self.quantities.finish()),
            Arc::new(self.unit_prices.finish()),
            Arc::new(self.amounts.finish()),
            Arc::new(self.currencies.finish()),
            Arc::new(self.countries.finish()),
            Arc::new(self.cities.finish()),
            Arc::new(self.channels.finish()),
            Arc::new(self.payment_methods.finish()),
            Arc::new(self.statuses.finish()),
        ];
        RecordBatch::try_new(file_schema(), columns)
    }
}

/// Delta's numbers are signed; the numbers of partitions, lines and units are far below 2^31.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// An offset as Delta stores it: transports' offsets are below 2^63.
pub(crate) fn long(offset: Offset) -> i64 {
    i64::try_from(offset.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_timestamp_has_a_day_that_databases_know() {
        let rejected = Said::Rejected("empty", b"");
        for (timestamp, day) in [
            (Timestamp::MIN, "0001-01-01"),
            (Timestamp::MAX, "9999-12-30"),
            (Timestamp::UNIX_EPOCH, "1970-01-01"),
        ] {
            assert_eq!(day_of(&rejected, timestamp).to_string(), day);
        }
    }
}
