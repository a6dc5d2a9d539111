//! What a terminal shows while an import runs: a line for each range that is being read, and one
//! for the whole. Nowhere else anything is drawn.

use super::request::thousands;
use comptoir_config::clock;
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The length of a range's own bar.
const BAR: usize = 20;

pub(super) struct Progress {
    bar: ProgressBar,
    began: Instant,
    parts: usize,
    /// By the server's statistics, which can be wrong by half; `None` where it has none.
    expected_rows: Option<u64>,
    state: Mutex<State>,
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

#[derive(Debug, Default)]
struct State {
    /// By the number of the part.
    reading: BTreeMap<usize, Amount>,
    ended: Amount,
    parts_ended: usize,
}

impl Progress {
    pub(super) fn begin(bar: ProgressBar, parts: usize, expected_rows: Option<u64>) -> Self {
        bar.set_length(expected_rows.unwrap_or(parts as u64));
        Self {
            bar,
            began: clock::instant(),
            parts,
            expected_rows,
            state: Mutex::default(),
        }
    }

    /// So much of a part was read by now.
    pub(super) fn reading(&self, part: usize, amount: Amount) {
        self.change(|state| {
            state.reading.insert(part, amount);
        });
    }

    /// A part has no more than that.
    pub(super) fn ended(&self, part: usize, amount: Amount) {
        self.change(|state| {
            state.reading.remove(&part);
            state.ended += amount;
            state.parts_ended += 1;
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        if self.bar.is_hidden() {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let view = View {
            state: &state,
            parts: self.parts,
            expected_rows: self.expected_rows,
            elapsed: self.began.elapsed(),
        };
        let position = match self.expected_rows {
            Some(expected) => view.whole().rows.min(expected),
            None => state.parts_ended as u64,
        };
        self.bar.set_message(view.to_string());
        self.bar.set_position(position);
    }
}

impl std::ops::AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = thousands(self.bytes / 1_000_000);
        write!(f, "{} rows, {megabytes} MB", thousands(self.rows))
    }
}

/// What is to be seen at one moment, as text.
struct View<'a> {
    state: &'a State,
    parts: usize,
    expected_rows: Option<u64>,
    elapsed: Duration,
}

impl View<'_> {
    fn whole(&self) -> Amount {
        let mut whole = self.state.ended;
        for amount in self.state.reading.values() {
            whole += *amount;
        }
        whole
    }

    /// At the speed so far; `None` where nothing tells how much is left.
    fn seconds_left(&self, whole: Amount) -> Option<u64> {
        let left = self.expected_rows?.checked_sub(whole.rows)?;
        let elapsed = u64::try_from(self.elapsed.as_millis()).ok()?;
        let milliseconds = left.checked_mul(elapsed)?.checked_div(whole.rows)?;
        Some(milliseconds.div_ceil(1000))
    }
}

impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self
            .expected_rows
            .map(|rows| rows / self.parts.max(1) as u64);
        for (part, amount) in &self.state.reading {
            write!(f, "part {part:<4} ")?;
            if let Some(expected) = expected.filter(|rows| *rows > 0) {
                let full = amount.rows.saturating_mul(BAR as u64) / expected;
                let full = usize::try_from(full).unwrap_or(BAR).min(BAR);
                write!(f, "{}{} ", "█".repeat(full), "░".repeat(BAR - full))?;
            }
            writeln!(f, "{amount}")?;
        }
        let whole = self.whole();
        let (ended, parts) = (self.state.parts_ended, self.parts);
        write!(f, "{ended}/{parts} parts, {whole}")?;
        let elapsed = self.elapsed.as_millis().max(1);
        write!(f, ", {} MB/s", u128::from(whole.bytes) / elapsed / 1000)?;
        match self.seconds_left(whole) {
            Some(seconds) => write!(f, ", about {seconds} s left"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(state: &State, expected_rows: Option<u64>) -> String {
        let view = View {
            state,
            parts: 4,
            expected_rows,
            elapsed: Duration::from_secs(2),
        };
        view.to_string()
    }

    #[test]
    fn each_range_has_its_line_and_the_last_is_of_the_whole() {
        let amount = |rows| Amount {
            rows,
            bytes: rows * 200,
        };
        let mut state = State::default();
        assert_eq!(view(&state, Some(0)), "0/4 parts, 0 rows, 0 MB, 0 MB/s");
        state.ended = amount(100_000);
        state.parts_ended = 1;
        state.reading.insert(1, amount(50_000));
        state.reading.insert(3, amount(400_000));
        assert_eq!(
            view(&state, Some(1_000_000)),
            "part 1    ████░░░░░░░░░░░░░░░░ 50,000 rows, 10 MB\n\
             part 3    ████████████████████ 400,000 rows, 80 MB\n\
             1/4 parts, 550,000 rows, 110 MB, 55 MB/s, about 2 s left"
        );
        // Without statistics, or where they were wrong, nothing is guessed.
        assert!(view(&state, None).starts_with("part 1    50,000 rows, 10 MB\n"));
        for expected in [None, Some(10)] {
            assert!(view(&state, expected).ends_with("55 MB/s"));
        }
    }

    #[test]
    fn nothing_is_drawn_where_there_is_no_terminal() {
        let progress = Progress::begin(ProgressBar::hidden(), 2, Some(10));
        progress.reading(0, Amount { rows: 5, bytes: 5 });
        progress.ended(0, Amount { rows: 5, bytes: 5 });
        assert_eq!(progress.bar.message(), "");
    }
}
