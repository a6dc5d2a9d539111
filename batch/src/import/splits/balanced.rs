//! Ranges of about as many rows each, by what the server says of the column. Pure.
//!
//! Where the column has an index, the server estimates the rows of any range of it by looking at
//! the two ends in the index. A [`Histogram`] asks for that, and divides what is too heavy, so that
//! a few hundred estimates find the rows wherever they are in the column. Without an index there is
//! a random sample of values, and [`quantiles`] cuts it.
//!
//! Either may be as wrong as it likes: [`ranges`] takes in every row exactly once.

use super::{BoundError, Splitter, first_above, points};
use std::num::NonZeroU32;

/// How many ranges each worker gets: the last ones to be read are then small.
const RANGES_PER_WORKER: u64 = 4;

/// As many parts as a listing of a directory can still be looked at.
const RANGES_MAX: u64 = 1000;

/// A range of fewer rows costs more than it spreads.
const ROWS_PER_RANGE: u64 = 1000;

/// Fewer rows than this are sampled faster than they are estimated.
const ROWS_TELLING: u64 = 10_000;

/// Into how many pieces a slice is divided.
const PIECES: NonZeroU32 = NonZeroU32::new(8).unwrap();

/// How many estimates are asked for, a fraction of a millisecond each.
const ESTIMATES_MAX: usize = 512;

/// How often a slice is divided at most: 8^22 is more than there are integers of 64 bits.
const DEPTH_MAX: u32 = 22;

/// The column from its smallest to its largest value, in slices.
#[derive(Clone, Debug)]
pub(in super::super) struct Histogram {
    splitter: Splitter,
    workers: NonZeroU32,
    /// Ascending and without gaps.
    slices: Vec<Slice>,
    estimates: usize,
}

#[derive(Clone, Debug)]
pub(in super::super) struct Slice {
    /// In SQL.
    from: String,
    /// In SQL; belongs to the next slice.
    to: String,
    rows: u64,
    depth: u32,
}

/// How many ranges so many rows are worth.
pub(in super::super) fn how_many(rows: u64, workers: NonZeroU32) -> u64 {
    let most = (u64::from(workers.get()) * RANGES_PER_WORKER).min(RANGES_MAX);
    (rows / ROWS_PER_RANGE).clamp(1, most)
}

/// The conditions of all parts: each row belongs to the first cut above it, those above all cuts
/// to the last part, and those without a value to the first.
pub(in super::super) fn ranges(column: &str, cuts: &[String]) -> Vec<Option<String>> {
    let mut cuts: Vec<_> = cuts.iter().map(String::as_str).collect();
    cuts.dedup();
    first_above(column, &cuts)
}

/// The values that cut an ordered sample into so many equal pieces, in SQL.
pub(in super::super) fn quantiles(
    splitter: Splitter,
    sample: &[String],
    ranges: u64,
) -> Result<Vec<String>, BoundError> {
    let length = sample.len() as u64;
    let places = (1..ranges).map(|range| length * range / ranges);
    let values = places.filter_map(|place| sample.get(usize::try_from(place).ok()?));
    let mut cuts = Vec::new();
    for value in values {
        let literals = points(splitter, value, value, NonZeroU32::MIN, None)?;
        cuts.extend(literals.into_iter().next());
    }
    Ok(cuts)
}

impl Histogram {
    /// Of a column whose values lie between two, as the server prints them.
    pub(in super::super) fn new(
        splitter: Splitter,
        (min, max): (&str, &str),
        workers: NonZeroU32,
    ) -> Result<Self, BoundError> {
        let ends = points(splitter, min, max, NonZeroU32::MIN, None)?;
        let end = |end: Option<&String>| end.cloned().unwrap_or_default();
        let whole = Slice {
            from: end(ends.first()),
            to: end(ends.last()),
            // Until it is divided for the first time.
            rows: u64::MAX,
            depth: 0,
        };
        Ok(Self {
            splitter,
            workers,
            slices: vec![whole],
            estimates: 0,
        })
    }

    /// The slice that is to be divided next; `None` once they are fine enough.
    pub(in super::super) fn too_heavy(&self) -> Option<usize> {
        if self.estimates + PIECES.get() as usize > ESTIMATES_MAX {
            return None;
        }
        let fine = self.rows() / how_many(self.rows(), self.workers) / 2;
        let divisible = |(_, slice): &(usize, &Slice)| slice.depth < DEPTH_MAX;
        (self.slices.iter().enumerate())
            .filter(divisible)
            .max_by_key(|(_, slice)| slice.rows)
            .filter(|(_, slice)| slice.rows > fine.max(ROWS_PER_RANGE / 2))
            .map(|(place, _)| place)
    }

    /// The pieces of a slice, whose rows are not known yet.
    pub(in super::super) fn pieces(&self, place: usize) -> Result<Vec<Slice>, BoundError> {
        let slice = &self.slices[place];
        let plain = |literal: &str| literal.trim_matches('\'').to_owned();
        let (from, to) = (plain(&slice.from), plain(&slice.to));
        let mut ends = points(self.splitter, &from, &to, PIECES, None)?;
        // As they were: a point that was printed and read again need not be the same.
        if let [first, .., last] = ends.as_mut_slice() {
            first.clone_from(&slice.from);
            last.clone_from(&slice.to);
        }
        ends.dedup();
        let pieces = ends.windows(2).map(|pair| Slice {
            from: pair[0].clone(),
            to: pair[1].clone(),
            rows: 0,
            depth: if ends.len() > 2 {
                slice.depth + 1
            } else {
                DEPTH_MAX
            },
        });
        Ok(pieces.collect())
    }

    /// Puts pieces, with the rows that the server expects in each, in the place of their slice.
    pub(in super::super) fn divide(&mut self, place: usize, pieces: Vec<Slice>, rows: &[u64]) {
        self.estimates += rows.len();
        let known = pieces.into_iter().zip(rows);
        let known = known.map(|(piece, rows)| Slice {
            rows: *rows,
            ..piece
        });
        self.slices.splice(place..=place, known);
    }

    fn rows(&self) -> u64 {
        let rows = self.slices.iter().map(|slice| slice.rows);
        rows.fold(0, u64::saturating_add)
    }

    /// Whether there are rows enough for estimates. Of a table that was filled just now a server
    /// may know too little, and says too low numbers.
    pub(in super::super) fn is_telling(&self) -> bool {
        self.rows() >= ROWS_TELLING
    }

    /// Where slices are joined no more: no range has more rows than its share and one slice.
    pub(in super::super) fn cuts(&self) -> Vec<String> {
        let total = u128::from(self.rows());
        let ranges = u128::from(how_many(self.rows(), self.workers));
        let mut cuts = Vec::new();
        let mut passed = 0;
        for slice in &self.slices {
            let due = total * (cuts.len() as u128 + 1);
            if passed > 0 && passed * ranges >= due && cuts.len() as u128 + 1 < ranges {
                cuts.push(slice.from.clone());
            }
            passed += u128::from(slice.rows);
        }
        cuts
    }
}

impl Slice {
    /// The rows of the slice.
    pub(in super::super) fn condition(&self, column: &str) -> String {
        format!("{column} >= {} AND {column} < {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many of the conditions hold for a value.
    fn parts_of(conditions: &[Option<String>], value: Option<i128>) -> usize {
        let holds = |bound: &str| match (bound.strip_prefix("c >= "), bound.strip_prefix("c < ")) {
            (Some(least), _) => value.is_some_and(|value| value >= least.parse().unwrap()),
            (_, Some(above)) => value.is_some_and(|value| value < above.parse().unwrap()),
            _ => panic!("{bound}"),
        };
        let part = |condition: &Option<String>| match condition {
            None => true,
            Some(text) => match text.strip_suffix(" OR c IS NULL") {
                Some(bound) => value.is_none() || holds(bound),
                None => text.split(" AND ").all(holds),
            },
        };
        conditions
            .iter()
            .filter(|condition| part(condition))
            .count()
    }

    fn texts(values: &[i64]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    /// As an index would count the values of a slice.
    fn count(slice: &Slice, values: &[i64]) -> u64 {
        let (from, to): (i128, i128) = (slice.from.parse().unwrap(), slice.to.parse().unwrap());
        let within = |value: &&i64| (from..to).contains(&i128::from(**value));
        values.iter().filter(within).count() as u64
    }

    fn refined(values: &[i64], workers: u32, estimate: impl Fn(u64) -> u64) -> Histogram {
        let (min, max) = (values.iter().min().unwrap(), values.iter().max().unwrap());
        let ends = (min.to_string(), max.to_string());
        let workers = NonZeroU32::new(workers).unwrap();
        let ends = (ends.0.as_str(), ends.1.as_str());
        let mut histogram = Histogram::new(Splitter::Integer, ends, workers).unwrap();
        while let Some(place) = histogram.too_heavy() {
            let pieces = histogram.pieces(place).unwrap();
            let rows = pieces.iter().map(|piece| estimate(count(piece, values)));
            let rows: Vec<_> = rows.collect();
            histogram.divide(place, pieces, &rows);
        }
        histogram
    }

    fn largest(conditions: &[Option<String>], values: &[i64]) -> usize {
        let of_part = |condition: &Option<String>| {
            let condition = [condition.clone()];
            let inside = |value: &&i64| parts_of(&condition, Some(i128::from(**value))) == 1;
            values.iter().filter(inside).count()
        };
        conditions.iter().map(of_part).max().unwrap_or(0)
    }

    #[test]
    fn a_dense_corner_of_a_wide_column_is_found() {
        let mut values: Vec<i64> = (0..20_000).collect();
        values.push(i64::MAX);
        values.push(i64::MIN);
        let histogram = refined(&values, 4, |rows| rows);
        assert!(histogram.estimates < 400, "{}", histogram.estimates);
        let conditions = ranges("c", &histogram.cuts());
        assert_eq!(conditions.len(), 16);
        assert!(largest(&conditions, &values) < 2000);
    }

    #[test]
    fn dates_and_decimals_are_divided_as_well() {
        for (splitter, ends) in [
            (Splitter::Day, ("2003-01-06", "2024-02-29")),
            (
                Splitter::Moment,
                ("2003-01-06 00:00:00.000001", "2024-02-29 10:00:00"),
            ),
            (Splitter::Decimal, ("-0.5", "99999999999999999999.25")),
            (Splitter::Float, ("-1e-300", "1e300")),
        ] {
            let workers = NonZeroU32::new(4).unwrap();
            let mut histogram = Histogram::new(splitter, ends, workers).unwrap();
            let mut slices = 0;
            while let Some(place) = histogram.too_heavy() {
                let pieces = histogram.pieces(place).unwrap();
                slices += pieces.len();
                // All rows are in the first piece, again and again.
                let rows: Vec<_> = (0..pieces.len())
                    .map(|at| if at == 0 { 9000 } else { 0 })
                    .collect();
                histogram.divide(place, pieces, &rows);
            }
            assert!(
                (16..=ESTIMATES_MAX).contains(&slices),
                "{splitter:?}: {slices}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_row_has_one_part_whatever_the_sample_says(
            sample in prop::collection::vec(-50_i64..50, 0..60),
            values in prop::collection::vec(-60_i64..60, 1..60),
            ranges_wanted in 1_u64..20,
        ) {
            // Not even in order.
            let cuts = quantiles(Splitter::Integer, &texts(&sample), ranges_wanted).unwrap();
            let conditions = ranges("c", &cuts);
            prop_assert!(conditions.len() as u64 <= ranges_wanted);
            prop_assert_eq!(parts_of(&conditions, None), 1);
            for value in values {
                prop_assert_eq!(parts_of(&conditions, Some(value.into())), 1, "{} in {:?}", value, conditions);
            }
        }

        #[test]
        fn an_ordered_sample_is_cut_into_equal_pieces(
            sample in prop::collection::btree_set(any::<i64>(), 1..200), ranges_wanted in 1_u64..20,
        ) {
            let sample: Vec<_> = sample.into_iter().collect();
            let cuts = quantiles(Splitter::Integer, &texts(&sample), ranges_wanted).unwrap();
            let conditions = ranges("c", &cuts);
            let share = sample.len().div_ceil(usize::try_from(ranges_wanted).unwrap());
            prop_assert!(largest(&conditions, &sample) <= share, "{:?}", conditions);
        }

        #[test]
        fn wrong_estimates_cost_balance_and_no_rows(
            values in prop::collection::vec(any::<i64>(), 1..50),
            estimates in prop::collection::vec(0_u64..1_000_000, 64),
        ) {
            let histogram = refined(&values, 4, |rows| estimates[usize::try_from(rows).unwrap()]);
            prop_assert!(histogram.estimates <= ESTIMATES_MAX);
            let conditions = ranges("c", &histogram.cuts());
            for value in values {
                prop_assert_eq!(parts_of(&conditions, Some(value.into())), 1);
            }
        }
    }
}
