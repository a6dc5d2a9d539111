//! The live figures, computed from the transport's raw records by other means than the platform's:
//! the published schema, whole hundredths and plain maps; no type of ours.

mod figures;
mod judge;
mod raw;
mod stored;

pub(crate) use figures::Figures;
pub(crate) use raw::{RawRecord, jsonl_partitions, kafka_partitions};
pub(crate) use stored::{Stored, accepted, stored};

use judge::Judge;
use std::collections::BTreeMap;

/// The records of each partition, in their order.
pub(crate) type Log = BTreeMap<u32, Vec<RawRecord>>;

/// What the records below `next` of each partition come to.
pub(crate) fn recount(log: &Log, reach: u64, next: &BTreeMap<u32, u64>) -> Figures {
    let mut figures = Figures::default();
    for (&partition, records) in log {
        let mut judge = Judge::new(reach);
        let next = next.get(&partition).copied().unwrap_or(0);
        for record in records.iter().filter(|record| record.offset < next) {
            figures.add(partition, record, &judge.judge(record));
        }
    }
    figures
}
