//! Lines at a steady rate, and when the shipper says that each is durable.
//!
//! The shipper is asked over HTTP without a pause, so what is measured is the delay to its
//! acknowledgement with the asking included.

use super::Result;
use super::lines::Lines;
use comptoir_config::clock;
use comptoir_model::api::logs::LogsSummary;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// From one write to the next.
const TICK: Duration = Duration::from_millis(5);
const ASK_PAUSE: Duration = Duration::from_millis(2);
/// Lines at the beginning that are not counted: everybody has just started.
const WARM_UP: Duration = Duration::from_secs(3);
/// After the last line, for it to become durable.
const TAIL_MAX: Duration = Duration::from_secs(30);

pub(crate) struct Load {
    pub(crate) log: PathBuf,
    /// Of the shipper.
    pub(crate) address: String,
    pub(crate) lines_per_second: u32,
    pub(crate) duration: Duration,
}

/// All bytes up to `end` were there at `at`.
#[derive(Clone, Copy)]
struct Reached {
    at: Instant,
    end: u64,
}

/// Prints p50, p99 and the longest delay in milliseconds, and the number of lines.
pub(crate) fn print(load: &Load) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    let shipper = Shipper {
        client: reqwest::Client::new(),
        url: format!("http://{}/api/v1/logs/summary?limit=0", load.address),
    };
    let durable = || runtime.block_on(shipper.durable());
    let before = durable()?;
    let (log, begin) = (load.log.clone(), clock::instant());
    let (rate, duration) = (load.lines_per_second, load.duration);
    let writer =
        std::thread::spawn(move || write(&log, rate, duration).map_err(|error| error.to_string()));
    let mut seen: Vec<Reached> = Vec::new();
    let written = loop {
        let bytes = durable()?;
        let at = clock::instant();
        let end = bytes - before;
        if seen.last().is_none_or(|last| last.end < end) {
            seen.push(Reached { at, end });
        }
        if writer.is_finished() {
            break writer.join().map_err(|_| "the writer panicked")??;
        }
        std::thread::sleep(ASK_PAUSE);
    };
    let all = written.last().map_or(0, |last| last.end);
    let deadline = clock::instant() + TAIL_MAX;
    while seen.last().is_none_or(|last| last.end < all) {
        let end = durable()? - before;
        let at = clock::instant();
        seen.push(Reached { at, end });
        if at > deadline {
            return Err(format!("{end} of {all} bytes became durable").into());
        }
        std::thread::sleep(ASK_PAUSE);
    }
    let delays = delays(&written, &seen, begin + WARM_UP);
    if delays.is_empty() {
        return Err("nothing was written after the first seconds".into());
    }
    let at = |percent: usize| delays[(delays.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    let mut out = std::io::stdout();
    let lines = all / super::lines::LINE_BYTES as u64;
    writeln!(out, "{:.0} {:.0} {:.0} {lines}", at(50), at(99), at(100))?;
    Ok(())
}

struct Shipper {
    client: reqwest::Client,
    url: String,
}

impl Shipper {
    /// Bytes of its only log that are durable.
    async fn durable(&self) -> Result<u64> {
        let answer = self.client.get(&self.url).send().await?;
        let summary: LogsSummary = answer.json().await?;
        let log = summary.sources.first().ok_or("it ships nothing")?;
        Ok(log.bytes)
    }
}

/// Writes, and tells when which bytes were there.
fn write(log: &Path, lines_per_second: u32, duration: Duration) -> Result<Vec<Reached>> {
    let mut file = OpenOptions::new().append(true).create(true).open(log)?;
    let mut lines = Lines::new();
    let mut written = Vec::new();
    let (begin, mut count, mut end) = (clock::instant(), 0, 0);
    while begin.elapsed() < duration {
        let due = begin.elapsed().as_millis() * u128::from(lines_per_second) / 1000;
        let mut bytes = Vec::new();
        while count < due {
            lines.push(clock::now(), &mut bytes)?;
            count += 1;
        }
        file.write_all(&bytes)?;
        end += bytes.len() as u64;
        let at = clock::instant();
        written.push(Reached { at, end });
        std::thread::sleep(TICK);
    }
    Ok(written)
}

/// Of the writes from `from` on, the shortest first.
fn delays(written: &[Reached], seen: &[Reached], from: Instant) -> Vec<Duration> {
    let mut delays: Vec<Duration> = (written.iter())
        .filter(|write| write.at >= from)
        .filter_map(|write| {
            let first = seen.partition_point(|seen| seen.end < write.end);
            let acknowledged = seen.get(first)?;
            Some(acknowledged.at.saturating_duration_since(write.at))
        })
        .collect();
    delays.sort_unstable();
    delays
}
