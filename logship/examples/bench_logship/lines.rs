//! A log of one day, in lines of 150 bytes: one in a hundred is an ERROR.

use super::Result;
use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{BufWriter, Write};

/// With its newline.
pub(crate) const LINE_BYTES: usize = 150;
const DAY_NS: u64 = 86_400_000_000_000;
const MIDNIGHT: &str = "2026-11-21T00:00:00Z";

const COMPONENTS: [&str; 6] = ["checkout", "payment", "stock", "search", "session", "mail"];
const CITIES: [&str; 6] = ["Paris", "Lyon", "Nantes", "Madrid", "Hamburg", "Torino"];
const MESSAGES: [&str; 5] = [
    "order taken, receipt printed, stock reserved at the warehouse",
    "basket changed by the customer, prices looked up again",
    "payment was accepted by the bank, waiting for the confirmation",
    "session goes on after a pause, cookies were renewed",
    "mail was handed over, its answer is awaited by the dispatcher",
];

/// Makes lines, the same ones each time.
pub(crate) struct Lines {
    random: ChaCha8Rng,
    number: u64,
}

impl Lines {
    pub(crate) fn new() -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(0),
            number: 0,
        }
    }

    /// Appends one line that was written at `time`.
    pub(crate) fn push(&mut self, time: Timestamp, out: &mut Vec<u8>) -> Result<()> {
        let random = &mut self.random;
        let level = match random.random_range(0..100) {
            0 => "ERROR",
            1..5 => "WARN",
            5..80 => "INFO",
            _ => "DEBUG",
        };
        let end = out.len() + LINE_BYTES - 1;
        write!(
            out,
            "{time:.6} {level} {} trace={:016x} order={} customer={} amount={}.{:02} city={} ",
            COMPONENTS[random.random_range(0..COMPONENTS.len())],
            random.random::<u64>(),
            self.number,
            random.random_range(10_000..99_999),
            random.random_range(1..500),
            random.random_range(0..100),
            CITIES[random.random_range(0..CITIES.len())],
        )?;
        out.extend(MESSAGES[random.random_range(0..MESSAGES.len())].bytes());
        out.resize(end, b'.');
        out.push(b'\n');
        self.number += 1;
        Ok(())
    }
}

/// So many lines, evenly over the day.
pub(crate) fn print(count: u64) -> Result<()> {
    let midnight: Timestamp = MIDNIGHT.parse()?;
    let mut out = BufWriter::new(std::io::stdout());
    let mut lines = Lines::new();
    let mut line = Vec::new();
    for number in 0..count {
        let nanoseconds = u128::from(DAY_NS) * u128::from(number) / u128::from(count);
        let since = SignedDuration::from_nanos(i64::try_from(nanoseconds)?);
        line.clear();
        lines.push(midnight + since, &mut line)?;
        out.write_all(&line)?;
    }
    Ok(out.flush()?)
}
