//! How long judging and tallying take, in processor time of one thread: measured by hand, before
//! and after a change.
//!
//! ```sh
//! comptoir-speed simulate --print --rows 400000 --rate 2000 --seed 7 >events.jsonl
//! cargo run --release -p comptoir-model --example judge_speed events.jsonl
//! ```

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use comptoir_model::event::read_event;
use comptoir_model::ids::Offset;
use comptoir_model::live::Tally;
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, Reach, Record, judge};
use jiff::Timestamp;
use std::hint::black_box;

const ROUNDS: usize = 7;
const PARTITIONS: usize = 4;
const BATCH: usize = 20_000;

fn main() {
    let path = std::env::args()
        .nth(1)
        .expect("a file of events, one a line");
    let file = std::fs::read(path).expect("a file that can be read");
    let events: Vec<&[u8]> = file
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    let timestamp: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
    println!(
        "{} events of {} bytes",
        events.len(),
        file.len() / events.len()
    );
    let measure = |name: &str, work: &mut dyn FnMut()| {
        let fastest = (0..ROUNDS)
            .map(|_| {
                let before = thread_ns();
                work();
                thread_ns() - before
            })
            .min()
            .unwrap_or(0);
        println!(
            "{name:<16} {:>6} ns an event",
            fastest / events.len() as u64
        );
    };
    measure("read", &mut || {
        for event in &events {
            black_box(read_event(event).is_ok());
        }
    });
    measure("judge", &mut || {
        for (_, mut window, part) in partitions(&events) {
            for (offset, event) in part.iter().enumerate() {
                let record = record(offset, event, timestamp);
                let verdict = judge(record, MappingVersion::V1, &mut window);
                black_box(verdict.is_ok());
            }
        }
    });
    measure("judge and tally", &mut || {
        for (_, mut window, part) in partitions(&events) {
            let mut offset = 0;
            let mut tally = Tally::default();
            for batch in part.chunks(BATCH) {
                tally.clear();
                for event in batch {
                    let record = record(offset, event, timestamp);
                    let verdict = judge(record, MappingVersion::V1, &mut window).expect("in order");
                    tally
                        .add(&record, MappingVersion::V1, &verdict)
                        .expect("small sums");
                    offset += 1;
                }
            }
        }
    });
}

fn record(offset: usize, bytes: &[u8], timestamp: Timestamp) -> Record<'_> {
    Record {
        offset: Offset(offset as u64),
        timestamp,
        bytes,
    }
}

fn partitions<'e>(
    events: &'e [&'e [u8]],
) -> impl Iterator<Item = (usize, DuplicateWindow, &'e [&'e [u8]])> {
    events
        .chunks(events.len().div_ceil(PARTITIONS))
        .enumerate()
        .map(|(number, part)| (number, DuplicateWindow::new(Reach::KAFKA), part))
}

/// Of this thread alone: other work on the machine disturbs it little.
fn thread_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    seconds * 1_000_000_000 + nanoseconds
}
