//! From the moment at which an event is produced to that at which the page's stream includes it.

use super::process::{Run, connect, get, now, poll};
use super::{Bench, Result, variable};
use comptoir_config::{TransportSettings, clock};
use comptoir_model::ids::Partition;
use comptoir_speed::transport::Transport;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

const START_MAX: Duration = Duration::from_mins(1);
/// After the last event, for it to come.
const TAIL_MAX: Duration = Duration::from_secs(20);
/// Events at the beginning that are not counted: everybody has just started.
const WARM_UP: Duration = Duration::from_secs(5);

/// When a message came, and what it includes.
struct Seen {
    at: Timestamp,
    next: BTreeMap<u32, u64>,
}

#[derive(Deserialize)]
struct Message {
    as_of: AsOf,
}

#[derive(Deserialize)]
struct AsOf {
    offsets: Vec<Position>,
}

#[derive(Deserialize)]
struct Position {
    partition: u32,
    next: u64,
}

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    println!(
        "\nproduced -> stream, 2,000 events/s for {} s:\n{:<24} {:>8} {:>8} {:>8} {:>8} {:>10}",
        bench.latency_seconds, "", "p50 ms", "p99 ms", "max ms", "messages", "events"
    );
    let sqlite = format!("sqlite:{}", bench.scratch.join("latency.db").display());
    measure_one(bench, "SQLite", &sqlite)?;
    measure_one(bench, "MariaDB", &variable("BENCH_MARIADB_LATENCY_URL")?)
}

fn measure_one(bench: &Bench, name: &str, warehouse: &str) -> Result<()> {
    let topic = format!("latency_{}_{}", name.to_lowercase(), std::process::id());
    bench.simulate(&topic, &["--rate", "2000", "--rows", "2000", "--fast"])?;
    let mut views = bench.views(&topic, warehouse)?;
    let metrics = views.metrics_address()?;
    poll(START_MAX, || {
        let page = get(&metrics, "/metrics")?;
        let counted = super::process::sum_of(&page, "comptoir_views_records_total");
        Ok((counted >= 2_000).then_some(()))
    })?;
    let mut web = Run::start(
        &bench.programs.join("comptoir-web"),
        &["--listen", "127.0.0.1:0"],
        &bench.settings(&topic, Some(warehouse)),
    )?;
    let address = web.metrics_address()?;
    let (sender, seen) = channel();
    let stream = poll(START_MAX, || {
        connect(&address, "/api/v1/live/stream").map(Some)
    })?;
    std::thread::spawn(move || follow(BufReader::new(stream), &sender));
    let begin = clock::now();
    let seconds = bench.latency_seconds.to_string();
    bench.simulate(&topic, &["--rate", "2000", "--seconds", &seconds])?;

    let produced = produced(bench, &topic)?;
    let ends: BTreeMap<u32, u64> = produced
        .iter()
        .map(|(partition, records)| {
            let last = records.last().map_or(0, |(offset, _)| offset + 1);
            (*partition, last)
        })
        .collect();
    let deadline = now() + TAIL_MAX;
    let mut messages = Vec::new();
    let is_all = |seen: &Seen| {
        ends.iter()
            .all(|(partition, end)| seen.next.get(partition) >= Some(end))
    };
    while !messages.last().is_some_and(is_all) {
        let left = deadline.saturating_duration_since(now());
        let seen = seen.recv_timeout(left);
        messages.push(seen.map_err(|_| "the stream never showed the last events")?);
    }
    let counted_from = begin + WARM_UP;
    let mut delays = delays(&produced, &messages, counted_from);
    delays.sort_unstable();
    let at = |percent: usize| delays[(delays.len() - 1) * percent / 100];
    println!(
        "{name:<24} {:>8} {:>8} {:>8} {:>8} {:>10}",
        at(50),
        at(99),
        at(100),
        messages.len(),
        delays.len()
    );
    Ok(())
}

/// Tells when each message came, and what it includes.
fn follow(mut stream: impl BufRead, sender: &Sender<Seen>) {
    let mut line = String::new();
    while matches!(stream.read_line(&mut line), Ok(1..)) {
        let at = clock::now();
        if let Some(data) = line.trim_end().strip_prefix("data:")
            && let Ok(message) = serde_json::from_str::<Message>(data)
        {
            let offsets = message.as_of.offsets.into_iter();
            let next = offsets.map(|at| (at.partition, at.next)).collect();
            if sender.send(Seen { at, next }).is_err() {
                return;
            }
        }
        line.clear();
    }
}

/// Offset and time of each record, by partition.
fn produced(bench: &Bench, topic: &str) -> Result<BTreeMap<u32, Vec<(u64, Timestamp)>>> {
    let settings = TransportSettings {
        url: format!("kafka:{}", bench.brokers).parse()?,
        topic: topic.to_owned(),
        partitions: 4,
        replication: 1,
        kafka_properties: None,
    };
    let transport = Transport::open(&settings)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut produced = BTreeMap::new();
    for number in 0..4 {
        let partition = Partition(number);
        let (from, to) = runtime.block_on(transport.log_bounds(partition))?;
        let mut records = Vec::new();
        transport.read_range(partition, from, to, START_MAX, &mut |record| {
            records.push((record.offset.0, record.timestamp));
            ControlFlow::Continue(())
        })?;
        produced.insert(number, records);
    }
    Ok(produced)
}

/// In milliseconds, of the events from `from` on.
fn delays(
    produced: &BTreeMap<u32, Vec<(u64, Timestamp)>>,
    messages: &[Seen],
    from: Timestamp,
) -> Vec<i128> {
    let mut delays = Vec::new();
    for (partition, records) in produced {
        let mut message = 0;
        for (offset, at) in records.iter().filter(|(_, at)| *at >= from) {
            let includes = |seen: &Seen| seen.next.get(partition) > Some(offset);
            while message < messages.len() && !includes(&messages[message]) {
                message += 1;
            }
            if let Some(seen) = messages.get(message) {
                delays.push(seen.at.duration_since(*at).as_millis());
            }
        }
    }
    delays
}
