//! When the next import is due, and when what failed is tried again. Pure.

use std::time::Duration;

/// After the first failure; doubled after each further one.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_MAX: Duration = Duration::from_mins(5);

/// The same of a part that ended: neighbours may be back in a moment.
const AGAIN_FIRST: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(10);

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// For the `n`th time in a row, from 1.
    Failed(u32),
}

/// How long to wait after an import that took `took`; `None` is for ever.
pub(super) fn pause(outcome: Outcome, took: Duration, every: Option<Duration>) -> Option<Duration> {
    match outcome {
        Outcome::Done => every.map(|every| every.saturating_sub(took)),
        Outcome::Failed(times) => Some(growing(RETRY_FIRST, RETRY_MAX, times)),
    }
}

/// How long to wait after a part has ended for the `times`th time in a row, from 1.
pub(super) fn again(times: u32) -> Duration {
    growing(AGAIN_FIRST, AGAIN_MAX, times)
}

fn growing(first: Duration, max: Duration, times: u32) -> Duration {
    let factor = 2u32.saturating_pow(times.saturating_sub(1));
    first.saturating_mul(factor).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn imports_start_at_even_distances() {
        assert_eq!(
            pause(Outcome::Done, SECOND, Some(SECOND * 60)),
            Some(SECOND * 59)
        );
        assert_eq!(
            pause(Outcome::Done, SECOND * 90, Some(SECOND * 60)),
            Some(Duration::ZERO)
        );
        assert_eq!(pause(Outcome::Done, SECOND, None), None);
    }

    #[test]
    fn a_failed_import_is_tried_again_at_growing_distances() {
        let pauses = [1, 2, 3, 40].map(|times| pause(Outcome::Failed(times), SECOND, None));
        assert_eq!(
            pauses,
            [5, 10, 20, 300].map(|seconds| Some(SECOND * seconds))
        );
    }

    #[test]
    fn a_part_that_ended_is_away_for_seconds_only() {
        let pauses = [1, 2, 3, 40].map(again);
        assert_eq!(pauses, [1, 2, 4, 10].map(|seconds| SECOND * seconds));
    }
}
