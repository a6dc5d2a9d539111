//! A live transaction: one event of the topic `transactions`, and what it adds to the figures.
//!
//! `datasets/transactions.schema.json` describes the records to people who connect tills;
//! [`read_event`] is the judge. Both are held equal by tests. The rules that no JSON Schema can
//! express stand at [`read_event`].

mod amount;
mod quick;
mod read;
mod rejection;
mod time;
mod values;
mod words;

pub use amount::{AMOUNT_DECIMALS_MAX, AMOUNT_DIGITS_MAX, Amount};
pub use read::{EVENT_BYTES_MAX, EVENT_DEPTH_MAX, read_event};
pub use rejection::{Flaw, Rejection};
pub use time::{EventTime, YEAR_FIRST, YEAR_LAST};
pub use values::{
    CustomerId, EventId, ID_CHARS_MAX, Label, ORDER_LINE_MAX, OrderId, OrderLine, ProductId,
    QUANTITY_MAX, Quantity, TEXT_CHARS_MAX,
};
pub use words::{Channel, Field, PaymentMethod, Status};

use crate::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::Serialize;

/// One order line changing its state at a till or a shop.
///
/// Texts borrow from the record they were read from. Serialized, it is a record that
/// [`read_event`] reads back as the same event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event<'a> {
    /// Names this event for ever; the same id again, near enough, is a duplicate delivery.
    pub event_id: EventId<'a>,
    /// When it happened.
    pub event_time: EventTime,
    pub order_id: OrderId<'a>,
    /// With `order_id` the order line that all its events share.
    pub order_line: OrderLine,
    /// `None` of a customer who is not known, as with cash at a counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<Label<'a>>,
    pub product_id: ProductId<'a>,
    pub product_name: Label<'a>,
    pub category: Label<'a>,
    /// Who sells: the shop, or a seller on a marketplace.
    pub merchant: Label<'a>,
    pub quantity: Quantity,
    /// Of one unit, before discounts.
    pub unit_price: Amount,
    /// Of the whole line, as charged or paid back: the only amount that figures are made of.
    pub amount: Amount,
    pub currency: Currency,
    pub country: Label<'a>,
    pub city: Label<'a>,
    pub channel: Channel,
    pub payment_method: PaymentMethod,
    pub status: Status,
}

impl Event<'_> {
    /// What this event adds to the figures. An event never takes back what another one added: a
    /// refund adds to `refunds`.
    pub fn contribution(&self) -> Contribution {
        let amount = self.amount.decimal();
        let (gross, refunds) = match self.status {
            Status::Approved => (amount, Decimal::ZERO),
            Status::Refunded => (Decimal::ZERO, amount),
            Status::Declined | Status::Pending => (Decimal::ZERO, Decimal::ZERO),
        };
        let money = |amount| Money {
            amount,
            currency: self.currency,
        };
        Contribution {
            gross: money(gross),
            refunds: money(refunds),
            net: money(gross - refunds),
        }
    }
}

/// The share of one event in the revenue figures; `net = gross - refunds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    pub gross: Money,
    pub refunds: Money,
    pub net: Money,
}

#[cfg(test)]
mod tests;
