//! Full totals per product, merchant, customer and amount bucket: what top lists are ranked from.

use super::amount_bucket::AmountBucket;
use super::bucket::BucketSums;
use super::hundredths::{Hundredths, Overflow, add_count};
use super::time::{Minute, QuarterHour};
use crate::event::{Event, Status};
use crate::money::Currency;

/// Whose totals they are: all that an event adds to, but for a customer who is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    Product,
    Merchant,
    Customer,
    /// An amount bucket, by its lower bound.
    Amount,
}

impl SubjectKind {
    pub const ALL: [Self; 4] = [Self::Product, Self::Merchant, Self::Customer, Self::Amount];

    /// The stable name, as it is stored and as the API's paths spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Merchant => "merchant",
            Self::Customer => "customer",
            Self::Amount => "amount_bucket",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One subject in one quarter of an hour and one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopKey<'a> {
    pub quarter: QuarterHour,
    pub currency: Currency,
    pub kind: SubjectKind,
    /// Among those of its kind: an id, a merchant's name, the lower bound of an amount bucket.
    pub name: &'a str,
}

impl<'a> TopKey<'a> {
    /// All that an event adds to: four, or three where the customer is not known.
    pub fn all_of(event: &'a Event<'_>) -> impl Iterator<Item = Self> {
        let quarter = QuarterHour::of(Minute::of(event.event_time.timestamp()));
        let customer = event.customer_id.as_ref();
        let subjects = [
            Some((SubjectKind::Product, event.product_id.as_str())),
            Some((SubjectKind::Merchant, event.merchant.as_str())),
            customer.map(|id| (SubjectKind::Customer, id.as_str())),
            Some((SubjectKind::Amount, AmountBucket::of(event.amount).as_str())),
        ];
        subjects
            .into_iter()
            .flatten()
            .map(move |(kind, name)| Self {
                quarter,
                currency: event.currency,
                kind,
                name,
            })
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
