//! The events of many tills, one after the other. Pure: time is an argument.

use super::catalog::Catalog;
use super::malformed::Damage;
use super::order::{FollowUps, Line, place};
use super::record::{self, Moment};
use super::shares::Shares;
use comptoir_model::event::Status;
use comptoir_sample::Draw;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::fmt::Write;

/// How many records back a repeated one lies at most: far within everybody's duplicate window.
const ECHOES: usize = 64;

/// A record to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft<'g> {
    /// The order's id: all events of an order go to one partition, in their order.
    pub key: &'g [u8],
    pub timestamp: Timestamp,
    pub bytes: &'g [u8],
}

/// Invents records. The same seed, start, catalog, shares and times give the same bytes.
///
/// Its memory is bounded, however long it runs.
#[derive(Debug)]
pub struct Generator {
    catalog: Catalog,
    shares: Shares,
    draw: Draw,
    run: String,
    events: u64,
    orders: u64,
    /// The lines of the newest order that have no event yet.
    lines: VecDeque<(Line, Status)>,
    follow_ups: FollowUps,
    /// The newest sound records.
    echoes: VecDeque<Echo>,
    event_id: String,
    key: String,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Echo {
    key: String,
    bytes: Vec<u8>,
}

impl Generator {
    /// `start` becomes a part of every id, so that two runs never use the same, even of one seed.
    pub fn new(seed: u64, start: Timestamp, catalog: Catalog, shares: Shares) -> Self {
        Self {
            catalog,
            shares,
            draw: Draw::new(seed),
            run: run_name(seed, start),
            events: 0,
            orders: 0,
            lines: VecDeque::new(),
            follow_ups: FollowUps::default(),
            echoes: VecDeque::with_capacity(ECHOES),
            event_id: String::new(),
            key: String::new(),
            bytes: Vec::new(),
        }
    }

    /// The next record, which is sent at `now`.
    pub fn next(&mut self, now: Timestamp) -> Draft<'_> {
        if self.shares.duplicates.falls(&mut self.draw) && !self.echoes.is_empty() {
            let echoes = u32::try_from(self.echoes.len()).unwrap_or(u32::MAX);
            let echo = &self.echoes[self.draw.below(echoes) as usize];
            return Draft {
                key: echo.key.as_bytes(),
                timestamp: now,
                bytes: &echo.bytes,
            };
        }
        let (line, status) = self.next_line(now);
        let late = self.shares.late.falls(&mut self.draw);
        let event_time = if late {
            now - lateness(&mut self.draw)
        } else {
            now
        };
        self.write(&line, status, event_time);
        if self.shares.malformed.falls(&mut self.draw) {
            Damage::draw(&mut self.draw).apply(&mut self.bytes);
        } else if self.shares.duplicates != super::Share::NONE {
            self.remember();
        }
        Draft {
            key: self.key.as_bytes(),
            timestamp: now,
            bytes: &self.bytes,
        }
    }

    /// What is due comes first, then the rest of the newest order, then a new one.
    fn next_line(&mut self, now: Timestamp) -> (Line, Status) {
        let now_ms = now.as_millisecond();
        if let Some(due) = self.follow_ups.take(now_ms) {
            let (line, status) = due;
            self.follow_ups.plan(line, status, now_ms, &mut self.draw);
            return due;
        }
        loop {
            if let Some((line, status)) = self.lines.pop_front() {
                self.follow_ups.plan(line, status, now_ms, &mut self.draw);
                return (line, status);
            }
            self.orders += 1;
            place(self.orders, &self.catalog, &mut self.draw, &mut self.lines);
        }
    }

    fn write(&mut self, line: &Line, status: Status, event_time: Timestamp) {
        self.events += 1;
        self.event_id.clear();
        self.key.clear();
        self.bytes.clear();
        // Nothing that is written to memory fails.
        write!(self.event_id, "{}-{}", self.run, self.events).ok();
        write!(self.key, "{}-o{}", self.run, line.order).ok();
        let moment = Moment {
            event_id: &self.event_id,
            order_id: &self.key,
            event_time,
            status,
        };
        record::write(&mut self.bytes, &self.catalog, line, &moment).ok();
    }

    fn remember(&mut self) {
        // The oldest gives its memory.
        let mut echo = if self.echoes.len() < ECHOES {
            Echo::default()
        } else {
            self.echoes.pop_front().unwrap_or_default()
        };
        echo.key.clone_from(&self.key);
        echo.bytes.clone_from(&self.bytes);
        self.echoes.push_back(echo);
    }
}

/// Two minutes to thirty hours, mostly minutes.
fn lateness(draw: &mut Draw) -> SignedDuration {
    let (shortest, longest) = [(2, 15), (15, 180), (180, 1_800)][draw.weighted(&[6, 3, 1])];
    let milliseconds = draw.between(shortest * 60_000, longest * 60_000);
    SignedDuration::from_millis(milliseconds.into())
}

/// Ten to fifteen letters and digits: the start to the microsecond, and something of the seed, for
/// simulators that start together.
fn run_name(seed: u64, start: Timestamp) -> String {
    let started = start.as_microsecond().unsigned_abs();
    let folded = (seed ^ (seed >> 20) ^ (seed >> 40)) & 0xf_ffff;
    format!("{}{}", base36(started), base36(folded + 36 * 36 * 36))
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize]);
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(*digit))
        .collect()
}
