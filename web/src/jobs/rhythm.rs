//! How often a job runs, judged by when it did: cron does not say. Pure.

use jiff::Timestamp;
use std::time::Duration;

/// Fewer tell nothing.
const GAPS_MIN: usize = 3;
/// More would make a changed schedule wait to be known.
const GAPS_MAX: usize = 9;
/// Closer ones belong together: another try, or one by hand.
const GAP_MIN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// From one start to the next, in the middle of the last ones.
    pub(super) interval: Duration,
    /// When the next one is due; `None` beyond the calendar.
    pub(super) next: Option<Timestamp>,
}

impl Rhythm {
    /// `starts` come newest first.
    pub(super) fn of(starts: &[Timestamp]) -> Option<Self> {
        let last = *starts.first()?;
        let gaps = starts.windows(2).filter_map(|pair| {
            let gap = Duration::try_from(pair[0].duration_since(pair[1])).ok()?;
            (gap >= GAP_MIN).then_some(gap)
        });
        let mut gaps: Vec<Duration> = gaps.take(GAPS_MAX).collect();
        if gaps.len() < GAPS_MIN {
            return None;
        }
        gaps.sort_unstable();
        let interval = gaps[gaps.len() / 2];
        Some(Self {
            interval,
            next: last.checked_add(interval).ok(),
        })
    }

    /// Half an interval late.
    pub(super) fn is_overdue(self, now: Timestamp) -> bool {
        let latest = self
            .next
            .and_then(|next| next.checked_add(self.interval / 2).ok());
        latest.is_some_and(|latest| now > latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(hours: &[i64]) -> Vec<Timestamp> {
        let at = |hour: &i64| Timestamp::from_second(hour * 3600).unwrap();
        hours.iter().map(at).collect()
    }

    #[test]
    fn the_middle_of_the_last_gaps_is_the_interval() {
        // Every day, once by hand in between, one day left out.
        let rhythm = Rhythm::of(&starts(&[240, 192, 168, 150, 144, 120, 96])).unwrap();
        assert_eq!(rhythm.interval, Duration::from_hours(24));
        assert_eq!(rhythm.next, Some(starts(&[264])[0]));
        assert!(!rhythm.is_overdue(starts(&[275])[0]));
        assert!(rhythm.is_overdue(starts(&[277])[0]));
    }

    #[test]
    fn few_runs_have_no_rhythm_and_tries_are_no_runs() {
        assert_eq!(Rhythm::of(&[]), None);
        assert_eq!(Rhythm::of(&starts(&[72, 48, 24])), None);
        assert_eq!(Rhythm::of(&starts(&[72, 72, 72, 48, 24])), None);
        assert!(Rhythm::of(&starts(&[96, 72, 72, 48, 24])).is_some());
    }
}
