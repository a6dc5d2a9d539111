//! Exact sums of amounts, in a form that every database adds exactly.

use crate::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A total that does not fit its type. Whatever was being added to has to be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a total does not fit 64 bits")]
pub struct Overflow;

/// A sum of money in hundredths of its currency's unit, which stands beside it in a key.
///
/// Events have at most two decimals, so nothing is ever rounded; and every database adds 64-bit
/// integers exactly, also one that has no decimals. They hold 92 million billion units.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Hundredths(pub i64);

impl Hundredths {
    pub const ZERO: Self = Self(0);

    /// `None` of an amount with more than two decimals that count, or of too many digits.
    pub fn from_decimal(amount: Decimal) -> Option<Self> {
        let mut scaled = amount;
        scaled.rescale(2);
        let hundredths = i64::try_from(scaled.mantissa()).ok()?;
        (scaled.scale() == 2 && scaled == amount).then_some(Self(hundredths))
    }

    pub fn money(self, currency: Currency) -> Money {
        Money {
            amount: Decimal::new(self.0, 2),
            currency,
        }
    }

    pub fn add(&mut self, other: Self) -> Result<(), Overflow> {
        self.0 = self.0.checked_add(other.0).ok_or(Overflow)?;
        Ok(())
    }
}

/// Adds to a count.
pub(super) fn add_count(count: &mut u64, other: u64) -> Result<(), Overflow> {
    *count = count.checked_add(other).ok_or(Overflow)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_hundredth_and_refuses_what_would_be_rounded() {
        let of = |text: &str| Hundredths::from_decimal(text.parse().unwrap());
        assert_eq!(of("999999999.99"), Some(Hundredths(99_999_999_999)));
        assert_eq!(of("-4.5"), Some(Hundredths(-450)));
        assert_eq!(of("4.500"), Some(Hundredths(450)));
        assert_eq!(of("0.005"), None);
        assert_eq!(of("92233720368547758.08"), None);
        assert_eq!(of("79228162514264337593543950335"), None);
    }

    #[test]
    fn prints_two_decimals_as_money() {
        assert_eq!(
            Hundredths(-1305).money(Currency::EUR).to_string(),
            "-13.05 EUR"
        );
    }

    #[test]
    fn a_sum_that_does_not_fit_is_an_error() {
        assert_eq!(Hundredths(i64::MAX).add(Hundredths(1)), Err(Overflow));
        assert_eq!(add_count(&mut u64::MAX.clone(), 1), Err(Overflow));
    }
}
