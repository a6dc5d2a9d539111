//! The value axis of a chart: from zero, with few and round numbers.

use crate::format::to_screen;
use rust_decimal::Decimal;

/// Steps that people count in, times a power of ten.
const ROUND_STEPS: [Decimal; 4] = [
    Decimal::ONE,
    Decimal::TWO,
    Decimal::from_parts(25, 0, 0, false, 1),
    Decimal::from_parts(5, 0, 0, false, 0),
];

/// A range that includes zero and every value, cut into equal round steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// From the lowest to the highest; zero is one of them.
    pub(crate) ticks: Vec<Decimal>,
}

impl Axis {
    /// About `steps` steps, at most two more.
    pub(crate) fn over(values: impl Iterator<Item = Decimal>, steps: u32) -> Self {
        let (low, high) = values.fold((Decimal::ZERO, Decimal::ZERO), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let step = round_step((high / Decimal::from(steps)) - (low / Decimal::from(steps)));
        let mut tick = (low / step).floor() * step;
        let mut ticks = vec![tick.normalize()];
        while tick < high {
            tick += step;
            ticks.push(tick.normalize());
        }
        Self { ticks }
    }

    /// Exactly from one value to another, without steps.
    pub(crate) fn between(low: Decimal, high: Decimal) -> Self {
        Self {
            ticks: vec![low, high],
        }
    }

    /// Where a value lies between the lowest (0) and the highest tick (1).
    pub(crate) fn position(&self, value: Decimal) -> f64 {
        let (Some(low), Some(high)) = (self.ticks.first(), self.ticks.last()) else {
            return 0.0;
        };
        if low == high {
            return 0.0;
        }
        (to_screen(value) - to_screen(*low)) / (to_screen(*high) - to_screen(*low))
    }

    /// The largest distance from zero, for choosing a unit.
    pub(crate) fn reach(&self) -> Decimal {
        self.ticks
            .iter()
            .map(Decimal::abs)
            .max()
            .unwrap_or_default()
    }
}

/// The smallest round step that is not below `rough`; one where there is nothing to show.
fn round_step(rough: Decimal) -> Decimal {
    if rough <= Decimal::ZERO {
        return Decimal::ONE;
    }
    let ten = Decimal::TEN;
    let mut power = Decimal::ONE;
    while let Some(higher) = power.checked_mul(ten).filter(|higher| *higher <= rough) {
        power = higher;
    }
    while power > rough {
        power /= ten;
    }
    ROUND_STEPS
        .into_iter()
        .filter_map(|step| step.checked_mul(power))
        .find(|step| *step >= rough)
        .or_else(|| power.checked_mul(ten))
        .unwrap_or(rough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn axis(values: &[&str]) -> Vec<String> {
        let values = values.iter().map(|text| text.parse().unwrap());
        Axis::over(values, 4)
            .ticks
            .iter()
            .map(Decimal::to_string)
            .collect()
    }

    #[test]
    fn starts_at_zero_and_ends_at_or_above_the_highest() {
        assert_eq!(
            axis(&["1089048.01", "129753.60"]),
            ["0", "500000", "1000000", "1500000"]
        );
        assert_eq!(axis(&["4"]), ["0", "1", "2", "3", "4"]);
        assert_eq!(axis(&["0.09"]), ["0", "0.025", "0.05", "0.075", "0.1"]);
    }

    #[test]
    fn reaches_below_zero_for_a_month_of_refunds() {
        assert_eq!(axis(&["-30", "90"]), ["-50", "0", "50", "100"]);
    }

    #[test]
    fn has_a_range_even_without_values() {
        assert_eq!(axis(&[]), ["0"]);
        assert_eq!(axis(&["0"]), ["0"]);
    }

    proptest! {
        #[test]
        fn every_value_lies_on_it(
            cents in prop::collection::vec(-1_000_000_000_000_i64..1_000_000_000_000, 1..40),
        ) {
            let values: Vec<_> = cents.iter().map(|cents| Decimal::new(*cents, 2)).collect();
            let axis = Axis::over(values.iter().copied(), 4);
            prop_assert!(axis.ticks.contains(&Decimal::ZERO));
            prop_assert!(axis.ticks.len() <= 7, "{:?}", axis.ticks);
            for value in values {
                let position = axis.position(value);
                prop_assert!((-1e-9..=1.0 + 1e-9).contains(&position), "{value} at {position}");
            }
        }
    }
}
