//! The readers that the sink is compared with: the same transport, and less work for each record.

use super::Result;
use comptoir_config::TransportSettings;
use comptoir_model::ids::Offset;
use comptoir_model::live::Tally;
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, judge};
use comptoir_speed::transport::{Assignment, ConsumerEvent, Step, Transport};
use std::hint::black_box;
use std::io::Write;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Records of one tally, about as many as the sink takes when it has to catch up.
const BATCH: u64 = 200_000;

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
    let mut tally = Tally::default();
    loop {
        let mut taken = 0;
        let mut take = |record: comptoir_speed::transport::Record<'_>| {
            taken += 1;
            if work == Work::Count {
                black_box(record.bytes.len());
            } else {
                let record = record.judged();
                let verdict = judge(record, MappingVersion::NEWEST, &mut window);
                let verdict = verdict.expect("records in their order");
                if work == Work::Tally {
                    let added = tally.add(&record, MappingVersion::NEWEST, &verdict);
                    added.expect("sums that fit");
                }
                black_box(verdict);
            }
            if taken < BATCH {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let step = reader.read(Duration::from_secs(1), &mut take);
        black_box(tally.totals());
        tally.clear();
        if taken > 0 && done.fetch_add(taken, Ordering::Relaxed) + taken >= rows {
            writeln!(std::io::stdout(), "done").ok();
        }
        match step {
            Ok(Step::Revoked | Step::StreamEnded | Step::TailLost { .. }) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
