//! Which minutes a window has at a moment. Pure.

use comptoir_model::api::live::WindowName;
use comptoir_model::live::{Minute, QuarterHour};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::ops::Range;

const MINUTES_60: i64 = 60;
const MINUTES_5: i64 = 5;

/// The minutes of all windows. Each one ends with the running minute: events that are dated later
/// come in when their minute does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    pub(crate) minutes_5: Range<Minute>,
    pub(crate) minutes_60: Range<Minute>,
    pub(crate) today: Range<Minute>,
}

pub(crate) const WINDOWS: [WindowName; 3] = [
    WindowName::Minutes5,
    WindowName::Minutes60,
    WindowName::Today,
];

impl Spans {
    /// At `now`, with the days of `zone`.
    pub(crate) fn at(now: Timestamp, zone: &TimeZone) -> Self {
        let end = Minute(Minute::of(now).0 + 1);
        let back = |minutes| Minute(end.0 - minutes)..end;
        let midnight = now.to_zoned(zone.clone()).start_of_day();
        // The calendar's first day begins nowhere: its hours have to do.
        let midnight = midnight.map_or(back(MINUTES_60).start, |day| Minute::of(day.timestamp()));
        Self {
            minutes_5: back(MINUTES_5),
            minutes_60: back(MINUTES_60),
            today: midnight..end,
        }
    }

    pub(crate) fn of(&self, window: WindowName) -> &Range<Minute> {
        match window {
            WindowName::Minutes5 => &self.minutes_5,
            WindowName::Minutes60 => &self.minutes_60,
            WindowName::Today => &self.today,
        }
    }

    /// From here on minutes are known one by one: they may leave a window while the day goes on.
    pub(crate) fn minutes_from(&self) -> QuarterHour {
        QuarterHour::of(self.minutes_60.start)
    }

    /// From here to there only whole quarters of an hour are known; empty in the day's first hour.
    pub(crate) fn older_from(&self) -> QuarterHour {
        QuarterHour::of(self.today.start).min(self.minutes_from())
    }

    /// The quarters of an hour of today, the running one as a whole.
    pub(crate) fn quarters(&self) -> Range<QuarterHour> {
        let last = QuarterHour::of(Minute(self.today.end.0 - 1));
        QuarterHour::of(self.today.start)..QuarterHour(last.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(now: &str, zone: &str) -> Spans {
        let zone = TimeZone::get(zone).unwrap();
        Spans::at(now.parse().unwrap(), &zone)
    }

    fn minute(text: &str) -> Minute {
        Minute::of(text.parse().unwrap())
    }

    #[test]
    fn a_window_is_the_running_minute_and_those_before() {
        let spans = spans("2026-11-21T10:42:07Z", "Europe/Paris");
        assert_eq!(
            spans.minutes_5,
            minute("2026-11-21T10:38:00Z")..minute("2026-11-21T10:43:00Z")
        );
        assert_eq!(spans.minutes_60.start, minute("2026-11-21T09:43:00Z"));
        assert_eq!(spans.today.start, minute("2026-11-20T23:00:00Z"));
        assert_eq!(spans.older_from(), QuarterHour::of(spans.today.start));
        assert_eq!(
            spans.minutes_from().start(),
            Some(minute("2026-11-21T09:30:00Z"))
        );
    }

    #[test]
    fn just_after_midnight_the_last_hour_is_longer_than_today() {
        let spans = spans("2026-11-20T23:00:00Z", "Europe/Paris");
        assert_eq!(spans.today.end.0 - spans.today.start.0, 1);
        assert_eq!(spans.older_from(), spans.minutes_from());
        let quarters = spans.quarters();
        assert_eq!(quarters.end.0 - quarters.start.0, 1);
    }

    #[test]
    fn a_day_that_begins_at_a_quarter_has_that_quarter() {
        let spans = spans("2026-11-21T18:20:00Z", "Asia/Kathmandu");
        assert_eq!(spans.today.start, minute("2026-11-21T18:15:00Z"));
        assert_eq!(
            spans.quarters(),
            QuarterHour::of(spans.today.start)
                ..QuarterHour(QuarterHour::of(spans.today.start).0 + 1)
        );
    }

    #[test]
    fn the_day_on_which_clocks_change_has_as_many_minutes_as_it_has() {
        let spring = spans("2026-03-29T21:59:59Z", "Europe/Paris").today;
        assert_eq!(spring.end.0 - spring.start.0, 23 * 60);
        let autumn = spans("2026-10-25T22:59:59Z", "Europe/Paris").today;
        assert_eq!(autumn.end.0 - autumn.start.0, 25 * 60);
    }
}
