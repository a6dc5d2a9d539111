//! Cutting a table into parts by ranges of an integer column. Pure.

use crate::database::quoted;
use std::num::NonZeroU32;

/// The smallest and the largest integer of the split column. Wide enough for BIGINT UNSIGNED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub min: i128,
    pub max: i128,
}

/// The rows of one part: `from <= column < to`, where a missing end is open.
///
/// The ends of a plan are always open, so that no row can fall outside, whatever its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    pub from: Option<i128>,
    pub to: Option<i128>,
}

impl Split {
    pub const EVERYTHING: Self = Self {
        from: None,
        to: None,
    };

    /// The SQL condition for this part's rows; `None` for all rows. Rows with a NULL in the
    /// column belong to the part with the open lower end.
    pub fn condition(self, column: &str) -> Option<String> {
        let column = quoted(column);
        match (self.from, self.to) {
            (None, None) => None,
            (None, Some(to)) => Some(format!("{column} < {to} OR {column} IS NULL")),
            (Some(from), None) => Some(format!("{column} >= {from}")),
            (Some(from), Some(to)) => Some(format!("{column} >= {from} AND {column} < {to}")),
        }
    }
}

/// At most `mappers` ranges, at most one for each integer between the bounds. `None`: no row has
/// an integer there.
///
/// The cuts are Sqoop's (`IntegerSplitter`), so that the same table gives the same parts: the span
/// `max - min` is divided, and the remainder goes one each to the first ranges. Where the span
/// equals `mappers`, Sqoop makes one part more than it was asked for; we do not.
pub fn plan(bounds: Option<Bounds>, mappers: NonZeroU32) -> Vec<Split> {
    let Some(Bounds { min, max }) = bounds else {
        return vec![Split::EVERYTHING];
    };
    let mappers = i128::from(mappers.get());
    let (size, remainder) = ((max - min) / mappers, (max - min) % mappers);
    let mut cuts = Vec::new();
    let mut cut = min;
    for index in 1..mappers {
        let width = size + i128::from(index <= remainder);
        if width == 0 {
            break;
        }
        cut += width;
        cuts.push(cut);
    }
    let starts = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let ends = cuts.iter().copied().map(Some).chain(std::iter::once(None));
    starts
        .zip(ends)
        .map(|(from, to)| Split { from, to })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contains(split: Split, value: i128) -> bool {
        split.from.is_none_or(|from| from <= value) && split.to.is_none_or(|to| value < to)
    }

    /// How many of `min..=max` each part gets.
    fn sizes(min: i128, max: i128, mappers: u32) -> Vec<usize> {
        let mappers = NonZeroU32::new(mappers).unwrap();
        plan(Some(Bounds { min, max }), mappers)
            .into_iter()
            .map(|split| (min..=max).filter(|value| contains(split, *value)).count())
            .collect()
    }

    #[test]
    fn cuts_where_sqoop_cuts() {
        assert_eq!(sizes(1, 40, 7), [6, 6, 6, 6, 5, 5, 6]);
        assert_eq!(sizes(1, 2823, 4), [706, 706, 705, 706]);
    }

    #[test]
    fn makes_no_more_parts_than_there_are_integers() {
        assert_eq!(sizes(1, 3, 60), [1, 1, 1]);
        assert_eq!(sizes(7, 7, 4), [1]);
        assert_eq!(sizes(1, 5, 4), [1, 1, 1, 2]);
    }

    #[test]
    fn an_empty_table_and_a_single_mapper_make_one_part() {
        assert_eq!(plan(None, NonZeroU32::new(4).unwrap()), [Split::EVERYTHING]);
        assert_eq!(sizes(1, 9, 1), [9]);
    }

    #[test]
    fn rows_without_a_value_belong_to_the_first_part() {
        let conditions: Vec<_> = plan(Some(Bounds { min: 0, max: 9 }), NonZeroU32::new(3).unwrap())
            .into_iter()
            .filter_map(|split| split.condition("a b"))
            .collect();
        assert_eq!(
            conditions,
            [
                "`a b` < 3 OR `a b` IS NULL",
                "`a b` >= 3 AND `a b` < 6",
                "`a b` >= 6"
            ]
        );
        assert_eq!(Split::EVERYTHING.condition("a"), None);
    }

    proptest! {
        #[test]
        fn every_integer_falls_into_exactly_one_part(
            one: i64, other in any::<u64>(), mappers in 1..=64u32, values in prop::collection::vec(any::<i128>(), 20),
        ) {
            let (min, max) = (i128::from(one).min(other.into()), i128::from(one).max(other.into()));
            let splits = plan(Some(Bounds { min, max }), NonZeroU32::new(mappers).unwrap());
            prop_assert!(splits.len() <= mappers as usize);
            let cuts: Vec<_> = splits.iter().filter_map(|split| split.from).collect();
            let near_cuts = cuts.iter().flat_map(|cut| [cut - 1, *cut, cut + 1]);
            for value in near_cuts.chain([min, max]).chain(values) {
                let holders = splits.iter().filter(|split| contains(**split, value)).count();
                prop_assert_eq!(holders, 1, "{} in {:?}", value, splits);
            }
        }

        #[test]
        fn no_part_is_empty_and_sizes_differ_by_two_at_most(
            min in -1000..1000i128, span in 0..2000i128, mappers in 1..=64u32,
        ) {
            let sizes = sizes(min, min + span, mappers);
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(*least > 0 && most - least <= 2, "{:?}", sizes);
        }
    }
}
