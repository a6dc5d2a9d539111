//! `--max-rate`: how fast rows may be read from the source, by all workers together.
//!
//! [`Pace`] is pure, and is told the time; [`Throttle`] waits.

use crate::database::{Raw, Row};
use comptoir_config::clock;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxRate {
    /// Bytes of the values as the server sends them, before compression and conversion.
    Bytes(NonZeroU64),
    Rows(NonZeroU64),
}

/// A text that is no [`MaxRate`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rate: write bytes a second as 20MB/s or 512KiB/s, or rows as 5000rows/s")]
pub struct InvalidRate(String);

/// What may be read before its time, after a pause: a quarter of a second's worth.
const BURST: Duration = Duration::from_millis(250);

/// How much is read between two looks at the clock: a hundredth of a second's worth.
const LOOKS_PER_SECOND: u64 = 100;

/// When what was read was due.
#[derive(Clone, Copy, Debug)]
struct Pace {
    per_second: NonZeroU64,
    /// Since the start.
    due: Duration,
}

/// Shared by all workers.
pub(super) struct Throttle {
    rate: MaxRate,
    pace: Mutex<Pace>,
    start: Instant,
}

/// What one worker has read since it last asked.
pub(super) struct Meter<'a> {
    throttle: &'a Throttle,
    read: u64,
}

impl MaxRate {
    fn per_second(self) -> NonZeroU64 {
        match self {
            Self::Bytes(amount) | Self::Rows(amount) => amount,
        }
    }
}

impl FromStr for MaxRate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let invalid = || InvalidRate(text.to_owned());
        let amount_and_unit = text.trim().trim_end_matches("/s");
        let digits = amount_and_unit
            .find(|char: char| !char.is_ascii_digit())
            .ok_or_else(invalid)?;
        let (amount, unit) = amount_and_unit.split_at(digits);
        let amount: u64 = amount.parse().map_err(|_| invalid())?;
        let in_units = |unit: u64| {
            let product = amount.checked_mul(unit).and_then(NonZeroU64::new);
            product.ok_or_else(invalid)
        };
        match unit.trim().to_ascii_lowercase().as_str() {
            "rows" => in_units(1).map(Self::Rows),
            "b" => in_units(1).map(Self::Bytes),
            "kb" => in_units(1000).map(Self::Bytes),
            "mb" => in_units(1_000_000).map(Self::Bytes),
            "gb" => in_units(1_000_000_000).map(Self::Bytes),
            "kib" => in_units(1 << 10).map(Self::Bytes),
            "mib" => in_units(1 << 20).map(Self::Bytes),
            "gib" => in_units(1 << 30).map(Self::Bytes),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for MaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(amount) => write!(f, "{amount}B/s"),
            Self::Rows(amount) => write!(f, "{amount}rows/s"),
        }
    }
}

impl Pace {
    /// How long to wait after so much was read, `now` after the start.
    fn take(&mut self, amount: u64, now: Duration) -> Duration {
        let nanoseconds = u128::from(amount) * 1_000_000_000 / u128::from(self.per_second.get());
        let worth = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        // Time in which nobody read is not saved up.
        let due = self.due.max(now.saturating_sub(BURST));
        self.due = due.saturating_add(worth);
        self.due.saturating_sub(now)
    }
}

impl Throttle {
    pub(super) fn new(rate: MaxRate) -> Self {
        let pace = Pace {
            per_second: rate.per_second(),
            due: Duration::ZERO,
        };
        Self {
            rate,
            pace: Mutex::new(pace),
            start: clock::instant(),
        }
    }

    pub(super) fn meter(&self) -> Meter<'_> {
        Meter {
            throttle: self,
            read: 0,
        }
    }

    async fn take(&self, amount: u64) {
        let wait = {
            // A pace is whole after each call, whatever a thread that held it did then.
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.take(amount, self.start.elapsed())
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

impl Meter<'_> {
    /// Takes a row of so many values, and waits where it came too early.
    pub(super) async fn row(&mut self, row: &Row, values: usize) {
        self.read += match self.throttle.rate {
            MaxRate::Rows(_) => 1,
            MaxRate::Bytes(_) => (0..values).map(|index| length(row, index)).sum(),
        };
        let look = self.throttle.rate.per_second().get() / LOOKS_PER_SECOND;
        if self.read >= look.max(1) {
            self.settle().await;
        }
    }

    /// After the last row.
    pub(super) async fn settle(&mut self) {
        self.throttle.take(std::mem::take(&mut self.read)).await;
    }
}

/// A value that can't be read is nothing here: the encoder says so.
fn length(row: &Row, index: usize) -> u64 {
    match row.get(index) {
        Ok(Raw::Text(bytes) | Raw::Blob(bytes)) => bytes.len() as u64,
        Ok(Raw::Integer(_) | Raw::Real(_)) => 8,
        Ok(Raw::Null) | Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rate_has_a_unit() {
        for (text, rate) in [
            ("20MB/s", Some("20000000B/s")),
            ("512 KiB", Some("524288B/s")),
            ("5000rows/s", Some("5000rows/s")),
            ("1b/s", Some("1B/s")),
            ("20", None),
            ("MB/s", None),
            ("0MB/s", None),
            ("1.5MB/s", None),
            ("5 furlongs", None),
            ("99999999999999999GB", None),
        ] {
            let parsed: Option<MaxRate> = text.parse().ok();
            let shown = parsed.map(|rate| rate.to_string());
            assert_eq!(shown.as_deref(), rate, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Workers that wait as they are told, and pause as they like.
        #[test]
        fn never_more_is_read_than_the_rate_and_a_burst_allow(
            per_second in 1_u64..1_000_000,
            steps in prop::collection::vec((0_usize..4, 0_u64..10_000, 0_u64..500), 1..200),
        ) {
            let mut pace = Pace { per_second: NonZeroU64::new(per_second).unwrap(), due: Duration::ZERO };
            let mut free = [Duration::ZERO; 4];
            let mut now = Duration::ZERO;
            let mut read = 0_u64;
            for (worker, amount, pause_ms) in steps {
                now = now.max(free[worker]) + Duration::from_millis(pause_ms);
                // What others may have in hand is not waited for yet: one amount for each of them.
                let nanoseconds = u128::from(per_second) * (now + BURST).as_nanos();
                let allowed = nanoseconds / 1_000_000_000 + 4 * 10_000;
                prop_assert!(u128::from(read) <= allowed, "{read} of {allowed} after {now:?}");
                read += amount;
                free[worker] = now + pace.take(amount, now);
            }
        }
    }

    #[test]
    fn a_rate_is_reached_and_a_pause_is_not_saved_up() {
        let mut pace = Pace {
            per_second: NonZeroU64::new(1000).unwrap(),
            due: Duration::ZERO,
        };
        let at = Duration::from_secs;
        assert_eq!(pace.take(1000, at(0)), at(1));
        assert_eq!(pace.take(1000, at(1)), at(1));
        // An hour later only the burst is free.
        assert_eq!(pace.take(1000, at(3600)), Duration::from_millis(750));
    }
}
