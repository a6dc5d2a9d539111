//! Which point of a chart is looked at. A chart is one stop of the Tab key; arrows move within it.

use crate::browser::focus_point;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

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

    pub(crate) fn point_at(self, index: usize) {
        self.pointed.set(Some(index));
    }

    pub(crate) fn focus(self, index: usize) {
        self.stop.set(index);
        self.pointed.set(Some(index));
    }

    pub(crate) fn leave(self) {
        self.pointed.set(None);
    }

    pub(crate) fn is_at(self, index: usize) -> bool {
        self.pointed.get() == Some(index)
    }

    /// `count` points are there now; there may have been more.
    pub(crate) fn tab_index(self, index: usize, count: usize) -> i32 {
        let stop = self.stop.get().min(count.saturating_sub(1));
        if stop == index { 0 } else { -1 }
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
