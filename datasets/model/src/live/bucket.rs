//! Additive totals by minute and dimensions.

use super::hundredths::{Hundredths, Overflow, add_count};
use super::time::Minute;
use crate::event::{Channel, Event, Status};
use crate::money::Currency;

/// What the totals of a minute are kept by, all of it from the events themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey<'a> {
    pub minute: Minute,
    pub currency: Currency,
    pub category: &'a str,
    pub country: &'a str,
    pub city: &'a str,
    pub channel: Channel,
    pub status: Status,
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
        let amount = Hundredths(event.amount.hundredths());
        Self::of_line(event.status, event.quantity.get().into(), amount)
    }

    /// The same of an event of which only these are known; `amount` is not negative.
    pub fn of_line(status: Status, quantity: u64, Hundredths(amount): Hundredths) -> Self {
        let (gross, refunds) = match status {
            Status::Approved => (amount, 0),
            Status::Refunded => (0, amount),
            Status::Declined | Status::Pending => (0, 0),
        };
        Self {
            transactions: 1,
            quantity,
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
