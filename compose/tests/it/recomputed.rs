//! The figures of the sample, computed from its CSV by other means than the platform's: whole cents,
//! no type of ours.

use crate::launcher::Up;
use comptoir_model::api::HistoryFigures;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// `2/24/2003 0:00` is of `2003-02`.
fn month(line: &Line) -> String {
    let date = line["ORDERDATE"].split(' ').next().unwrap();
    let [month, _, year] = date.split('/').collect::<Vec<_>>()[..] else {
        panic!("{date}");
    };
    format!("{year}-{month:0>2}")
}

/// Every figure of the API against the CSV.
pub(crate) async fn assert_shows(up: &Up, csv: &Path) {
    let (all, months) = recompute(csv, month);
    all.assert_equal(&up.summary().await.figures);
    let dimensions = [
        ("product_line", "PRODUCTLINE"),
        ("country", "COUNTRY"),
        ("territory", "TERRITORY"),
        ("status", "STATUS"),
        ("deal_size", "DEALSIZE"),
    ];
    let others =
        dimensions.map(|(name, column)| (name, recompute(csv, |line| line[column].clone()).1));
    for (dimension, groups) in [("month", months)].into_iter().chain(others) {
        let shown = up.by(dimension).await;
        let keys: Vec<_> = shown.groups.iter().map(|group| &group.key).collect();
        assert_eq!(keys, groups.keys().collect::<Vec<_>>(), "{dimension}");
        for group in &shown.groups {
            groups[&group.key].assert_equal(&group.figures);
        }
    }
}

type Line = BTreeMap<String, String>;

#[derive(Default)]
struct Figures {
    lines: u64,
    orders: HashSet<String>,
    customers: HashSet<String>,
    /// Of lines that are not cancelled.
    baskets: HashSet<String>,
    cents: i64,
    cancelled_cents: i64,
}

impl Figures {
    fn add(&mut self, line: &Line) {
        let (order, cents) = (line["ORDERNUMBER"].clone(), cents(&line["SALES"]));
        self.lines += 1;
        self.cents += cents;
        self.customers.insert(line["CUSTOMERNAME"].clone());
        if line["STATUS"] == "Cancelled" {
            self.cancelled_cents += cents;
        } else {
            self.baskets.insert(order.clone());
        }
        self.orders.insert(order);
    }

    /// Panics at the first figure that differs.
    fn assert_equal(&self, shown: &HistoryFigures) {
        let net = self.cents - self.cancelled_cents;
        assert_eq!(shown.lines, self.lines);
        assert_eq!(shown.orders, self.orders.len() as u64);
        assert_eq!(shown.customers, self.customers.len() as u64);
        assert_eq!(cents(&shown.sales.amount.to_string()), self.cents);
        assert_eq!(
            cents(&shown.cancelled_sales.amount.to_string()),
            self.cancelled_cents
        );
        assert_eq!(cents(&shown.net_sales.amount.to_string()), net);
        let basket = shown
            .average_basket
            .map(|basket| cents(&basket.amount.to_string()));
        assert_eq!(basket, half_even(net, self.baskets.len()));
    }
}

/// The whole file, and its groups by what `key` makes of a line.
fn recompute(csv: &Path, key: impl Fn(&Line) -> String) -> (Figures, BTreeMap<String, Figures>) {
    let (mut all, mut groups) = (Figures::default(), BTreeMap::<_, Figures>::new());
    let mut reader = csv::Reader::from_path(csv).unwrap();
    let header = reader.headers().unwrap().clone();
    for record in reader.byte_records() {
        let record = record.unwrap();
        // In another encoding the letters are wrong, but the same everywhere.
        let values = record
            .iter()
            .map(|value| String::from_utf8_lossy(value).into_owned());
        let line: Line = header.iter().map(str::to_owned).zip(values).collect();
        all.add(&line);
        groups.entry(key(&line)).or_default().add(&line);
    }
    (all, groups)
}

/// `12`, `12.5` and `12.50`; anything finer is an error.
fn cents(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    assert!(fraction.len() <= 2 && !whole.starts_with('-'), "{amount}");
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

/// Rounded to a whole cent, a half to the even one.
fn half_even(cents: i64, count: usize) -> Option<i64> {
    let count = i64::try_from(count).unwrap();
    let (whole, rest) = (cents.checked_div(count)?, cents % count);
    let up = match (2 * rest).cmp(&count) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => whole % 2,
        std::cmp::Ordering::Greater => 1,
    };
    Some(whole + up)
}
