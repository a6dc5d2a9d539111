//! Integer keys that no row has yet. Pure.
//!
//! A transaction takes its keys when it inserts, and shows its rows when it commits: what is
//! missing below the highest key may still come.

use comptoir_model::incremental::Gap;

/// How many gaps are remembered: the highest, because late rows come among the newest.
pub(super) const GAPS_MAX: usize = 1_000;

/// Finds what is missing in some ranges from the keys that are there, the highest key first.
#[derive(Debug)]
pub(super) struct GapFinder {
    /// The lowest is the last.
    ranges: Vec<Gap>,
    at: usize,
    /// The highest integer of the current range that no key was found for yet.
    cursor: Option<i128>,
    missing: Vec<Gap>,
}

impl GapFinder {
    /// The ranges do not overlap.
    pub(super) fn new(mut ranges: Vec<Gap>) -> Self {
        ranges.sort_by_key(|range| std::cmp::Reverse(range.first));
        Self {
            cursor: ranges.first().map(|range| range.last),
            ranges,
            at: 0,
            missing: Vec::new(),
        }
    }

    /// A key that is there; not higher than the one before, and any number of times.
    pub(super) fn found(&mut self, key: i128) {
        while let Some(range) = self.ranges.get(self.at).copied() {
            if key >= range.first {
                self.step_over(range, key);
                return;
            }
            self.end_range(range);
        }
    }

    /// Whether more keys could still add gaps.
    pub(super) fn is_full(&self) -> bool {
        self.missing.len() >= GAPS_MAX
    }

    /// After the lowest key: all that is left of the ranges is missing.
    pub(super) fn finish(mut self) -> Vec<Gap> {
        while let Some(range) = self.ranges.get(self.at).copied() {
            self.end_range(range);
        }
        self.finish_at_lowest_key()
    }

    /// Where nothing is known of what is below the lowest key that was found.
    pub(super) fn finish_at_lowest_key(mut self) -> Vec<Gap> {
        self.missing.truncate(GAPS_MAX);
        self.missing
    }

    fn step_over(&mut self, range: Gap, key: i128) {
        let Some(cursor) = self.cursor else { return };
        if key > cursor {
            return;
        }
        self.miss(range, key + 1, cursor);
        self.cursor = (key > range.first).then(|| key - 1);
    }

    fn end_range(&mut self, range: Gap) {
        if let Some(cursor) = self.cursor {
            self.miss(range, range.first, cursor);
        }
        self.at += 1;
        self.cursor = self.ranges.get(self.at).map(|range| range.last);
    }

    fn miss(&mut self, range: Gap, first: i128, last: i128) {
        if first <= last {
            self.missing.push(Gap {
                first,
                last,
                since: range.since,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn gap(first: i128, last: i128) -> Gap {
        Gap {
            first,
            last,
            since: Timestamp::UNIX_EPOCH,
        }
    }

    fn missing(ranges: &[(i128, i128)], keys: &[i128]) -> Vec<(i128, i128)> {
        let ranges = ranges.iter().map(|&(first, last)| gap(first, last));
        let mut finder = GapFinder::new(ranges.collect());
        for key in keys {
            finder.found(*key);
        }
        let found = finder.finish().into_iter();
        found.map(|gap| (gap.first, gap.last)).collect()
    }

    #[test]
    fn what_no_row_has_is_missing() {
        assert_eq!(missing(&[(11, 15)], &[15, 12, 11]), [(13, 14)]);
        assert_eq!(missing(&[(11, 15)], &[]), [(11, 15)]);
        assert_eq!(
            missing(&[(3, 4), (13, 14)], &[14, 14, 3]),
            [(13, 13), (4, 4)]
        );
    }

    #[test]
    fn below_the_lowest_key_of_a_whole_table_nothing_is_missing() {
        let mut finder = GapFinder::new(vec![gap(i128::MIN, 10)]);
        for key in [10, 7] {
            finder.found(key);
        }
        assert_eq!(finder.finish_at_lowest_key(), [gap(8, 9)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_and_gaps_make_up_the_ranges(
            cuts in proptest::collection::btree_set(0_i128..60, 0..8),
            keys in proptest::collection::btree_set(0_i128..60, 0..40),
        ) {
            let cuts: Vec<_> = cuts.into_iter().collect();
            let ranges: Vec<_> = cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            let within: BTreeSet<i128> = ranges.iter().flat_map(|&(first, last)| first..=last).collect();
            let mut descending: Vec<_> = keys.iter().copied().filter(|key| within.contains(key)).collect();
            descending.reverse();
            let gaps = missing(&ranges, &descending);
            let in_gaps: BTreeSet<i128> = gaps.iter().flat_map(|&(first, last)| first..=last).collect();
            let expected: BTreeSet<i128> = within.difference(&keys).copied().collect();
            prop_assert_eq!(in_gaps, expected);
        }
    }
}
