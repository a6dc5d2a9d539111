//! The ERP's proper tables, and the order lines that they make together.
//!
//! The flat `sales` table repeats the customer, the product and the order in every line; these
//! four hold each once. Quarter, month and year follow from the order date and are not stored.

use crate::money::Currency;
use crate::sales::{SalesError, SalesLayout, SalesLine};
use std::collections::HashMap;

/// `customers`: one row a customer, numbered from 1.
pub const CUSTOMERS: [&str; 12] = [
    "CUSTOMERNUMBER",
    "CUSTOMERNAME",
    "PHONE",
    "ADDRESSLINE1",
    "ADDRESSLINE2",
    "CITY",
    "STATE",
    "POSTALCODE",
    "COUNTRY",
    "TERRITORY",
    "CONTACTLASTNAME",
    "CONTACTFIRSTNAME",
];

/// `products`: one row a product.
pub const PRODUCTS: [&str; 3] = ["PRODUCTCODE", "PRODUCTLINE", "MSRP"];

/// `orders`: one row an order.
pub const ORDERS: [&str; 4] = ["ORDERNUMBER", "ORDERDATE", "STATUS", "CUSTOMERNUMBER"];

/// `order_lines`: one row a line.
pub const ORDER_LINES: [&str; 7] = [
    "ORDERNUMBER",
    "ORDERLINENUMBER",
    "PRODUCTCODE",
    "QUANTITYORDERED",
    "PRICEEACH",
    "SALES",
    "DEALSIZE",
];

/// A row of text values; `None` is SQL's NULL.
pub type TextRow = Vec<Option<String>>;

/// The rows of the four tables, with the columns in the order of the constants above.
#[derive(Clone, Debug, Default)]
pub struct ErpRows {
    pub customers: Vec<TextRow>,
    pub products: Vec<TextRow>,
    pub orders: Vec<TextRow>,
    pub order_lines: Vec<TextRow>,
}

/// Tables that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErpError {
    #[error("{table} has no row whose {column} is {}", .value.as_deref().unwrap_or("NULL"))]
    Missing {
        table: &'static str,
        column: &'static str,
        value: Option<String>,
    },
    #[error(transparent)]
    Sales(#[from] SalesError),
}

/// The order lines, as the flat table would give them, in the order of `order_lines`.
pub fn assemble(rows: &ErpRows, currency: Currency) -> Result<Vec<SalesLine>, ErpError> {
    let columns = [&ORDER_LINES[..], &ORDERS, &CUSTOMERS, &PRODUCTS].concat();
    let layout = SalesLayout::of(&columns, currency)?;
    let orders = Index::of("orders", ORDERS[0], &rows.orders);
    let customers = Index::of("customers", CUSTOMERS[0], &rows.customers);
    let products = Index::of("products", PRODUCTS[0], &rows.products);
    rows.order_lines
        .iter()
        .map(|line| {
            let order = orders.find(line[0].as_deref())?;
            let customer = customers.find(order[3].as_deref())?;
            let product = products.find(line[2].as_deref())?;
            let flat = [&line[..], order, customer, product].concat();
            Ok(layout.read(&flat)?)
        })
        .collect()
}

/// Rows by their first column.
struct Index<'a> {
    table: &'static str,
    column: &'static str,
    rows: HashMap<Option<&'a str>, &'a TextRow>,
}

impl<'a> Index<'a> {
    fn of(table: &'static str, column: &'static str, rows: &'a [TextRow]) -> Self {
        Self {
            table,
            column,
            rows: rows.iter().map(|row| (row[0].as_deref(), row)).collect(),
        }
    }

    fn find(&self, value: Option<&str>) -> Result<&'a TextRow, ErpError> {
        let missing = || ErpError::Missing {
            table: self.table,
            column: self.column,
            value: value.map(str::to_owned),
        };
        self.rows.get(&value).copied().ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OrderNumber;

    fn row<const N: usize>(columns: &[&str; N], values: &[(&str, &str)]) -> TextRow {
        let value = |column: &&str| values.iter().find(|(name, _)| name == column);
        columns
            .iter()
            .map(|column| Some(value(column)?.1.to_owned()))
            .collect()
    }

    fn rows() -> ErpRows {
        ErpRows {
            customers: vec![row(
                &CUSTOMERS,
                &[
                    ("CUSTOMERNUMBER", "1"),
                    ("CUSTOMERNAME", "Å & Co."),
                    ("COUNTRY", "Sweden"),
                    ("TERRITORY", "EMEA"),
                ],
            )],
            products: vec![row(
                &PRODUCTS,
                &[
                    ("PRODUCTCODE", "P1"),
                    ("PRODUCTLINE", "Garden"),
                    ("MSRP", "9"),
                ],
            )],
            orders: vec![row(
                &ORDERS,
                &[
                    ("ORDERNUMBER", "7"),
                    ("ORDERDATE", "2024-02-29"),
                    ("STATUS", "Shipped"),
                    ("CUSTOMERNUMBER", "1"),
                ],
            )],
            order_lines: vec![row(
                &ORDER_LINES,
                &[
                    ("ORDERNUMBER", "7"),
                    ("ORDERLINENUMBER", "2"),
                    ("PRODUCTCODE", "P1"),
                    ("SALES", "10.50"),
                    ("DEALSIZE", "Small"),
                ],
            )],
        }
    }

    #[test]
    fn a_line_gets_its_order_customer_and_product() {
        let lines = assemble(&rows(), Currency::EUR).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].order, OrderNumber(7));
        assert_eq!(lines[0].customer, "Å & Co.");
        assert_eq!(lines[0].product_line, "Garden");
        assert_eq!(lines[0].sales.to_string(), "10.50 EUR");
    }

    #[test]
    fn names_the_row_that_is_missing() {
        let mut rows = rows();
        rows.products.clear();
        let error = assemble(&rows, Currency::EUR).unwrap_err();
        assert_eq!(
            error.to_string(),
            "products has no row whose PRODUCTCODE is P1"
        );
    }
}
