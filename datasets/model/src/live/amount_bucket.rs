//! Ranges of amounts, to count small and large sales apart.

use crate::event::Amount;
use serde::{Deserialize, Serialize};

/// A range of amounts of one event, whatever its currency and status, known by its lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct AmountBucket(u32);

/// A number at which no range begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the lower bound of an amount bucket: they begin at {LOWER_BOUNDS:?}", LOWER_BOUNDS = AmountBucket::LOWER_BOUNDS)]
pub struct UnknownBucket(pub u32);

impl AmountBucket {
    /// Where the ranges begin, in whole units of the currency. Each ends before the next begins;
    /// the last one is open. Totals are stored by these numbers: a range may be split no more.
    pub const LOWER_BOUNDS: [u32; 11] = [0, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

    pub fn of(amount: Amount) -> Self {
        let reached = |bound: &&u32| i64::from(**bound) * 100 <= amount.hundredths();
        let lower = Self::LOWER_BOUNDS.iter().rev().find(reached);
        Self(lower.copied().unwrap_or(0))
    }

    /// The lower bound in digits, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self.0 {
            0 => "0",
            10 => "10",
            25 => "25",
            50 => "50",
            100 => "100",
            250 => "250",
            500 => "500",
            1_000 => "1000",
            2_500 => "2500",
            5_000 => "5000",
            _ => "10000",
        }
    }

    /// Included.
    pub fn lower(self) -> u32 {
        self.0
    }

    /// Not included; `None` of the last range.
    pub fn upper(self) -> Option<u32> {
        let mut bounds = Self::LOWER_BOUNDS.into_iter();
        bounds.find(|bound| *bound > self.0)
    }
}

impl TryFrom<u32> for AmountBucket {
    type Error = UnknownBucket;

    fn try_from(lower: u32) -> Result<Self, UnknownBucket> {
        if Self::LOWER_BOUNDS.contains(&lower) {
            Ok(Self(lower))
        } else {
            Err(UnknownBucket(lower))
        }
    }
}

impl From<AmountBucket> for u32 {
    fn from(bucket: AmountBucket) -> Self {
        bucket.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amount_lies_in_the_range_that_its_bounds_say() {
        let range = |text: &str| {
            let bucket = AmountBucket::of(Amount::parse(text).unwrap());
            (bucket.lower(), bucket.upper())
        };
        assert_eq!(range("0"), (0, Some(10)));
        assert_eq!(range("9.99"), (0, Some(10)));
        assert_eq!(range("10"), (10, Some(25)));
        assert_eq!(range("9999.99"), (5_000, Some(10_000)));
        assert_eq!(range("999999999.99"), (10_000, None));
    }

    #[test]
    fn the_ranges_ascend_and_begin_at_zero() {
        assert_eq!(AmountBucket::LOWER_BOUNDS[0], 0);
        for lower in AmountBucket::LOWER_BOUNDS {
            let bucket = AmountBucket::try_from(lower).unwrap();
            assert_eq!(bucket.as_str(), lower.to_string());
        }
        assert!(AmountBucket::LOWER_BOUNDS.is_sorted());
        assert_eq!(AmountBucket::try_from(25).unwrap().lower(), 25);
        assert_eq!(AmountBucket::try_from(26), Err(UnknownBucket(26)));
    }
}
