//! The distinct orders and customers of the windows. Pure.

use super::windows::{Spans, WINDOWS};
use comptoir_model::api::live::WindowName;
use comptoir_model::event::{Event, Status};
use comptoir_model::live::{Distinct, Minute, QuarterHour};
use std::collections::BTreeMap;

/// Sketches of the minutes that may leave a window or have not entered one, and of each window.
///
/// A minute only ever gains ids, and a sketch takes an id a second time without a change. So what
/// is read again is merged into what is there, and nothing is kept apart by partition.
pub(crate) struct Distincts {
    spans: Spans,
    minutes: BTreeMap<Minute, Distinct>,
    /// In the order of [`WINDOWS`].
    windows: [Distinct; WINDOWS.len()],
}

impl Distincts {
    pub(crate) fn new(spans: Spans) -> Self {
        Self {
            spans,
            minutes: BTreeMap::new(),
            windows: Default::default(),
        }
    }

    pub(crate) fn merge(&mut self, minute: Minute, distinct: &Distinct) {
        for (window, name) in self.windows.iter_mut().zip(WINDOWS) {
            if self.spans.of(name).contains(&minute) {
                window.merge(distinct);
            }
        }
        if minute >= self.spans.minutes_60.start {
            (self.minutes.entry(minute))
                .and_modify(|known| known.merge(distinct))
                .or_insert_with(|| distinct.clone());
        }
    }

    /// The ids of one event.
    pub(crate) fn insert(&mut self, event: &Event<'_>) {
        let minute = Minute::of(event.event_time.timestamp());
        for (window, name) in self.windows.iter_mut().zip(WINDOWS) {
            if self.spans.of(name).contains(&minute) {
                window.insert(event);
            }
        }
        if event.status == Status::Approved && minute >= self.spans.minutes_60.start {
            self.minutes.entry(minute).or_default().insert(event);
        }
    }

    /// The ids of a quarter of an hour that has left the last hour.
    pub(crate) fn merge_older(&mut self, quarter: QuarterHour, distinct: &Distinct) {
        let first = quarter.start();
        if first.is_some_and(|minute| self.spans.today.contains(&minute)) {
            self.windows[TODAY].merge(distinct);
        }
    }

    /// Moves the windows forward within the day.
    pub(crate) fn advance(&mut self, spans: Spans) {
        for (window, name) in self.windows.iter_mut().zip(WINDOWS) {
            let (old, new) = (self.spans.of(name), spans.of(name));
            let mut came = new.clone();
            if old.start == new.start {
                came.start = old.end.max(new.start);
            } else {
                *window = Distinct::default();
            }
            for (_, distinct) in self.minutes.range(came) {
                window.merge(distinct);
            }
        }
        self.minutes = self.minutes.split_off(&spans.minutes_60.start);
        self.spans = spans;
    }

    pub(crate) fn window(&self, window: WindowName) -> &Distinct {
        let number = WINDOWS.iter().position(|name| *name == window);
        &self.windows[number.unwrap_or_default()]
    }
}

/// Its place in [`WINDOWS`].
const TODAY: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn spans(running: i64) -> Spans {
        let end = Minute(running + 1);
        Spans {
            minutes_5: Minute(end.0 - 5)..end,
            minutes_60: Minute(end.0 - 60)..end,
            today: Minute(0)..end,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// A few ids: the sketches are exact.
        #[test]
        fn windows_count_each_id_of_their_minutes_once(
            steps in prop::collection::vec((0_i64..100, 0_u8..60, 0_i64..3), 1..80)
        ) {
            let mut running = 5;
            let mut distincts = Distincts::new(spans(running));
            let mut known = BTreeSet::new();
            for (minute, id, by) in steps {
                running += by * by * by;
                distincts.advance(spans(running));
                let mut distinct = Distinct::default();
                distinct.orders.insert(&id.to_string());
                distincts.merge(Minute(minute), &distinct);
                known.insert((minute, id));
                for name in WINDOWS {
                    let spans = spans(running);
                    let span = spans.of(name);
                    let expected: BTreeSet<_> = (known.iter())
                        .filter(|(minute, _)| span.contains(&Minute(*minute)))
                        .map(|(_, id)| id)
                        .collect();
                    let found = distincts.window(name).orders.estimate();
                    prop_assert_eq!(found, expected.len() as u64);
                }
            }
        }
    }
}
