//! The totals of the model: small stand-ins for buckets and control totals.

use super::super::{Additive, Overflow};
use std::collections::BTreeMap;

/// Transactions and net by minute.
pub(super) type Figures = BTreeMap<u8, Sum>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) transactions: u64,
    pub(super) net: i64,
}

impl Additive for Sum {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        self.transactions.add(&other.transactions)?;
        self.net = self.net.checked_add(other.net).ok_or(Overflow)?;
        Ok(())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) records: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) duplicates: u64,
    pub(super) net: i64,
}

impl Additive for Control {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        self.records.add(&other.records)?;
        self.accepted.add(&other.accepted)?;
        self.rejected.add(&other.rejected)?;
        self.duplicates.add(&other.duplicates)?;
        self.net = self.net.checked_add(other.net).ok_or(Overflow)?;
        Ok(())
    }
}
