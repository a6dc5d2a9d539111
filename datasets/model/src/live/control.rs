//! Control totals: what two independent ways of counting the same offsets must agree on.

use super::hundredths::{Hundredths, Overflow, add_count};
use crate::money::Currency;
use crate::verdict::Verdict;
use std::collections::BTreeMap;

/// Records by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub accepted: u64,
    pub rejected: u64,
    pub duplicates: u64,
}

/// The records of a run of offsets by verdict, and their net by currency.
///
/// Equal totals are equal values: a currency whose net is zero is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ControlTotals {
    counted: Counted,
    net: BTreeMap<Currency, Hundredths>,
}

impl ControlTotals {
    /// From stored or recomputed parts; a currency may come several times.
    pub fn new(
        counted: Counted,
        net: impl IntoIterator<Item = (Currency, Hundredths)>,
    ) -> Result<Self, Overflow> {
        let mut totals = Self::default();
        totals.add_counted(counted)?;
        for (currency, net) in net {
            totals.add_net(currency, net)?;
        }
        Ok(totals)
    }

    pub fn counted(&self) -> Counted {
        self.counted
    }

    /// All records, whatever became of them.
    pub fn records(&self) -> u64 {
        self.counted.accepted + self.counted.rejected + self.counted.duplicates
    }

    /// By currency, in its order; never zero.
    pub fn net(&self) -> impl Iterator<Item = (Currency, Hundredths)> {
        self.net.iter().map(|(currency, net)| (*currency, *net))
    }

    pub fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        self.add_counted(other.counted)?;
        other
            .net()
            .try_for_each(|(currency, net)| self.add_net(currency, net))
    }

    pub(super) fn count(&mut self, verdict: &Verdict<'_>) -> Result<(), Overflow> {
        let mut one = Counted::default();
        match verdict {
            Verdict::Accepted(_) => one.accepted = 1,
            Verdict::Rejected(_) => one.rejected = 1,
            Verdict::Duplicate { .. } => one.duplicates = 1,
        }
        self.add_counted(one)
    }

    pub(super) fn add_net(&mut self, currency: Currency, net: Hundredths) -> Result<(), Overflow> {
        let total = self.net.entry(currency).or_default();
        total.add(net)?;
        if *total == Hundredths::ZERO {
            self.net.remove(&currency);
        }
        Ok(())
    }

    /// Their sum, too, must fit: `records` adds them up.
    fn add_counted(&mut self, other: Counted) -> Result<(), Overflow> {
        let Counted {
            accepted,
            rejected,
            duplicates,
        } = &mut self.counted;
        add_count(accepted, other.accepted)?;
        add_count(rejected, other.rejected)?;
        add_count(duplicates, other.duplicates)?;
        let mut records = *accepted;
        add_count(&mut records, *rejected)?;
        add_count(&mut records, *duplicates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_that_adds_up_to_nothing_equals_one_that_was_not_there() {
        let none = ControlTotals::default();
        let mut totals =
            ControlTotals::new(Counted::default(), [(Currency::EUR, Hundredths(5))]).unwrap();
        assert_ne!(totals, none);
        totals.add_net(Currency::EUR, Hundredths(-5)).unwrap();
        assert_eq!(totals, none);
        let zero = [(Currency::EUR, Hundredths::ZERO)];
        assert_eq!(ControlTotals::new(Counted::default(), zero), Ok(none));
    }

    #[test]
    fn counts_whose_sum_does_not_fit_are_an_error() {
        let counted = Counted {
            accepted: u64::MAX,
            rejected: 1,
            duplicates: 0,
        };
        assert_eq!(ControlTotals::new(counted, []), Err(Overflow));
    }
}
