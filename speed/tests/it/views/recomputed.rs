//! The figures once more, from the records that were sent, in the simplest way: no code of ours.

use super::till::Sent;
use super::world::texts;
use crate::counts::Counts;
use comptoir_database::Database;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display, Write};

/// Everything that adds, with its key as one text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Partition and verdict.
    pub(crate) records: BTreeMap<String, i64>,
    /// Transactions, quantity, gross, refunds and net of each bucket.
    pub(crate) buckets: BTreeMap<String, [i64; 5]>,
    /// Transactions, approved, units, gross, refunds and net of each subject.
    pub(crate) tops: BTreeMap<String, [i64; 6]>,
    /// Partition and currency.
    pub(crate) net: BTreeMap<String, i64>,
    pub(crate) names: BTreeMap<String, String>,
    /// Partition, reason and bytes in hex, sorted.
    pub(crate) dead_letters: Vec<String>,
    /// Partition and event id.
    pub(crate) recent: Vec<String>,
}

const AMOUNTS: [i64; 11] = [0, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

impl Figures {
    /// All in one sweep: an id that was seen in its partition is a duplicate.
    pub(crate) fn recompute(sent: &[Sent]) -> Self {
        let mut figures = Self::default();
        let mut seen = BTreeSet::new();
        for record in sent {
            let partition = record.partition;
            let mut count = |verdict: &str| {
                let key = format!("{partition} {verdict}");
                *figures.records.entry(key).or_default() += 1;
            };
            if let Some(reason) = record.rejected {
                count("rejected");
                let hex = hex(&record.bytes);
                figures
                    .dead_letters
                    .push(format!("{partition} {reason} {hex}"));
                continue;
            }
            let event: Value = serde_json::from_slice(&record.bytes).unwrap();
            let id = event["event_id"].as_str().unwrap().to_owned();
            if !seen.insert((partition, id.clone())) {
                count("duplicate");
                continue;
            }
            count("accepted");
            figures.recent.push(format!("{partition} {id}"));
            figures.accept(partition, &event);
        }
        figures.dead_letters.sort();
        figures.recent.sort();
        figures.net.retain(|_, net| *net != 0);
        figures
    }

    fn accept(&mut self, partition: u32, event: &Value) {
        let text = |field: &str| event[field].as_str().unwrap();
        let time: Timestamp = text("event_time").parse().unwrap();
        let minute = time.as_second() / 60;
        let amount = cents(text("amount"));
        let quantity = event["quantity"].as_i64().unwrap();
        let (gross, refunds, approved) = match text("status") {
            "APPROVED" => (amount, 0, 1),
            "REFUNDED" => (0, amount, 0),
            _ => (0, 0, 0),
        };
        let net = gross - refunds;
        let currency = text("currency");
        let dimensions = ["category", "country", "city", "channel", "status"].map(text);
        let bucket = format!("{minute} {currency} {}", dimensions.join("|"));
        add(
            &mut self.buckets,
            bucket,
            [1, quantity, gross, refunds, net],
        );
        let bounds = AMOUNTS.iter().rev();
        let lower = bounds.copied().find(|bound| bound * 100 <= amount).unwrap();
        let mut subjects = vec![
            format!("product {}", text("product_id")),
            format!("merchant {}", text("merchant")),
            format!("amount_bucket {lower}"),
        ];
        let product = format!("product {}", text("product_id"));
        self.names.insert(product, text("product_name").to_owned());
        if let Some(customer) = event["customer_id"].as_str() {
            subjects.push(format!("customer {customer}"));
            let name = text("customer_name").to_owned();
            self.names.insert(format!("customer {customer}"), name);
        }
        for subject in subjects {
            let key = format!("{} {currency} {subject}", minute / 15);
            let units = approved * quantity;
            add(
                &mut self.tops,
                key,
                [1, approved, units, gross, refunds, net],
            );
        }
        *self
            .net
            .entry(format!("{partition} {currency}"))
            .or_default() += net;
    }

    /// What the warehouse holds, over all streams and generations.
    pub(crate) async fn read(database: &mut Database) -> Self {
        let mut figures = Self::default();
        let sql = "SELECT p.partition_number, SUM(g.accepted), SUM(g.rejected), SUM(g.duplicates) \
                   FROM generations g JOIN stream_partitions p ON p.id = g.partition_id \
                   GROUP BY p.partition_number";
        for row in texts(database, sql).await {
            for (verdict, count) in ["accepted", "rejected", "duplicate"].iter().zip(&row[1..]) {
                if count != "0" {
                    figures
                        .records
                        .insert(format!("{} {verdict}", row[0]), number(count));
                }
            }
        }
        let sql = "SELECT minute, currency, category, country, city, channel, status, \
                   SUM(transactions), SUM(quantity), SUM(gross), SUM(refunds), SUM(net) \
                   FROM buckets GROUP BY minute, currency, category, country, city, channel, status";
        for row in texts(database, sql).await {
            let key = format!("{} {} {}", row[0], row[1], row[2..7].join("|"));
            let sums: Vec<_> = row[7..].iter().map(|text| number(text)).collect();
            figures.buckets.insert(key, sums.try_into().unwrap());
        }
        let sql = "SELECT quarter, currency, kind, name, SUM(transactions), SUM(approved), \
                   SUM(units), SUM(gross), SUM(refunds), SUM(net) \
                   FROM tops GROUP BY quarter, currency, kind, name";
        for row in texts(database, sql).await {
            let sums: Vec<_> = row[4..].iter().map(|text| number(text)).collect();
            figures
                .tops
                .insert(row[..4].join(" "), sums.try_into().unwrap());
        }
        let sql = "SELECT p.partition_number, n.currency, SUM(n.net) \
                   FROM generation_net n JOIN stream_partitions p ON p.id = n.partition_id \
                   GROUP BY p.partition_number, n.currency";
        for row in texts(database, sql).await {
            if row[2] != "0" {
                figures.net.insert(row[..2].join(" "), number(&row[2]));
            }
        }
        for row in texts(database, "SELECT kind, id, name FROM names").await {
            figures.names.insert(row[..2].join(" "), row[2].clone());
        }
        let sql = "SELECT p.partition_number, d.reason, LOWER(HEX(d.bytes)) \
                   FROM dead_letters d JOIN stream_partitions p ON p.id = d.partition_id";
        let rows = texts(database, sql).await;
        figures.dead_letters = rows.iter().map(|row| row.join(" ")).collect();
        figures.dead_letters.sort();
        let sql = "SELECT p.partition_number, r.event_id \
                   FROM recent r JOIN stream_partitions p ON p.id = r.partition_id";
        let rows = texts(database, sql).await;
        figures.recent = rows.iter().map(|row| row.join(" ")).collect();
        figures.recent.sort();
        figures
    }

    /// What the records of `expected` have become here.
    pub(crate) fn counts(&self, expected: &Self) -> Counts {
        // Whichever verdict they got: another one is a wrong figure.
        Counts {
            wrong: self.differences(expected),
            ..Counts::of(expected.by_partition(), self.by_partition())
        }
    }

    fn by_partition(&self) -> impl Iterator<Item = (&str, i64)> {
        let records = self.records.iter();
        records.map(|(key, count)| (key.split(' ').next().unwrap_or(key), *count))
    }

    pub(crate) fn assert_equals(&self, expected: &Self) {
        self.counts(expected).settle("");
    }

    /// Each figure that differs, in words.
    fn differences(&self, expected: &Self) -> Vec<String> {
        let mut wrong = differing("records", &self.records, &expected.records);
        wrong.extend(differing("bucket", &self.buckets, &expected.buckets));
        wrong.extend(differing("top", &self.tops, &expected.tops));
        wrong.extend(differing("net", &self.net, &expected.net));
        wrong.extend(differing("name", &self.names, &expected.names));
        for (what, found, expected) in [
            ("dead letter", &self.dead_letters, &expected.dead_letters),
            ("recent", &self.recent, &expected.recent),
        ] {
            wrong.extend(differing(what, &times(found), &times(expected)));
        }
        wrong
    }
}

fn differing<K: Ord + Display, V: PartialEq + Debug>(
    what: &str,
    found: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) -> Vec<String> {
    let keys: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    keys.into_iter()
        .map(|key| (key, found.get(key), expected.get(key)))
        .filter(|(_, found, expected)| found != expected)
        .map(|(key, found, expected)| format!("{what} {key}: {found:?}, not {expected:?}"))
        .collect()
}

/// How often each of them is there.
fn times(of: &[String]) -> BTreeMap<&String, usize> {
    let mut times = BTreeMap::new();
    for each in of {
        *times.entry(each).or_default() += 1;
    }
    times
}

fn add<const N: usize>(totals: &mut BTreeMap<String, [i64; N]>, key: String, share: [i64; N]) {
    let total = totals.entry(key).or_insert([0; N]);
    for (sum, part) in total.iter_mut().zip(share) {
        *sum += part;
    }
}

fn cents(amount: &str) -> i64 {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, "0"));
    number(whole) * 100 + number(&format!("{decimals:0<2}"))
}

fn number(text: &str) -> i64 {
    text.parse().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
