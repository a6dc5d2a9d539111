//! Integers, and what is counted like them.

use super::BoundError;
use std::num::{NonZeroU32, NonZeroU64};

pub(super) fn literals(
    min: &str,
    max: &str,
    ranges: NonZeroU32,
    limit: Option<NonZeroU64>,
) -> Result<Vec<String>, BoundError> {
    let points = points(parse(min)?, parse(max)?, ranges, limit);
    Ok(points.iter().map(ToString::to_string).collect())
}

/// Wide enough for BIGINT UNSIGNED.
fn parse(bound: &str) -> Result<i128, BoundError> {
    bound.trim().parse().map_err(|_| BoundError {
        bound: bound.to_owned(),
        expected: "integer",
    })
}

/// Sqoop's `IntegerSplitter.split`: the span is divided, and the remainder goes one each to the
/// first ranges. A span of at most as many as there are ranges gets the largest value a second
/// time, so that it has a range of its own.
pub(super) fn points(
    min: i128,
    max: i128,
    ranges: NonZeroU32,
    limit: Option<NonZeroU64>,
) -> Vec<i128> {
    let span = (max - min).max(0);
    let ranges = within_limit(span, i128::from(ranges.get()), limit);
    let (size, remainder) = (span / ranges, span % ranges);
    let mut points = Vec::new();
    let mut point = min;
    for index in 0..=ranges {
        points.push(point);
        if point >= max {
            break;
        }
        point += size + i128::from(index < remainder);
    }
    if points.len() == 1 || span <= ranges {
        points.push(max);
    }
    points
}

/// More ranges where they would be wider than `limit`.
fn within_limit(span: i128, ranges: i128, limit: Option<NonZeroU64>) -> i128 {
    let Some(limit) = limit.map(|limit| i128::from(limit.get())) else {
        return ranges;
    };
    let mut ranges = ranges;
    // Wider than the limit, without rounding down.
    while span > limit * ranges {
        let more = span / limit;
        ranges = if more == ranges { more + 1 } else { more };
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(min: i128, max: i128, ranges: u32, limit: u64) -> Vec<i128> {
        let ranges = NonZeroU32::new(ranges).unwrap();
        points(min, max, ranges, NonZeroU64::new(limit))
    }

    #[test]
    fn cuts_where_sqoop_cuts() {
        assert_eq!(cut(1, 40, 7, 0), [1, 7, 13, 19, 25, 30, 35, 40]);
        assert_eq!(cut(1, 2823, 4, 0), [1, 707, 1413, 2118, 2823]);
    }

    #[test]
    fn a_short_span_gives_each_value_a_range() {
        assert_eq!(cut(10, 12, 4, 0), [10, 11, 12, 12]);
        assert_eq!(cut(1, 5, 4, 0), [1, 2, 3, 4, 5, 5]);
        assert_eq!(cut(7, 7, 4, 0), [7, 7]);
    }

    #[test]
    fn a_limit_makes_more_ranges() {
        assert_eq!(cut(1, 40, 2, 5).len(), 9);
        assert_eq!(cut(1, 40, 20, 5).len(), 21);
    }

    proptest! {
        #[test]
        fn points_ascend_from_bound_to_bound(one: i64, other: u64, ranges in 1..=64u32) {
            let (min, max) = (i128::from(one).min(other.into()), i128::from(one).max(other.into()));
            let points = cut(min, max, ranges, 0);
            prop_assert!(points.len() <= ranges as usize + 2);
            prop_assert_eq!((points[0], *points.last().unwrap()), (min, max));
            prop_assert!(points.is_sorted());
        }
    }
}
