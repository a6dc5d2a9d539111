//! Decimals of any width.

use super::BoundError;
use num_bigint::{BigInt, Sign};
use std::num::NonZeroU32;

/// An exact decimal: `units` × 10^-`scale`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    units: BigInt,
    scale: u32,
}

/// The digits behind the point of Sqoop's smallest step (10000 × `Double.MIN_VALUE`, about 5e-320):
/// smaller ones would never arrive.
const SMALLEST_STEP_SCALE: u32 = 319;

pub(super) fn literals(
    min: &str,
    max: &str,
    ranges: NonZeroU32,
) -> Result<Vec<String>, BoundError> {
    let (min, max) = (Decimal::parse(min)?, Decimal::parse(max)?);
    Ok(points(&min, &max, ranges)
        .iter()
        .map(Decimal::plain)
        .collect())
}

/// Sqoop's `BigDecimalSplitter.split`: a step that divides the span, as often as it fits.
pub(super) fn points(min: &Decimal, max: &Decimal, ranges: NonZeroU32) -> Vec<Decimal> {
    let step = max.minus(min).divided_by(ranges.get());
    let mut points = vec![min.clone()];
    if step.units.sign() == Sign::Plus {
        let mut point = min.plus(&step);
        while !point.is_above(max) {
            points.push(point.clone());
            point = point.plus(&step);
        }
    }
    if points.len() == 1 || points.last().is_some_and(|last| max.is_above(last)) {
        points.push(max.clone());
    }
    points
}

impl Decimal {
    pub(super) fn new(units: BigInt, scale: u32) -> Self {
        Self { units, scale }
    }

    fn parse(bound: &str) -> Result<Self, BoundError> {
        let (whole, fraction) = bound.split_once('.').unwrap_or((bound, ""));
        let units = format!("{whole}{fraction}").parse().ok();
        match (units, u32::try_from(fraction.len())) {
            (Some(units), Ok(scale)) => Ok(Self { units, scale }),
            _ => Err(BoundError {
                bound: bound.to_owned(),
                expected: "decimal",
            }),
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self::new(self.at_scale(scale) + other.at_scale(scale), scale)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self::new(self.at_scale(scale) - other.at_scale(scale), scale)
    }

    fn is_above(&self, other: &Self) -> bool {
        let scale = self.scale.max(other.scale);
        self.at_scale(scale) > other.at_scale(scale)
    }

    /// Java's `divide`: exact where the quotient has an end, else rounded half up at this scale.
    fn divided_by(&self, divisor: u32) -> Self {
        let mut odd = divisor;
        let (mut twos, mut fives) = (0, 0);
        while odd.is_multiple_of(2) {
            (odd, twos) = (odd / 2, twos + 1);
        }
        while odd.is_multiple_of(5) {
            (odd, fives) = (odd / 5, fives + 1);
        }
        if (&self.units % odd).sign() == Sign::NoSign {
            let scale = (self.scale + u32::max(twos, fives)).min(SMALLEST_STEP_SCALE);
            return Self::new(self.at_scale(scale) / divisor, scale);
        }
        // Never negative here: rounding half up is adding half of the divisor.
        let doubled = &self.units * 2u32 + divisor;
        Self::new(doubled / (2 * divisor), self.scale)
    }

    /// The units at a scale that is not smaller.
    fn at_scale(&self, scale: u32) -> BigInt {
        &self.units * BigInt::from(10).pow(scale.saturating_sub(self.scale))
    }

    fn plain(&self) -> String {
        let scale = self.scale as usize;
        let sign = if self.units.sign() == Sign::Minus {
            "-"
        } else {
            ""
        };
        let digits = self.units.magnitude().to_string();
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{fraction}")
    }

    pub(super) fn units(&self) -> &BigInt {
        &self.units
    }

    pub(super) fn scale(&self) -> u32 {
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(min: &str, max: &str, ranges: u32) -> Vec<String> {
        literals(min, max, NonZeroU32::new(ranges).unwrap()).unwrap()
    }

    #[test]
    fn divides_exactly_where_that_has_an_end() {
        assert_eq!(
            cut("1.125", "45.000", 4),
            ["1.125", "12.09375", "23.06250", "34.03125", "45.00000"]
        );
        assert_eq!(cut("-1", "1", 2), ["-1", "0.0", "1.0"]);
    }

    #[test]
    fn rounds_where_it_has_none_and_adds_the_end() {
        assert_eq!(cut("0.0", "1.0", 3), ["0.0", "0.3", "0.6", "0.9", "1.0"]);
    }

    #[test]
    fn one_value_makes_one_range() {
        assert_eq!(cut("5.5", "5.5", 4), ["5.5", "5.5"]);
        assert_eq!(cut("0", "1", 1), ["0", "1"]);
    }

    #[test]
    fn is_as_wide_as_the_servers_decimals() {
        let max = format!("{}.{}", "9".repeat(35), "9".repeat(30));
        let points = cut(&format!("-{max}"), &max, 2);
        assert_eq!(points[2].trim_end_matches('0'), max);
        assert!(points[1].trim_matches(['0', '.']).is_empty(), "{points:?}");
    }

    #[test]
    fn what_is_no_decimal_is_named() {
        assert_eq!(literals("x", "1", NonZeroU32::MIN).unwrap_err().bound, "x");
    }
}
