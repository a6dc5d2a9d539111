//! Order lines for tests, their text as an import writes it, and the figures of them, recomputed
//! here in whole cents by other means than the server's.

use comptoir_model::sales::SALES_COLUMNS;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub(crate) order: u32,
    pub(crate) cents: i64,
    pub(crate) date: &'static str,
    pub(crate) status: &'static str,
    pub(crate) product: &'static str,
    pub(crate) customer: &'static str,
    pub(crate) country: &'static str,
}

/// Two lines of one order, a delimiter and an accent in names, a cancelled line, an average that
/// is not a whole cent.
pub(crate) const SHOP: [Line; 5] = [
    line(
        1,
        10_000,
        "2024-01-31",
        "Shipped",
        "Ships",
        "La Corne, Nantes",
        "France",
    ),
    line(
        1,
        5_005,
        "2024-01-31",
        "Shipped",
        "Trains",
        "La Corne, Nantes",
        "France",
    ),
    line(
        2,
        333,
        "2024-02-29",
        "On Hold",
        "Ships",
        "Käse & Söhne",
        "Germany",
    ),
    line(
        3,
        70_070,
        "2023-12-01",
        "Cancelled",
        "Trains",
        "Käse & Söhne",
        "Germany",
    ),
    line(
        4,
        1,
        "2024-02-01",
        "Resolved",
        "Ships",
        "Tab\tund\\Strich",
        "Norway",
    ),
];

const fn line(
    order: u32,
    cents: i64,
    date: &'static str,
    status: &'static str,
    product: &'static str,
    customer: &'static str,
    country: &'static str,
) -> Line {
    Line {
        order,
        cents,
        date,
        status,
        product,
        customer,
        country,
    }
}

impl Line {
    /// In the order of the columns; only STATE is NULL.
    pub(crate) fn values(&self) -> [Option<String>; SALES_COLUMNS.len()] {
        SALES_COLUMNS.map(|column| match column {
            "ORDERNUMBER" => Some(self.order.to_string()),
            "ORDERLINENUMBER" => Some("1".to_owned()),
            "SALES" => Some(decimal(self.cents)),
            "ORDERDATE" => Some(self.date.to_owned()),
            "STATUS" => Some(self.status.to_owned()),
            "PRODUCTLINE" => Some(self.product.to_owned()),
            "CUSTOMERNAME" => Some(self.customer.to_owned()),
            "COUNTRY" => Some(self.country.to_owned()),
            "TERRITORY" => Some("EMEA".to_owned()),
            "DEALSIZE" => Some("Small".to_owned()),
            "STATE" => None,
            _ => Some("-".to_owned()),
        })
    }
}

/// What the API must say about these lines, without `as_of` and `import`.
pub(crate) fn figures(lines: &[Line]) -> serde_json::Value {
    let counted: Vec<_> = lines
        .iter()
        .filter(|line| line.status != "Cancelled")
        .collect();
    let total: i64 = lines.iter().map(|line| line.cents).sum();
    let net: i64 = counted.iter().map(|line| line.cents).sum();
    let orders: BTreeSet<_> = lines.iter().map(|line| line.order).collect();
    let customers: BTreeSet<_> = lines.iter().map(|line| line.customer).collect();
    let revenue_orders: BTreeSet<_> = counted.iter().map(|line| line.order).collect();
    let average = match i64::try_from(revenue_orders.len()).unwrap() {
        0 => serde_json::Value::Null,
        count => eur(half_to_even(net, count)),
    };
    serde_json::json!({
        "lines": lines.len(),
        "orders": orders.len(),
        "customers": customers.len(),
        "sales": eur(total),
        "net_sales": eur(net),
        "cancelled_sales": eur(total - net),
        "average_basket": average,
    })
}

/// The groups of one dimension, as the API orders them.
pub(crate) fn groups(lines: &[Line], key: impl Fn(&Line) -> String) -> serde_json::Value {
    let mut groups: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in lines {
        groups.entry(key(line)).or_default().push(*line);
    }
    (groups.into_iter())
        .map(|(key, lines)| {
            let mut group = figures(&lines);
            group["key"] = key.into();
            group
        })
        .collect()
}

fn half_to_even(cents: i64, count: i64) -> i64 {
    let (whole, rest) = (cents.div_euclid(count), cents.rem_euclid(count));
    match (2 * rest).cmp(&count) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Equal => whole + whole % 2,
        std::cmp::Ordering::Greater => whole + 1,
    }
}

fn eur(cents: i64) -> serde_json::Value {
    serde_json::json!({ "amount": decimal(cents), "currency": "EUR" })
}

fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The same answer with every amount at two decimals: the API writes a zero as `0`.
pub(crate) fn at_two_decimals(mut answer: serde_json::Value) -> serde_json::Value {
    match &mut answer {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                *value = match (name.as_str(), value.as_str()) {
                    ("amount", Some("0")) => "0.00".into(),
                    _ => at_two_decimals(value.take()),
                };
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                *item = at_two_decimals(item.take());
            }
        }
        _ => {}
    }
    answer
}
