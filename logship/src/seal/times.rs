//! Directories of times: which of them a segment goes to.
//!
//! What counts is when bytes arrived: when the last of their piece became durable, by the clock of the
//! lake, in UTC. A segment has bytes of one directory only.

use crate::archive::segment_path::SegmentDirectory;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The part of a target path from its first time on, with Flume's escapes. Empty: segments stay where
/// everything else of the log is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times(Vec<TimePart>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimePart {
    Text(String),
    Year,
    Month,
    Day,
    Hour,
}

impl TimePart {
    /// Of an escape's letter. Minutes and seconds have none: each segment is an entry of the chain.
    #[must_use]
    pub fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'Y' => Self::Year,
            'm' => Self::Month,
            'd' => Self::Day,
            'H' => Self::Hour,
            _ => return None,
        })
    }
}

impl Times {
    /// `None` where these are no names of directories.
    #[must_use]
    pub fn new(parts: Vec<TimePart>) -> Option<Self> {
        let times = Self(parts);
        // Each time has as many digits as every other.
        let sample = times.text(Timestamp::UNIX_EPOCH);
        (times.0.is_empty() || sample.parse::<SegmentDirectory>().is_ok()).then_some(times)
    }

    /// Where bytes go that arrived then; `None`: they stay.
    #[must_use]
    pub fn directory(&self, arrived: Timestamp) -> Option<SegmentDirectory> {
        self.text(arrived).parse().ok()
    }

    /// Whether what arrives now goes to another directory than what arrived then.
    #[must_use]
    pub fn is_over(&self, arrived: Timestamp, now: Timestamp) -> bool {
        // The clock of the lake may be ahead.
        now > arrived && self.directory(arrived) != self.directory(now)
    }

    fn text(&self, at: Timestamp) -> String {
        let at = at.to_zoned(TimeZone::UTC);
        let parts = self.0.iter().map(|part| match part {
            TimePart::Text(text) => text.clone(),
            TimePart::Year => format!("{:04}", at.year()),
            TimePart::Month => format!("{:02}", at.month()),
            TimePart::Day => format!("{:02}", at.day()),
            TimePart::Hour => format!("{:02}", at.hour()),
        });
        parts.collect::<Vec<_>>().concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_over_with_its_hour() {
        let hours = Times::new(vec![
            TimePart::Text("day=".to_owned()),
            TimePart::Year,
            TimePart::Month,
            TimePart::Day,
            TimePart::Text("/".to_owned()),
            TimePart::Hour,
        ]);
        let hours = hours.unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let last = at("2026-11-21T13:59:59.9Z");
        assert_eq!(
            hours.directory(last).unwrap().to_string(),
            "day=20261121/13"
        );
        assert!(!hours.is_over(at("2026-11-21T13:00:00Z"), last));
        assert!(hours.is_over(last, at("2026-11-21T14:00:00Z")));
        assert!(!hours.is_over(at("2026-11-21T14:00:00Z"), last));
        assert_eq!(Times::default().directory(last), None);
        assert!(!Times::default().is_over(last, at("2027-11-21T14:00:00Z")));
    }

    #[test]
    fn names_that_readers_pass_by_or_that_are_an_archives_are_none() {
        let text = |text: &str| TimePart::Text(text.to_owned());
        assert_eq!(Times::new(vec![text("_"), TimePart::Year]), None);
        assert_eq!(Times::new(vec![TimePart::Year, text("//")]), None);
        let manifest = vec![
            text("manifest-"),
            TimePart::Year,
            TimePart::Month,
            TimePart::Day,
        ];
        assert_eq!(Times::new(manifest), None);
    }
}
