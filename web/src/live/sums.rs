//! Totals that can be added and taken back exactly, and the keys they are kept by. Pure.

use comptoir_model::api::live::{LiveDimension, Revenue};
use comptoir_model::event::{Channel, Event, Status};
use comptoir_model::live::{BucketSums, TopSums};
use comptoir_model::money::{Currency, Money};
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::hash::Hash;

/// The totals of a group. Wide enough for any number of totals that the warehouse can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) transactions: u64,
    pub(crate) approved: u64,
    pub(crate) units: u64,
    gross: i128,
    refunds: i128,
}

impl Sums {
    pub(crate) fn add(&mut self, other: &Self) {
        self.transactions += other.transactions;
        self.approved += other.approved;
        self.units += other.units;
        self.gross += other.gross;
        self.refunds += other.refunds;
    }

    /// Takes back what was added.
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.transactions -= other.transactions;
        self.approved -= other.approved;
        self.units -= other.units;
        self.gross -= other.gross;
        self.refunds -= other.refunds;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.transactions == 0
    }

    pub(crate) fn net(&self) -> i128 {
        self.gross - self.refunds
    }

    pub(crate) fn revenue(&self, currency: Currency) -> Revenue {
        Revenue {
            gross: money(self.gross, currency),
            refunds: money(self.refunds, currency),
            net: money(self.net(), currency),
        }
    }
}

impl From<&Event<'_>> for Sums {
    fn from(event: &Event<'_>) -> Self {
        let sums = BucketSums::of(event);
        let (approved, units) = match event.status {
            Status::Approved => (1, sums.quantity),
            Status::Declined | Status::Pending | Status::Refunded => (0, 0),
        };
        Self {
            transactions: sums.transactions,
            approved,
            units,
            gross: sums.gross.0.into(),
            refunds: sums.refunds.0.into(),
        }
    }
}

impl From<&TopSums> for Sums {
    fn from(sums: &TopSums) -> Self {
        Self {
            transactions: sums.transactions,
            approved: sums.approved,
            units: sums.units,
            gross: sums.gross.0.into(),
            refunds: sums.refunds.0.into(),
        }
    }
}

/// From hundredths. A sum of a million numbers of 64 bits fits the 96 bits of a decimal.
fn money(hundredths: i128, currency: Currency) -> Money {
    let amount = Decimal::try_from_i128_with_scale(hundredths, 2).unwrap_or(Decimal::MAX);
    Money { amount, currency }
}

/// A group of one dimension, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupKey {
    pub(crate) currency: Currency,
    pub(crate) value: GroupValue,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum GroupValue {
    Category(String),
    City { country: String, city: String },
    Channel(Channel),
    Status(Status),
}

impl GroupValue {
    pub(crate) fn dimension(&self) -> LiveDimension {
        match self {
            Self::Category(_) => LiveDimension::Category,
            Self::City { .. } => LiveDimension::City,
            Self::Channel(_) => LiveDimension::Channel,
            Self::Status(_) => LiveDimension::Status,
        }
    }

    /// As the API shows it.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Category(name) => name,
            Self::City { city, .. } => city,
            Self::Channel(channel) => channel.as_str(),
            Self::Status(status) => status.as_str(),
        }
    }

    pub(crate) fn country(&self) -> Option<&str> {
        match self {
            Self::City { country, .. } => Some(country),
            _ => None,
        }
    }
}

/// Short numbers for keys: each is held once, however many totals it has.
#[derive(Clone, Debug)]
pub(crate) struct Names<K> {
    numbers: HashMap<K, u32>,
    keys: Vec<K>,
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            keys: Vec::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Names<K> {
    pub(crate) fn number(&mut self, key: K) -> u32 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.keys.len()).expect("memory ends before 2^32 keys");
        self.keys.push(key.clone());
        self.numbers.insert(key, number);
        number
    }

    pub(crate) fn key(&self, number: u32) -> &K {
        &self.keys[number as usize]
    }
}

/// Totals by the number of their key; one whose transactions are all taken back is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupTotals(HashMap<u32, Sums>);

impl GroupTotals {
    pub(crate) fn add(&mut self, cell: &[(u32, Sums)]) {
        for (key, sums) in cell {
            self.0.entry(*key).or_default().add(sums);
        }
    }

    pub(crate) fn subtract(&mut self, cell: &[(u32, Sums)]) {
        for (key, sums) in cell {
            let Some(total) = self.0.get_mut(key) else {
                continue;
            };
            total.subtract(sums);
            if total.is_empty() {
                self.0.remove(key);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Sums)> {
        self.0.iter().map(|(key, sums)| (*key, sums))
    }
}

/// The totals of a span of time by the number of their key.
pub(crate) type Cell = Box<[(u32, Sums)]>;

/// One key once, its totals added up; without those that count nothing.
pub(crate) fn cell(rows: impl Iterator<Item = (u32, Sums)>) -> Cell {
    let mut rows: Vec<_> = rows.filter(|(_, sums)| !sums.is_empty()).collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows.dedup_by(|(key, sums), (kept, total)| {
        let same = key == kept;
        if same {
            total.add(sums);
        }
        same
    });
    rows.into()
}

/// Adds rows to a cell, in place where it has their keys.
pub(crate) fn add_to(cell_of_it: &mut Cell, rows: &[(u32, Sums)]) {
    for (key, sums) in rows {
        match cell_of_it.binary_search_by_key(key, |(key, _)| *key) {
            Ok(place) => cell_of_it[place].1.add(sums),
            Err(_) => *cell_of_it = cell(cell_of_it.iter().copied().chain([(*key, *sums)])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::live::Hundredths;

    fn sums(transactions: u64, gross: i64, refunds: i64) -> Sums {
        Sums::from(&TopSums {
            transactions,
            gross: Hundredths(gross),
            refunds: Hundredths(refunds),
            ..TopSums::default()
        })
    }

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let mut totals = GroupTotals::default();
        totals.add(&[(1, sums(2, 500, 0)), (2, sums(1, 0, 70))]);
        totals.add(&[(1, sums(1, 20, 0))]);
        totals.subtract(&[(1, sums(2, 500, 0)), (2, sums(1, 0, 70))]);
        assert_eq!(totals.iter().collect::<Vec<_>>(), [(1, &sums(1, 20, 0))]);
    }

    #[test]
    fn a_cell_has_each_key_once() {
        let rows = [
            (2, sums(1, 5, 0)),
            (1, sums(1, 1, 0)),
            (2, sums(3, 6, 0)),
            (9, sums(0, 0, 0)),
        ];
        assert_eq!(
            &*cell(rows.into_iter()),
            &[(1, sums(1, 1, 0)), (2, sums(4, 11, 0))]
        );
    }

    #[test]
    fn money_has_two_decimals_however_large() {
        let mut huge = sums(1, i64::MAX, 0);
        huge.add(&huge.clone());
        let revenue = huge.revenue(Currency::EUR);
        assert_eq!(revenue.gross.to_string(), "184467440737095516.14 EUR");
        assert_eq!(revenue.refunds.to_string(), "0.00 EUR");
    }
}
