//! When the next record is due. Pure.

use comptoir_sample::Draw;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::str::FromStr;

/// What is bought in each hour of a day, midnight first, in thousandths of the mean; between the
/// full hours it changes evenly. Together they make 24 hours of the mean.
const HOURS: [u32; 24] = [
    420, 300, 240, 220, 230, 300, 450, 680, 930, 1_180, 1_360, 1_480, 1_620, 1_500, 1_320, 1_290,
    1_400, 1_600, 1_780, 1_690, 1_430, 1_160, 840, 580,
];

/// Records per second, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u64);

const RATE_MAX: u64 = 10_000_000;

/// A text that is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rate: records per second, from 0.001 to {RATE_MAX}")]
pub struct InvalidRate(String);

impl Rate {
    /// `None` of zero.
    pub const fn per_second(records: u32) -> Option<Self> {
        match records {
            0 => None,
            records => Some(Self(records as u64 * 1_000)),
        }
    }

    /// How long so many records take.
    pub(super) fn time_of(self, records: u64) -> SignedDuration {
        let nanoseconds = u128::from(records) * 1_000_000_000_000 / u128::from(self.0);
        SignedDuration::from_nanos(i64::try_from(nanoseconds).unwrap_or(i64::MAX))
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let invalid = || InvalidRate(text.to_owned());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 3 || whole.len() > 8 {
            return Err(invalid());
        }
        let rate: u64 = format!("{whole}{decimals:0<3}")
            .parse()
            .map_err(|_| invalid())?;
        if (1..=RATE_MAX * 1_000).contains(&rate) {
            Ok(Self(rate))
        } else {
            Err(invalid())
        }
    }
}

/// How records spread over time.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Always the same time apart.
    Steady,
    /// Now closer, now further apart, and many at noon and in the evening of this time zone: the
    /// rate is the mean of a whole day, from a fifth of it at night to nearly twice at six.
    Daily(TimeZone),
}

/// The moments at which records are due.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    shape: Shape,
    draw: Draw,
    due: Timestamp,
    /// What whole nanoseconds could not express yet, in parts of one.
    owed: u64,
    /// The factor of the curve, in thousandths, and the first moment it is not good for.
    factor: (u64, Timestamp),
}

impl Pace {
    /// The first record is due at `start`.
    pub fn new(rate: Rate, shape: Shape, start: Timestamp, seed: u64) -> Self {
        Self {
            rate,
            shape,
            // Another series than that of the records.
            draw: Draw::new(seed ^ 0x7061_6365),
            due: start,
            owed: 0,
            factor: (1_000, Timestamp::MIN),
        }
    }

    /// When the next record is due.
    pub fn due(&self) -> Timestamp {
        self.due
    }

    /// The next record is sent; the one after it is due later.
    pub fn advance(&mut self) {
        let nanoseconds = match self.factor() {
            None => self.exact(1_000),
            Some(factor) => {
                // From nothing to twice the mean: as uneven as customers are, and cheap.
                let mean = self.exact(factor);
                let part = u64::from(self.draw.below(2_001));
                u64::try_from(u128::from(mean) * u128::from(part) / 1_000).unwrap_or(u64::MAX)
            }
        };
        let step = SignedDuration::from_nanos(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
        self.due = self.due.checked_add(step).unwrap_or(Timestamp::MAX);
    }

    /// Forgets what was due before `moment`.
    pub fn skip_to(&mut self, moment: Timestamp) {
        self.due = self.due.max(moment);
    }

    /// Of the mean rate, in thousandths; `None` of a steady one.
    fn factor(&mut self) -> Option<u64> {
        let Shape::Daily(zone) = &self.shape else {
            return None;
        };
        if self.due >= self.factor.1 {
            let time = zone.to_datetime(self.due).time();
            let minute = i64::from(time.hour()) * 60 + i64::from(time.minute());
            let until = SignedDuration::from_secs(60 - i64::from(time.second()));
            self.factor = (
                curve(minute.unsigned_abs()),
                self.due.checked_add(until).unwrap_or(Timestamp::MAX),
            );
        }
        Some(self.factor.0)
    }

    /// Whole nanoseconds between two records at `factor` thousandths of the rate. What is lost to
    /// rounding is made up for, so that a day holds what it should.
    fn exact(&mut self, factor: u64) -> u64 {
        let parts = self.rate.0 * factor;
        let whole = 1_000_000_000 * 1_000 * 1_000 + self.owed;
        self.owed = whole % parts;
        whole / parts
    }
}

/// The factor at a minute of the day.
fn curve(minute: u64) -> u64 {
    let hour = (minute / 60) as usize % HOURS.len();
    let (from, to) = (HOURS[hour], HOURS[(hour + 1) % HOURS.len()]);
    let into = minute % 60;
    (u64::from(from) * (60 - into) + u64::from(to) * into) / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-11-21T11:00:00Z";

    fn pace(rate: &str, shape: Shape, start: &str) -> Pace {
        Pace::new(rate.parse().unwrap(), shape, start.parse().unwrap(), 7)
    }

    fn due_within(pace: &mut Pace, seconds: i64) -> usize {
        let end = pace.due() + SignedDuration::from_secs(seconds);
        let mut records = 0;
        while pace.due() < end {
            pace.advance();
            records += 1;
        }
        records
    }

    #[test]
    fn a_steady_rate_is_exact() {
        for (rate, records) in [("500", 30_000), ("3", 180), ("0.5", 30), ("7.001", 421)] {
            let mut pace = pace(rate, Shape::Steady, NOON);
            assert_eq!(due_within(&mut pace, 60), records, "{rate}");
        }
    }

    #[test]
    fn a_day_has_its_mean_whatever_the_hour() {
        assert_eq!(HOURS.iter().sum::<u32>(), 24_000);
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let mut pace = pace("2", Shape::Daily(zone), NOON);
        let records = due_within(&mut pace, 86_400);
        assert!((167_000..179_000).contains(&records), "{records}");
    }

    #[test]
    fn evenings_are_busy_and_nights_are_quiet_where_the_shop_is() {
        let zone = TimeZone::fixed(jiff::tz::offset(9));
        let daily = |start| due_within(&mut pace("10", Shape::Daily(zone.clone()), start), 3_600);
        let (evening, night) = (daily("2026-11-21T09:00:00Z"), daily("2026-11-21T18:00:00Z"));
        assert!((57_000..68_000).contains(&evening), "{evening}");
        assert!((7_000..9_500).contains(&night), "{night}");
    }

    #[test]
    fn what_was_missed_can_be_skipped() {
        let mut pace = pace("1", Shape::Steady, NOON);
        let later: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        pace.skip_to(later);
        assert_eq!(pace.due(), later);
        pace.skip_to(NOON.parse().unwrap());
        assert_eq!(pace.due(), later);
    }

    #[test]
    fn a_rate_is_records_per_second() {
        for text in ["", "0", "0.0000", "-1", "1e3", "99999999"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        assert_eq!("500".parse(), Ok(Rate::per_second(500).unwrap()));
    }
}
