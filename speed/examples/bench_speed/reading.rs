//! The readers that the sink is compared with: the same transport, and less work for each record.

use super::Result;
use comptoir_config::TransportSettings;
use comptoir_model::ids::Offset;
use comptoir_model::live::Tally;
use comptoir_model::verdict::{self, DuplicateWindow, MappingVersion, judge};
use comptoir_speed::transport::{Assignment, ConsumerEvent, Step, Transport};
use jiff::Timestamp;
use std::hint::black_box;
use std::io::Write;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Records of one tally, about as many as the sink takes when it has to catch up.
const BATCH: u64 = 20_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Count,
    Verdict,
    Tally,
}

impl FromStr for Work {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "count" => Ok(Self::Count),
            "verdict" => Ok(Self::Verdict),
            "tally" => Ok(Self::Tally),
            _ => Err(format!("no work is called {text}")),
        }
    }
}

/// Says `done` after `rows` records, and waits to be ended.
pub(crate) fn run(work: Work, brokers: &str, topic: &str, rows: u64) -> Result<()> {
    let settings = TransportSettings {
        url: format!("kafka:{brokers}").parse()?,
        topic: topic.to_owned(),
        partitions: 4,
        replication: 1,
        kafka_properties: None,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let transport = Transport::open(&settings)?;
        let mut consumer = transport.consumer(&format!("{topic}_{}", std::process::id()))?;
        let done = Arc::new(AtomicU64::new(0));
        while let Some(event) = consumer.next().await {
            if let ConsumerEvent::Assigned(assignment) = event {
                let (done, reach) = (Arc::clone(&done), transport.reach());
                let window = DuplicateWindow::new(reach);
                std::thread::spawn(move || read(work, assignment, window, &done, rows));
            }
        }
        Ok(())
    })
}

fn read(
    work: Work,
    assignment: Assignment,
    mut window: DuplicateWindow,
    done: &AtomicU64,
    rows: u64,
) {
    let mut reader = assignment
        .start(Offset(0))
        .expect("a partition that can be read");
    let mut batch = Batch::default();
    loop {
        let mut taken = 0;
        let mut take = |record: comptoir_speed::transport::Record<'_>| {
            taken += 1;
            match work {
                Work::Count => drop(black_box(record.bytes.len())),
                Work::Verdict => {
                    let verdict = judge(record.judged(), MappingVersion::NEWEST, &mut window);
                    black_box(verdict.expect("records in their order"));
                }
                Work::Tally => batch.push(&record),
            }
            if taken < BATCH {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let step = reader.read(Duration::from_secs(1), &mut take);
        batch.tally(&mut window);
        if taken > 0 && done.fetch_add(taken, Ordering::Relaxed) + taken >= rows {
            writeln!(std::io::stdout(), "done").ok();
        }
        match step {
            Ok(Step::Revoked | Step::StreamEnded | Step::TailLost { .. }) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// The sink keeps the bytes of a batch too: its dead letters and newest transactions borrow them.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    records: Vec<(Offset, Timestamp, usize)>,
}

impl Batch {
    fn push(&mut self, record: &comptoir_speed::transport::Record<'_>) {
        self.bytes.extend_from_slice(record.bytes);
        let place = (record.offset, record.timestamp, self.bytes.len());
        self.records.push(place);
    }

    fn tally(&mut self, window: &mut DuplicateWindow) {
        let mut tally = Tally::default();
        let mut start = 0;
        for (offset, timestamp, end) in &self.records {
            let record = verdict::Record {
                offset: *offset,
                timestamp: *timestamp,
                bytes: &self.bytes[start..*end],
            };
            start = *end;
            let verdict = judge(record, MappingVersion::NEWEST, window);
            let verdict = verdict.expect("records in their order");
            tally.add(record, verdict).expect("sums that fit");
        }
        black_box((tally.buckets().len(), tally.tops().len()));
        drop(tally);
        self.bytes.clear();
        self.records.clear();
    }
}
