//! Writing one event.

use super::catalog::Catalog;
use super::order::Line;
use comptoir_model::event::Status;
use jiff::Timestamp;
use std::io::{self, Write};

/// What tells the events of one line apart.
pub(super) struct Moment<'g> {
    pub(super) event_id: &'g str,
    pub(super) order_id: &'g str,
    pub(super) event_time: Timestamp,
    pub(super) status: Status,
}

/// Writes the event as the schema asks for it: one JSON object, about 400 bytes.
pub(super) fn write(
    out: &mut Vec<u8>,
    catalog: &Catalog,
    line: &Line,
    moment: &Moment<'_>,
) -> io::Result<()> {
    let product = &catalog.products[line.product as usize];
    let customer = &catalog.customers[line.customer as usize];
    let merchant = &catalog.merchants[line.merchant as usize];
    let Moment {
        event_id,
        order_id,
        event_time,
        status,
    } = moment;
    write!(
        out,
        r#"{{"event_id":"{event_id}","event_time":"{event_time:.3}","order_id":"{order_id}","order_line":{}"#,
        line.number
    )?;
    if line.customer_is_known {
        write!(out, ",{}", customer.json)?;
    }
    write!(
        out,
        r#",{},{},"quantity":{},"unit_price":"{}","amount":"{}","currency":"{}",{},"channel":"{}","payment_method":"{}","status":"{status}"}}"#,
        product.json,
        merchant.json,
        line.quantity,
        Cents(line.unit_cents),
        Cents(line.amount_cents),
        catalog.currency,
        customer.place_json,
        line.channel,
        line.payment,
    )
}

struct Cents(u32);

impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
