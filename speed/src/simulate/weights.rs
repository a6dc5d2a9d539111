//! Drawing one of many, some more often than others.

use comptoir_sample::Draw;
use std::ops::Range;

/// Running sums of weights, so that a draw is a binary search.
#[derive(Debug)]
pub(super) struct Weights(Vec<u32>);

impl Weights {
    /// No weight counts as less than 1; together they stay below 2^32.
    pub(super) fn new(weights: impl ExactSizeIterator<Item = u32>) -> Self {
        let highest = u32::MAX / u32::try_from(weights.len().max(1)).unwrap_or(u32::MAX);
        let mut sum = 0;
        let running = |weight: u32| {
            sum += weight.clamp(1, highest.max(1));
            sum
        };
        Self(weights.map(running).collect())
    }

    pub(super) fn draw(&self, draw: &mut Draw) -> usize {
        self.draw_in(draw, 0..self.0.len())
    }

    /// One of those in `range`, which is not empty.
    pub(super) fn draw_in(&self, draw: &mut Draw, range: Range<usize>) -> usize {
        let below = match range.start {
            0 => 0,
            start => self.0[start - 1],
        };
        let point = below + draw.below(self.0[range.end - 1] - below);
        range.start + self.0[range].partition_point(|sum| *sum <= point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_weights_and_stay_in_the_range() {
        let weights = Weights::new([1, 0, 8, 90].into_iter());
        let mut draw = Draw::new(7);
        let mut drawn = [0_u32; 4];
        for _ in 0..10_000 {
            drawn[weights.draw(&mut draw)] += 1;
        }
        assert!(drawn.iter().all(|count| *count > 50), "{drawn:?}");
        assert!(drawn[3] > 8 * drawn[2], "{drawn:?}");
        for _ in 0..1_000 {
            assert!((1..3).contains(&weights.draw_in(&mut draw, 1..3)));
        }
    }
}
