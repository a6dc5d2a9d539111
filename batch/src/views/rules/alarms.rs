//! Rules of all events together: whether they still come, and as many as on that day of the week.

use crate::quality::{EventCheck, EventRule};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use std::collections::BTreeMap;

/// What a rule says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct Alarm {
    pub(in crate::views) rule: String,
    /// The day that is judged, of a volume.
    pub(in crate::views) day: Option<Date>,
    pub(in crate::views) events: Option<u64>,
    /// The mean of the days that it is held against.
    pub(in crate::views) expected: Option<u64>,
    pub(in crate::views) is_broken: bool,
    pub(in crate::views) remark: String,
}

/// What is known of the events of the last days.
pub(in crate::views) struct Lately<'a> {
    /// Of each day (UTC) that has any, as many days back as [`days_needed`] says.
    pub(in crate::views) volumes: &'a BTreeMap<Date, u64>,
    pub(in crate::views) newest: Option<Timestamp>,
    /// Up to when all events are known: the day before is the last whole one.
    pub(in crate::views) as_of: Timestamp,
    pub(in crate::views) now: Timestamp,
}

/// How many days of events have to be known.
pub(in crate::views) fn days_needed(rules: &[EventRule]) -> i64 {
    let needed = rules.iter().map(|rule| match &rule.check {
        EventCheck::Freshness { age_max } => age_max.as_hours() / 24 + 2,
        EventCheck::Volume { weeks, .. } => i64::from(*weeks) * 7 + 2,
        EventCheck::Each(_) => 0,
    });
    needed.max().unwrap_or_default().clamp(2, 4_000)
}

pub(in crate::views) fn alarms(rules: &[EventRule], lately: &Lately<'_>) -> Vec<Alarm> {
    let said = rules.iter().filter_map(|rule| match &rule.check {
        EventCheck::Freshness { age_max } => Some(freshness(&rule.name, *age_max, lately)),
        EventCheck::Volume {
            percent_min,
            percent_max,
            weeks,
        } => Some(volume(
            &rule.name,
            (*percent_min, *percent_max),
            *weeks,
            lately,
        )),
        EventCheck::Each(_) => None,
    });
    said.collect()
}

fn freshness(rule: &str, age_max: SignedDuration, lately: &Lately<'_>) -> Alarm {
    let is_fresh =
        (lately.newest).is_some_and(|newest| lately.now.duration_since(newest) <= age_max);
    Alarm {
        rule: rule.to_owned(),
        day: None,
        events: None,
        expected: None,
        is_broken: !is_fresh,
        remark: match lately.newest {
            Some(newest) => format!("the newest event is of {newest}"),
            None => "no event for days".to_owned(),
        },
    }
}

/// Judges the last whole day. A day without events counts as one, from the first that has any.
fn volume(
    rule: &str,
    (percent_min, percent_max): (Option<u32>, Option<u32>),
    weeks: u32,
    lately: &Lately<'_>,
) -> Alarm {
    let today = lately.as_of.to_zoned(TimeZone::UTC).date();
    let back = |from: Date, days: i64| from.checked_sub(Span::new().days(days)).ok();
    let of = |day: Date| lately.volumes.get(&day).copied().unwrap_or_default();
    let first = lately.volumes.keys().next().copied();
    let judged = back(today, 1);
    let before = (1..=i64::from(weeks)).filter_map(|week| back(judged?, week * 7));
    let before = before.filter(|day| first.is_some_and(|first| first <= *day));
    let before: Vec<u64> = before.map(of).collect();
    let events = judged.map(of).unwrap_or_default();
    let (days, sum) = (before.len() as u64, before.iter().sum::<u64>());
    // Exact: events / (sum / days) against percent / 100.
    let share = u128::from(events) * u128::from(days) * 100;
    let limit = |percent: u32| u128::from(percent) * u128::from(sum);
    let too_few = percent_min.is_some_and(|percent| share < limit(percent));
    let too_many = percent_max.is_some_and(|percent| share > limit(percent));
    Alarm {
        rule: rule.to_owned(),
        day: judged,
        events: Some(events),
        expected: (days > 0).then(|| sum.div_ceil(days.max(1))),
        is_broken: days > 0 && (too_few || too_many),
        remark: match days {
            0 => "there is no such weekday before".to_owned(),
            1 => "the mean of 1 such weekday before".to_owned(),
            days => format!("the mean of {days} such weekdays before"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::Rules;
    use jiff::civil::date;

    fn rules(text: &str) -> Vec<EventRule> {
        let text = format!("[[event]]\nname = \"r\"\n{text}\naction = \"warn\"\n");
        Rules::parse("q.toml", &text).unwrap().events
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn said(rules: &[EventRule], volumes: &[(Date, u64)], newest: Option<&str>) -> Alarm {
        let volumes = volumes.iter().copied().collect();
        let lately = Lately {
            volumes: &volumes,
            newest: newest.map(at),
            as_of: at("2026-11-22T00:00:01Z"),
            now: at("2026-11-22T10:00:00Z"),
        };
        alarms(rules, &lately).remove(0)
    }

    #[test]
    fn a_day_is_held_against_its_weekday_before() {
        let rules = rules("check = \"volume\"\nmin_percent = 50\nmax_percent = 200\nweeks = 2");
        assert_eq!(days_needed(&rules), 16);
        let saturday = |weeks: i8| date(2026, 11, 21 - 7 * weeks);
        let weeks = [
            (saturday(2), 80),
            (saturday(1), 120),
            (date(2026, 11, 20), 9),
        ];
        for (events, is_broken) in [(49, true), (50, false), (200, false), (201, true)] {
            let said = said(
                &rules,
                &[&weeks[..], &[(saturday(0), events)]].concat(),
                None,
            );
            assert_eq!((said.events, said.expected), (Some(events), Some(100)));
            assert_eq!(
                (said.day, said.is_broken),
                (Some(saturday(0)), is_broken),
                "{events}"
            );
        }
        // Nothing came at all.
        assert!(said(&rules, &weeks, None).is_broken);
        // The day a week before has none, though there were some before it.
        let gap = said(&rules, &[(saturday(2), 80), (saturday(0), 41)], None);
        assert_eq!((gap.expected, gap.is_broken), (Some(40), false));
        // Too young to say.
        let young = said(&rules, &[(saturday(0), 1)], None);
        assert_eq!((young.expected, young.is_broken), (None, false));
        assert!(!said(&rules, &[], None).is_broken);
    }

    #[test]
    fn the_newest_event_must_not_be_too_old() {
        let rules = rules("check = \"freshness\"\nmax_age = \"36h\"");
        assert_eq!(days_needed(&rules), 3);
        for (newest, is_broken) in [
            (Some("2026-11-20T22:00:00Z"), false),
            (Some("2026-11-20T21:59:59Z"), true),
            // Events may be ahead of the clock.
            (Some("2026-11-22T11:00:00Z"), false),
            (None, true),
        ] {
            assert_eq!(said(&rules, &[], newest).is_broken, is_broken, "{newest:?}");
        }
    }
}
