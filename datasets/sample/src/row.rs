//! One order line, and how the file writes it.

use crate::catalog::Product;
use crate::orders::Order;
use comptoir_model::sales::SALES_COLUMNS;
use rust_decimal::Decimal;
use std::io::Write;
use std::sync::Arc;

/// An order line. What is computed from its parts is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRow {
    pub order: Order,
    pub line: u32,
    pub product: Arc<Product>,
    pub quantity: u32,
    /// Two decimals.
    pub price_each: Decimal,
}

impl SampleRow {
    /// Quantity times price, exactly.
    pub fn sales(&self) -> Decimal {
        Decimal::from(self.quantity) * self.price_each
    }

    /// `Small` below 3,000, `Large` above 7,000.
    pub fn deal_size(&self) -> &'static str {
        let sales = self.sales();
        if sales < Decimal::from(3_000) {
            "Small"
        } else if sales <= Decimal::from(7_000) {
            "Medium"
        } else {
            "Large"
        }
    }

    /// The values in the order of [`SALES_COLUMNS`].
    pub fn record(&self) -> [String; SALES_COLUMNS.len()] {
        let Self { order, product, .. } = self;
        let (date, customer) = (order.date, &order.customer);
        let quarter = (date.month() - 1) / 3 + 1;
        [
            order.number.to_string(),
            self.quantity.to_string(),
            self.price_each.to_string(),
            self.line.to_string(),
            self.sales().to_string(),
            format!("{}/{}/{} 0:00", date.month(), date.day(), date.year()),
            order.status.to_owned(),
            quarter.to_string(),
            date.month().to_string(),
            date.year().to_string(),
            product.line.to_owned(),
            product.msrp.to_string(),
            product.code.clone(),
            customer.name.to_owned(),
            customer.phone.clone(),
            customer.address_line_1.clone(),
            customer.address_line_2.clone(),
            customer.city.to_owned(),
            customer.state.to_owned(),
            customer.postal_code.to_owned(),
            customer.country.to_owned(),
            customer.territory.to_owned(),
            customer.contact_last_name.to_owned(),
            customer.contact_first_name.to_owned(),
            self.deal_size().to_owned(),
        ]
    }
}

/// Writes the header and the rows: UTF-8 without BOM, lines end with `\n`.
pub fn write_csv(rows: &[SampleRow], out: impl Write) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(SALES_COLUMNS)?;
    for row in rows {
        writer.write_record(row.record())?;
    }
    writer.flush()?;
    Ok(())
}
