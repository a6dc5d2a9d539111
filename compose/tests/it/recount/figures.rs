//! The figures themselves, as plain maps that can be held against each other.

use super::judge::{Judged, Sale};
use super::raw::RawRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// Sums by their key's parts.
pub(crate) type Sums<const N: usize> = BTreeMap<Vec<String>, [i64; N]>;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// By partition: accepted, rejected, duplicates.
    pub(crate) verdicts: BTreeMap<u32, [i64; 3]>,
    /// By minute, currency, category, country, city, channel, status: transactions,
    /// quantity, gross, refunds, net.
    pub(crate) buckets: Sums<5>,
    /// By quarter, currency, kind, name: transactions, approved, units, gross, refunds, net.
    pub(crate) tops: Sums<6>,
    /// Partition and offset.
    pub(crate) dead_letters: BTreeSet<(u32, u64)>,
}

const MINUTE_MS: i64 = 60_000;

impl Figures {
    pub(super) fn add(&mut self, partition: u32, record: &RawRecord, judged: &Judged) {
        let [accepted, rejected, duplicates] = self.verdicts.entry(partition).or_default();
        match judged {
            Judged::Rejected => {
                *rejected += 1;
                self.dead_letters.insert((partition, record.offset));
            }
            Judged::Duplicate => *duplicates += 1,
            Judged::Accepted(sale) => {
                *accepted += 1;
                self.add_sale(sale);
            }
        }
    }

    fn add_sale(&mut self, sale: &Sale) {
        let minute = sale.time_ms.div_euclid(MINUTE_MS);
        let status = sale.field("status");
        let gross = if status == "APPROVED" {
            sale.hundredths
        } else {
            0
        };
        let refunds = if status == "REFUNDED" {
            sale.hundredths
        } else {
            0
        };
        let dimensions = [
            "currency", "category", "country", "city", "channel", "status",
        ];
        let mut key = vec![minute.to_string()];
        key.extend(dimensions.map(|name| sale.field(name).to_owned()));
        let money = [gross, refunds, gross - refunds];
        let [gross, refunds, net] = money;
        add(
            &mut self.buckets,
            key,
            [1, sale.quantity, gross, refunds, net],
        );

        let approved = i64::from(status == "APPROVED");
        let sums = [1, approved, approved * sale.quantity, gross, refunds, net];
        for (kind, field) in [
            ("product", "product_id"),
            ("merchant", "merchant"),
            ("customer", "customer_id"),
        ] {
            if sale.field(field).is_empty() {
                continue;
            }
            let quarter = minute.div_euclid(15).to_string();
            let names = [sale.field("currency"), kind, sale.field(field)];
            let mut key = vec![quarter];
            key.extend(names.map(str::to_owned));
            add(&mut self.tops, key, sums);
        }
    }

    /// Panics at the first difference, and says how many there are.
    pub(crate) fn assert_equal(&self, stored: &Self, context: &str) {
        assert_eq!(stored.verdicts, self.verdicts, "verdicts, {context}");
        assert_same(
            &stored.buckets,
            &self.buckets,
            &format!("buckets, {context}"),
        );
        assert_same(&stored.tops, &self.tops, &format!("tops, {context}"));
        assert_eq!(
            stored.dead_letters, self.dead_letters,
            "dead letters, {context}"
        );
    }

    pub(crate) fn accepted(&self) -> i64 {
        self.verdicts.values().map(|[accepted, ..]| accepted).sum()
    }
}

pub(super) fn add<const N: usize>(sums: &mut Sums<N>, key: Vec<String>, values: [i64; N]) {
    let sum = sums.entry(key).or_insert([0; N]);
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

fn assert_same<V: PartialEq + Debug>(
    stored: &BTreeMap<Vec<String>, V>,
    expected: &BTreeMap<Vec<String>, V>,
    context: &str,
) {
    let keys: BTreeSet<_> = stored.keys().chain(expected.keys()).collect();
    let different: Vec<_> = keys
        .into_iter()
        .filter(|key| stored.get(*key) != expected.get(*key))
        .collect();
    if let Some(first) = different.first() {
        panic!(
            "{context}: {} differ, first {first:?}: stored {:?}, recomputed {:?}",
            different.len(),
            stored.get(*first),
            expected.get(*first)
        );
    }
}
