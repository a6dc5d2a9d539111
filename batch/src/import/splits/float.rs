//! FLOAT and DOUBLE.

use super::BoundError;
use crate::import::java;
use std::num::NonZeroU32;

/// Sqoop's smallest step, 10000 × `Double.MIN_VALUE`.
const SMALLEST_STEP: f64 = 10_000.0 * 5e-324;

pub(super) fn literals(
    min: &str,
    max: &str,
    ranges: NonZeroU32,
) -> Result<Vec<String>, BoundError> {
    let (min, max) = (parse(min)?, parse(max)?);
    let mut points = points(min, max, ranges);
    points.push(max);
    Ok(points.into_iter().map(java::double).collect())
}

/// What Sqoop asks for: its last range begins where it should end, and the rows in between are
/// lost. A range before it is lost altogether when the sum of steps misses the largest value.
pub(super) fn sqoops_conditions(
    column: &str,
    min: &str,
    max: &str,
    ranges: NonZeroU32,
) -> Result<Vec<Option<String>>, BoundError> {
    let (min, max) = (parse(min)?, parse(max)?);
    let step = step(min, max, ranges);
    let points = points(min, max, ranges);
    let mut conditions: Vec<_> = points
        .windows(2)
        .map(|pair| {
            let (from, to) = (java::double(pair[0]), java::double(pair[1]));
            Some(format!("{column} >= {from} AND {column} < {to}"))
        })
        .collect();
    if let Some(last) = points.last() {
        let (from, to) = (java::double(last + step), java::double(max));
        conditions.push(Some(format!("{column} >= {from} AND {column} <= {to}")));
    }
    Ok(conditions)
}

/// The lower ends of all ranges.
fn points(min: f64, max: f64, ranges: NonZeroU32) -> Vec<f64> {
    let step = step(min, max, ranges);
    let mut points = vec![min];
    let mut next = min + step;
    // A step that is too small to move on would never arrive.
    while next < max && points.last().is_some_and(|last| next > *last) {
        points.push(next);
        next += step;
    }
    points
}

fn step(min: f64, max: f64, ranges: NonZeroU32) -> f64 {
    let ranges = f64::from(ranges.get());
    // Divided first: the span of all doubles is no double.
    (max / ranges - min / ranges).max(SMALLEST_STEP)
}

fn parse(bound: &str) -> Result<f64, BoundError> {
    let number = bound.trim().parse().ok();
    number
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| BoundError {
            bound: bound.to_owned(),
            expected: "number",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: NonZeroU32 = NonZeroU32::new(4).unwrap();

    #[test]
    fn steps_from_the_smallest_to_the_largest_value() {
        let points = literals("0", "8", FOUR).unwrap();
        assert_eq!(points, ["0.0", "2.0", "4.0", "6.0", "8.0"]);
        assert_eq!(literals("3.5", "3.5", FOUR).unwrap(), ["3.5", "3.5"]);
    }

    #[test]
    fn sqoops_last_range_misses_its_rows() {
        let conditions = sqoops_conditions("c", "0", "8", FOUR).unwrap();
        assert_eq!(conditions.len(), 4);
        assert_eq!(conditions[3].as_deref(), Some("c >= 8.0 AND c <= 8.0"));
    }

    #[test]
    fn the_widest_span_and_the_smallest_step_come_to_an_end() {
        let widest = literals("-1.7976931348623157e308", "1.7976931348623157e308", FOUR).unwrap();
        assert_eq!(widest.len(), 5);
        assert!(
            literals("1e300", "1.0000000000000002e300", FOUR)
                .unwrap()
                .len()
                <= 5
        );
    }
}
