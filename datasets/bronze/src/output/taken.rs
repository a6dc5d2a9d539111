//! What a run says of the events that it has read, for the archive's retention. Pure.

use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use serde::Deserialize;
use std::collections::BTreeMap;

/// As much as is wanted of what `comptoir-batch` keeps with the rows.
#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    covered: Vec<Covered>,
}

#[derive(Deserialize)]
struct Covered {
    stream: StreamId,
    partition: Partition,
    end: Offset,
}

/// Up to where a run had taken the archive's events; `None` where it does not go on from there.
pub fn taken_by_run(facts: &str) -> Option<BTreeMap<PartitionKey, Offset>> {
    let Facts { covered } = serde_json::from_str(facts).ok()?;
    let taken: BTreeMap<_, _> = (covered.into_iter())
        .map(|covered| {
            let Covered {
                stream,
                partition,
                end,
            } = covered;
            (PartitionKey { stream, partition }, end)
        })
        .collect();
    (!taken.is_empty()).then_some(taken)
}
