//! Additive totals by minute and dimensions.

use super::hundredths::{Hundredths, Overflow, add_count};
use super::time::Minute;
use crate::event::{Channel, Event, Label, Status};
use crate::money::Currency;

/// What the totals of a minute are kept by, all of it from the event itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey<'a> {
    pub minute: Minute,
    pub currency: Currency,
    pub category: Label<'a>,
    pub country: Label<'a>,
    pub city: Label<'a>,
    pub channel: Channel,
    pub status: Status,
}

impl<'a> BucketKey<'a> {
    /// Borrows its texts from the event: most events meet a bucket that exists.
    pub fn of(event: &'a Event<'_>) -> Self {
        Self {
            minute: Minute::of(event.event_time.timestamp()),
            currency: event.currency,
            category: event.category.as_borrowed(),
            country: event.country.as_borrowed(),
            city: event.city.as_borrowed(),
            channel: event.channel,
            status: event.status,
        }
    }

    pub fn into_owned(self) -> BucketKey<'static> {
        BucketKey {
            minute: self.minute,
            currency: self.currency,
            category: self.category.into_owned(),
            country: self.country.into_owned(),
            city: self.city.into_owned(),
            channel: self.channel,
            status: self.status,
        }
    }
}

/// The totals of one bucket, in the currency of its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BucketSums {
    /// Accepted events: each one changes the state of one order line.
    pub transactions: u64,
    /// Units on these lines.
    pub quantity: u64,
    pub gross: Hundredths,
    pub refunds: Hundredths,
    /// `gross - refunds`.
    pub net: Hundredths,
}

impl BucketSums {
    /// What [`Event::contribution`] says, in hundredths.
    pub fn of(event: &Event<'_>) -> Self {
        let amount = event.amount.hundredths();
        let (gross, refunds) = match event.status {
            Status::Approved => (amount, 0),
            Status::Refunded => (0, amount),
            Status::Declined | Status::Pending => (0, 0),
        };
        Self {
            transactions: 1,
            quantity: event.quantity.get().into(),
            gross: Hundredths(gross),
            refunds: Hundredths(refunds),
            net: Hundredths(gross - refunds),
        }
    }

    pub fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        add_count(&mut self.transactions, other.transactions)?;
        add_count(&mut self.quantity, other.quantity)?;
        self.gross.add(other.gross)?;
        self.refunds.add(other.refunds)?;
        self.net.add(other.net)
    }
}
