//! What one snapshot of the archive says to a run.

use super::cells::Cells;
use super::coverage::Counting;
use super::examine::{Examination, Found, Row, Said};
use super::rows::no_event;
use crate::views::engine::Engine;
use crate::views::error::ViewError;
use comptoir_bronze::{Snapshot, Table};
use comptoir_model::event::Status;
use comptoir_model::ids::Offset;
use comptoir_model::live::ControlTotals;
use comptoir_model::merge::{Archived, PartitionKey, Span, behind, due};
use comptoir_warehouse::BatchFacts;
use datafusion::arrow::array::RecordBatch;
use futures::StreamExt;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Names the scan to people.
const FILE: &str = "the archive";

/// How often it is looked whether the archive has come far enough.
const LOOK: Duration = Duration::from_millis(500);

/// What decides the coverage, partition by partition, and what a run has to write anew.
pub(super) struct Facts {
    pub(super) archived: BTreeMap<PartitionKey, Archived<ControlTotals>>,
    pub(super) found: BTreeMap<PartitionKey, Vec<Found>>,
    /// Of earlier days the archive may not have all events any more; `None`: it has.
    pub(super) whole_from: Option<Date>,
}

/// Where the archive stands in each of these; one that it does not know is left out.
pub(super) async fn positions(
    snapshot: &Snapshot,
    keys: impl Iterator<Item = &PartitionKey>,
) -> Result<BTreeMap<PartitionKey, Offset>, ViewError> {
    let mut positions = BTreeMap::new();
    for key in keys {
        if let Some(position) = snapshot.position(key).await? {
            positions.insert(key.clone(), position);
        }
    }
    Ok(positions)
}

/// The first snapshot that has passed all these ends, or the newest one after so long a time.
/// `None` where nothing was ever archived.
pub(super) async fn passed(
    table: &Table,
    ends: &BTreeMap<PartitionKey, Offset>,
    patience: Duration,
) -> Result<Option<(Snapshot, BTreeMap<PartitionKey, Offset>)>, ViewError> {
    let deadline = Instant::now() + patience;
    loop {
        let Some(snapshot) = Snapshot::newest(table).await? else {
            return Ok(None);
        };
        let positions = positions(&snapshot, ends.keys()).await?;
        if behind(ends, &positions).is_empty() || Instant::now() >= deadline {
            return Ok(Some((snapshot, positions)));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Counts again what the run may cover next.
pub(super) async fn examine(
    engine: &Engine,
    snapshot: &Snapshot,
    recorded: &BatchFacts,
    positions: &BTreeMap<PartitionKey, Offset>,
) -> Result<Facts, ViewError> {
    let mut examination = Examination::default();
    for (key, position) in positions {
        if let Some(recorded) = recorded.partitions.get(key) {
            let due = due(recorded.current.as_ref(), &recorded.sealed, *position);
            examination.wants(key, due);
        }
    }
    scan(engine, snapshot, &mut examination).await?;
    let found = examination.found();
    let forgotten = snapshot.forgotten()?;
    let mut archived = BTreeMap::new();
    for (key, next) in positions {
        let mut recomputed = BTreeMap::new();
        for found in found.get(key).into_iter().flatten() {
            recomputed.insert(found.number, found.control()?);
        }
        let (next, mut gaps) = (*next, snapshot.gaps(key).await?);
        // What is forgotten is lost to whoever has not counted it: to a warehouse that came back
        // from a copy, and to a run that was overtaken. One that was filled again from what is left
        // has it on record as lost, and no more than the archive, which counts.
        if let Some(below) = (forgotten.as_ref()).and_then(|forgotten| forgotten.below.get(key)) {
            let recorded = recorded.partitions.get(key);
            let lost_too = recorded.map_or(&[][..], |recorded| recorded.gaps.lost.as_slice());
            gaps.lost.extend(beside(lost_too, *below));
        }
        let of_partition = Archived {
            next,
            gaps,
            recomputed,
        };
        archived.insert(key.clone(), of_partition);
    }
    Ok(Facts {
        archived,
        found,
        whole_from: forgotten.map(|forgotten| forgotten.before),
    })
}

/// What of everything below this offset lies beside these spans.
fn beside(spans: &[Span], below: Offset) -> Vec<Span> {
    let mut spans = spans.to_vec();
    spans.sort_by_key(|span| span.start());
    let (mut left, mut from) = (Vec::new(), Offset(0));
    for span in spans {
        left.extend(Span::new(from, span.start().min(below)));
        from = from.max(span.end());
    }
    left.extend(Span::new(from, below));
    left
}

async fn scan(
    engine: &Engine,
    snapshot: &Snapshot,
    examination: &mut Examination,
) -> Result<(), ViewError> {
    let counting = Counting::of_spans(examination.spans());
    let sql = format!(
        "SELECT _stream, _partition, _offset, _verdict, event_time, currency, status, amount \
         FROM bronze WHERE _verdict IN ('accepted', 'rejected', 'duplicate') AND ({})",
        counting.condition()
    );
    let bronze = snapshot.provider().await?;
    let planned = engine.query(FILE, &sql, [("bronze", &bronze)]).await?;
    let mut batches = planned.rows()?;
    while let Some(batch) = batches.next().await {
        add(examination, &planned.batch(batch)?)?;
    }
    Ok(())
}

fn add(examination: &mut Examination, batch: &RecordBatch) -> Result<(), ViewError> {
    let cells = Cells::of(FILE, batch);
    let (streams, verdicts) = (cells.texts("_stream")?, cells.texts("_verdict")?);
    let (partitions, offsets) = (cells.integers("_partition")?, cells.integers("_offset")?);
    let (times, amounts) = (cells.times("event_time")?, cells.amounts("amount")?);
    let (currencies, statuses) = (cells.texts("currency")?, cells.texts("status")?);
    let read = |row| {
        let said = match verdicts.at(row) {
            "rejected" => Said::Rejected,
            "duplicate" => Said::Duplicate,
            _ => Said::Accepted {
                time: times.get(row)?,
                currency: currencies.at(row).parse().ok()?,
                status: Status::from_word(statuses.at(row))?,
                amount: amounts.get(row)?,
            },
        };
        Some(Row {
            stream: streams.at(row),
            partition: u32::try_from(partitions.at(row)).ok()?,
            offset: Offset(offsets.count(row)),
            said,
        })
    };
    for row in 0..batch.num_rows() {
        examination.add(&read(row).ok_or_else(|| no_event(&cells, row))?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_have_lost_is_no_gap_of_the_archive() {
        let span = |(start, end)| Span::new(Offset(start), Offset(end)).unwrap();
        for (lost, left) in [
            (vec![], vec![(0, 20)]),
            (vec![(0, 20)], vec![]),
            (vec![(0, 30)], vec![]),
            (vec![(10, 30), (0, 5)], vec![(5, 10)]),
            (vec![(2, 9), (3, 5), (25, 30)], vec![(0, 2), (9, 20)]),
        ] {
            let lost: Vec<_> = lost.into_iter().map(span).collect();
            let left: Vec<_> = left.into_iter().map(span).collect();
            assert_eq!(beside(&lost, Offset(20)), left, "{lost:?}");
        }
    }
}
