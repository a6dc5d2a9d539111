//! Closing the partitions of streams that ended.

use super::{Committed, Progress, ViewsBatch, commit, position};
use crate::error::Result;
use crate::rows::Cells;
use crate::session::Session;
use comptoir_model::ids::Offset;
use comptoir_model::live::Tally;
use comptoir_model::merge::{Ending, PartitionKey, end_of_stream};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Those that either sink has read.
pub(super) async fn of_ended_streams(
    session: &mut Session,
    archived: &BTreeMap<PartitionKey, Offset>,
) -> Result<BTreeSet<PartitionKey>> {
    let what = "looking for streams that ended";
    let sql = "SELECT stream FROM streams WHERE ended_at_ms IS NOT NULL";
    let mut ended = BTreeSet::new();
    for row in session.select(what, sql, &[]).await? {
        ended.insert(Cells::of("streams", &row).text()?.to_owned());
    }
    let sql = "SELECT p.stream, p.partition_number FROM stream_partitions p \
               JOIN streams s ON s.stream = p.stream WHERE s.ended_at_ms IS NOT NULL";
    let rows = session.select(what, sql, &[]).await?;
    let known: Result<Vec<_>> = (rows.iter())
        .map(|row| Cells::of("stream_partitions", row).partition_key())
        .collect();
    let archived = archived.keys();
    let archived = archived.filter(|key| ended.contains(&key.stream.0));
    Ok(known?.into_iter().chain(archived.cloned()).collect())
}

/// The hole is a batch without records, fenced as any other.
pub(super) async fn end(
    session: &mut Session,
    key: &PartitionKey,
    archived: Offset,
    owner: &str,
    now: Timestamp,
) -> Result<Ending> {
    loop {
        let position = position::read_or_make(session, key, now).await?;
        let ending = end_of_stream(position.next, archived);
        let Some(lost) = ending.lost_to_views else {
            return Ok(ending);
        };
        let tally = Tally::default();
        let batch = ViewsBatch {
            partition: position.partition,
            span: lost,
            tally: &tally,
            lost: &[lost],
            blind: &[],
            progress: Progress {
                log_end: ending.end,
                fresh_through: None,
                checked_at: now,
            },
            names: &[],
            now,
        };
        match commit::commit(session, &batch, owner).await? {
            Committed::Applied { .. } => return Ok(ending),
            // An owner that woke up was faster: look again where it stands. It moves forward only,
            // and not beyond what the stream had.
            Committed::GivenUp { .. } => {}
        }
    }
}
