//! Full totals per product, merchant, customer and amount bucket: what top lists are ranked from.

use super::amount_bucket::AmountBucket;
use super::bucket::BucketSums;
use super::hundredths::{Hundredths, Overflow, add_count};
use super::time::{Minute, QuarterHour};
use crate::event::{CustomerId, Event, Label, ProductId, Status};
use crate::money::Currency;
use std::borrow::Cow;

/// Whose totals they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject<'a> {
    Product(ProductId<'a>),
    Merchant(Label<'a>),
    Customer(CustomerId<'a>),
    Amount(AmountBucket),
}

impl<'a> Subject<'a> {
    /// All that an event adds to: four, or three where the customer is not known.
    pub fn all_of(event: &'a Event<'_>) -> impl Iterator<Item = Self> {
        let customer = event.customer_id.as_ref();
        [
            Some(Self::Product(event.product_id.as_borrowed())),
            Some(Self::Merchant(event.merchant.as_borrowed())),
            customer.map(|id| Self::Customer(id.as_borrowed())),
            Some(Self::Amount(AmountBucket::of(event.amount))),
        ]
        .into_iter()
        .flatten()
    }

    /// The stable name of what it is, as it is stored and as the API's paths spell it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Product(_) => "product",
            Self::Merchant(_) => "merchant",
            Self::Customer(_) => "customer",
            Self::Amount(_) => "amount_bucket",
        }
    }

    /// Its name among those of its kind; the lower bound of an amount bucket.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Product(id) => id.as_str().into(),
            Self::Merchant(name) => name.as_str().into(),
            Self::Customer(id) => id.as_str().into(),
            Self::Amount(bucket) => bucket.lower().to_string().into(),
        }
    }

    pub fn into_owned(self) -> Subject<'static> {
        match self {
            Self::Product(id) => Subject::Product(id.into_owned()),
            Self::Merchant(name) => Subject::Merchant(name.into_owned()),
            Self::Customer(id) => Subject::Customer(id.into_owned()),
            Self::Amount(bucket) => Subject::Amount(bucket),
        }
    }
}

/// One subject in one quarter of an hour and one currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopKey<'a> {
    pub quarter: QuarterHour,
    pub currency: Currency,
    pub subject: Subject<'a>,
}

impl<'a> TopKey<'a> {
    pub fn all_of(event: &'a Event<'_>) -> impl Iterator<Item = Self> {
        let quarter = QuarterHour::of(Minute::of(event.event_time.timestamp()));
        Subject::all_of(event).map(move |subject| Self {
            quarter,
            currency: event.currency,
            subject,
        })
    }

    pub fn into_owned(self) -> TopKey<'static> {
        TopKey {
            quarter: self.quarter,
            currency: self.currency,
            subject: self.subject.into_owned(),
        }
    }
}

/// The totals of one subject. The key has no status, so sales stand apart from attempts here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopSums {
    /// Accepted events of every status.
    pub transactions: u64,
    /// Those that are `APPROVED`.
    pub approved: u64,
    /// Units on the approved lines.
    pub units: u64,
    pub gross: Hundredths,
    pub refunds: Hundredths,
    /// `gross - refunds`.
    pub net: Hundredths,
}

impl TopSums {
    /// The event whose `sums` these are, as it adds to its subjects.
    pub(super) fn of(status: Status, sums: &BucketSums) -> Self {
        let (approved, units) = match status {
            Status::Approved => (1, sums.quantity),
            Status::Declined | Status::Pending | Status::Refunded => (0, 0),
        };
        Self {
            transactions: sums.transactions,
            approved,
            units,
            gross: sums.gross,
            refunds: sums.refunds,
            net: sums.net,
        }
    }

    pub fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        add_count(&mut self.transactions, other.transactions)?;
        add_count(&mut self.approved, other.approved)?;
        add_count(&mut self.units, other.units)?;
        self.gross.add(other.gross)?;
        self.refunds.add(other.refunds)?;
        self.net.add(other.net)
    }
}
