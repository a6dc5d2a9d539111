//! How far a partition has been seen.

use comptoir_model::ids::Offset;
use comptoir_warehouse::Progress;
use jiff::Timestamp;

/// A partition that was read to its end is fresh up to the moment of that look; one that was not,
/// up to the timestamp of the last record that was read. Freshness never goes back.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    log_end: Option<Offset>,
    through: Option<Timestamp>,
}

impl Freshness {
    /// The log was read to its end, and everything in it is committed or about to be.
    pub(crate) fn at_end(&mut self, log_end: Offset, checked_at: Timestamp) {
        self.log_end = Some(log_end);
        self.through = self.through.max(Some(checked_at));
    }

    /// Records up to one of this timestamp were read. Their producers' clocks may run ahead.
    pub(crate) fn read(&mut self, latest: Timestamp, now: Timestamp) {
        self.through = self.through.max(Some(latest.min(now)));
    }

    pub(crate) fn progress(
        &self,
        position: Offset,
        log_end: Option<Offset>,
        now: Timestamp,
    ) -> Progress {
        Progress {
            log_end: position.max(self.log_end.max(log_end).unwrap_or(position)),
            fresh_through: self.through,
            checked_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn never_goes_back_and_never_ahead_of_the_clock() {
        let mut freshness = Freshness::default();
        let through =
            |freshness: &Freshness| freshness.progress(Offset(5), None, at(100)).fresh_through;
        assert_eq!(through(&freshness), None);
        freshness.read(at(90), at(100));
        freshness.read(at(80), at(100));
        assert_eq!(through(&freshness), Some(at(90)));
        freshness.read(at(500), at(100));
        assert_eq!(through(&freshness), Some(at(100)));
        freshness.at_end(Offset(7), at(101));
        assert_eq!(through(&freshness), Some(at(101)));
        assert_eq!(
            freshness.progress(Offset(9), None, at(102)).log_end,
            Offset(9)
        );
        assert_eq!(
            freshness
                .progress(Offset(5), Some(Offset(8)), at(102))
                .log_end,
            Offset(8)
        );
    }
}
