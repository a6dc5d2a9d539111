//! Draws whose results depend on the seed alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Draws from a `ChaCha` stream, whose bits are the same on every platform and in every version.
/// What is made of the bits is written out here, because random libraries change their sampling
/// between versions, and the committed file must not change with them.
#[derive(Clone, Debug)]
pub struct Draw(ChaCha8Rng);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number in `0..bound`. Its bias, below `bound / 2^32`, does not matter here.
    pub fn below(&mut self, bound: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(bound);
        (wide >> 32) as u32
    }

    /// A number from `first` to `last`, both included.
    pub fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last - first + 1)
    }

    /// True in `percent` of 100 draws.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let bound = u32::try_from(items.len()).expect("short lists");
        &items[self.below(bound) as usize]
    }

    /// The position of the drawn weight.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut point = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if point < *weight {
                return index;
            }
            point -= weight;
        }
        unreachable!("the point is below the sum of the weights")
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let bound = u32::try_from(last + 1).expect("short lists");
            items.swap(last, self.below(bound) as usize);
        }
    }

    /// The pattern with each `#` replaced by a digit.
    pub fn digits(&mut self, pattern: &str) -> String {
        pattern
            .chars()
            .map(|char| match char {
                '#' => char::from_digit(self.below(10), 10).unwrap_or('0'),
                other => other,
            })
            .collect()
    }
}
