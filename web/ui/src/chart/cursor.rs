//! Which point of a chart is looked at. A chart is one stop of the Tab key; arrows move within it.
//!
//! The chart listens once for all its points: they may change several times a second.

use crate::browser::{focus_point, point_of};
use leptos::prelude::*;
use web_sys::{Event, KeyboardEvent};

#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    /// The point that Tab reaches.
    stop: RwSignal<usize>,
    /// The point under the pointer or the focus.
    pointed: RwSignal<Option<usize>>,
}

impl Cursor {
    pub(crate) fn new() -> Self {
        Self {
            stop: RwSignal::new(0),
            pointed: RwSignal::new(None),
        }
    }

    pub(crate) fn pointed(self) -> Option<usize> {
        self.pointed.get()
    }

    /// The pointer has moved to an element of the chart, or out of it.
    pub(crate) fn point(self, event: &Event) {
        let point = point_of(event);
        if self.pointed.get_untracked() != point {
            self.pointed.set(point);
        }
    }

    /// The focus has moved to an element of the chart.
    pub(crate) fn focus(self, event: &Event) {
        let point = point_of(event);
        self.pointed.set(point);
        if let Some(point) = point
            && self.stop.get_untracked() != point
        {
            self.stop.set(point);
        }
    }

    pub(crate) fn leave(self) {
        if self.pointed.get_untracked().is_some() {
            self.pointed.set(None);
        }
    }

    /// The point that Tab reaches; `count` points are there now, there may have been more.
    pub(crate) fn stop(self, count: usize) -> usize {
        self.stop.get().min(count.saturating_sub(1))
    }

    /// Handles a key on the chart of `count` points.
    pub(crate) fn press(self, event: &KeyboardEvent, count: usize) {
        let at = self.stop.get_untracked().min(count.saturating_sub(1));
        if let Some(next) = step(&event.key(), at, count) {
            event.prevent_default();
            focus_point(event, next);
        }
    }
}

/// As an attribute of point `index`.
pub(crate) fn tab_index(index: usize, stop: usize) -> &'static str {
    if index == stop { "0" } else { "-1" }
}

/// Where a key leads from point `at` of `count`.
fn step(key: &str, at: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match key {
        "ArrowRight" | "ArrowDown" => Some((at + 1).min(last)),
        "ArrowLeft" | "ArrowUp" => Some(at.saturating_sub(1)),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn arrows_stop_at_both_ends() {
        assert_eq!(step("ArrowLeft", 0, 3), Some(0));
        assert_eq!(step("ArrowRight", 1, 3), Some(2));
        assert_eq!(step("ArrowRight", 2, 3), Some(2));
        assert_eq!(step("End", 0, 3), Some(2));
    }

    #[test]
    fn other_keys_are_the_browsers() {
        assert_eq!(step("Tab", 0, 3), None);
        assert_eq!(step("ArrowRight", 0, 0), None);
    }
}
