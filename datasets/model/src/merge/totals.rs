//! The totals of the live views merge by the same rules as any other.

use super::{Additive, Overflow};
use crate::live::{BucketSums, ControlTotals, Distinct, TopSums};

impl Additive for BucketSums {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        Self::add(self, other)
    }
}

impl Additive for TopSums {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        Self::add(self, other)
    }
}

/// A currency that adds up to nothing is left out, so equal totals are equal values.
impl Additive for ControlTotals {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        Self::add(self, other)
    }
}

/// The union: what both sides saw counts once.
impl Additive for Distinct {
    fn add(&mut self, other: &Self) -> Result<(), Overflow> {
        self.merge(other);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Coverage, Covered, GenerationNumber, PartitionKey, serve};
    use super::*;
    use crate::ids::{Offset, Partition, StreamId};
    use crate::live::{DistinctSketch, Minute};
    use std::collections::{BTreeMap, BTreeSet};

    fn minutes(ids: std::ops::Range<u32>) -> BTreeMap<Minute, Distinct> {
        let mut distinct = Distinct::default();
        for id in ids {
            distinct.orders.insert(&id.to_string());
        }
        [(Minute(7), distinct)].into()
    }

    #[test]
    fn an_order_on_both_sides_of_the_coverage_is_one_order() {
        let partition = PartitionKey {
            stream: StreamId("a".to_owned()),
            partition: Partition(0),
        };
        let covered = Covered {
            through: GenerationNumber(1),
            end: Offset(10),
            set_aside: BTreeSet::new(),
        };
        let coverage = Coverage([(partition.clone(), covered)].into());
        let (rows, not_pruned, later) = (minutes(0..60), minutes(0..60), minutes(40..100));
        let buckets = [
            (&partition, GenerationNumber(1), &not_pruned),
            (&partition, GenerationNumber(2), &later),
        ];
        let served = serve(&coverage, [&rows], buckets).unwrap();
        let whole = minutes(0..100);
        let estimate = |minutes: &BTreeMap<_, Distinct>| {
            DistinctSketch::union(minutes.values().map(|minute| &minute.orders)).estimate()
        };
        assert_eq!(estimate(&served), estimate(&whole));
    }
}
