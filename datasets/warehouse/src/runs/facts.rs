//! What the next run's coverage is decided from.

use super::current::{Current, Spoken};
use super::{ViewRunId, current};
use crate::error::{Result, WarehouseError};
use crate::rows::Cells;
use crate::schema::VIEWS_SINK;
use crate::session::Session;
use crate::views::{self, PartitionId};
use comptoir_database::Value;
use comptoir_model::ids::Offset;
use comptoir_model::live::ControlTotals;
use comptoir_model::merge::{Gaps, Generation, PartitionKey, Recorded, Span};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is on record of all partitions, of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchFacts {
    /// `None` before the first switch.
    pub current: Option<ViewRunId>,
    /// All that the views sink had read at this moment is covered; `None` where it can't be said.
    pub as_of: Option<Timestamp>,
    /// Every partition that the views sink has ever read.
    pub partitions: BTreeMap<PartitionKey, Recorded<ControlTotals>>,
    /// Where the views sink stands in each.
    pub positions: BTreeMap<PartitionKey, Offset>,
    /// Those of streams from which nothing more comes.
    pub ended: BTreeSet<PartitionKey>,
}

impl BatchFacts {
    /// Where the last sealed generation of each partition ends: what a run waits for the archive
    /// to pass.
    pub fn last_seals(&self) -> BTreeMap<PartitionKey, Offset> {
        let end = |recorded: &Recorded<_>| {
            let covered = recorded.current.as_ref().map(|covered| covered.end);
            let sealed = recorded.sealed.last().map(|sealed| sealed.span.end());
            covered.max(sealed)
        };
        (self.partitions.iter())
            .filter_map(|(key, recorded)| Some((key.clone(), end(recorded)?)))
            .collect()
    }
}

pub(super) async fn read(session: &mut Session) -> Result<BatchFacts> {
    session.begin_snapshot().await?;
    let mut current = current(session).await?;
    let mut sealed = sealed(session, current.as_ref()).await?;
    let mut facts = BatchFacts {
        current: current.as_ref().map(|current| current.id),
        ..BatchFacts::default()
    };
    if let Some(run) = facts.current {
        facts.as_of = as_of(session, run).await?;
    }
    let sql = "SELECT p.stream, p.partition_number, p.id, o.next_offset, s.ended_at_ms \
               FROM offsets o JOIN stream_partitions p ON p.id = o.partition_id \
               LEFT JOIN streams s ON s.stream = p.stream WHERE o.sink = ?";
    let sink = [Value::Text(VIEWS_SINK)];
    let rows = session.select("reading partitions", sql, &sink).await?;
    for row in &rows {
        let mut cells = Cells::of("offsets", row);
        let key = cells.partition_key()?;
        let id = PartitionId(cells.integer()?);
        facts.positions.insert(key.clone(), cells.offset()?);
        if cells.optional_integer()?.is_some() {
            facts.ended.insert(key.clone());
        }
        let spoken = current
            .as_mut()
            .and_then(|current| current.speaks_for.0.remove(&key));
        let sealed = sealed.remove(&id).unwrap_or_default();
        let gaps = views::gaps(session, id).await?;
        facts.partitions.insert(key, recorded(spoken, sealed, gaps));
    }
    session.rollback().await?;
    Ok(facts)
}

async fn as_of(session: &mut Session, run: ViewRunId) -> Result<Option<Timestamp>> {
    let sql = "SELECT as_of_ms FROM view_runs WHERE id = ?";
    let rows = session
        .select("reading the current run", sql, &[Value::Integer(run.0)])
        .await?;
    match rows.first() {
        Some(row) => Cells::of("view_runs", row).optional_milliseconds(),
        None => Ok(None),
    }
}

fn recorded(
    spoken: Option<Spoken>,
    sealed: Vec<Generation<ControlTotals>>,
    gaps: Gaps,
) -> Recorded<ControlTotals> {
    match spoken {
        Some(spoken) => Recorded {
            current: Some(spoken.covered),
            counted: spoken.counted,
            by_archive_alone: spoken.by_archive_alone,
            sealed,
            gaps,
        },
        None => Recorded {
            current: None,
            counted: ControlTotals::default(),
            by_archive_alone: BTreeSet::new(),
            sealed,
            gaps,
        },
    }
}

/// Of each partition, ascending: those that the current run does not cover, and those that it set
/// aside.
async fn sealed(
    session: &mut Session,
    current: Option<&Current>,
) -> Result<BTreeMap<PartitionId, Vec<Generation<ControlTotals>>>> {
    let run = current.map_or(0, |current| current.id.0);
    let from = "FROM generations g \
                LEFT JOIN view_coverage c ON c.run_id = ? AND c.partition_id = g.partition_id \
                LEFT JOIN view_exceptions e ON e.run_id = ? AND e.partition_id = g.partition_id \
                AND e.generation = g.generation";
    let conditions = "WHERE g.end_offset IS NOT NULL AND \
                      (c.through_generation IS NULL OR g.generation > c.through_generation \
                      OR e.kind = 'set_aside')";
    let of = [run, run].map(Value::Integer);
    let sql = format!(
        "SELECT n.partition_id, n.generation, n.currency, n.net {from} \
         JOIN generation_net n ON n.partition_id = g.partition_id \
         AND n.generation = g.generation {conditions}"
    );
    let mut nets = views::nets(session, &sql, &of).await?;
    let sql = format!(
        "SELECT g.partition_id, g.generation, g.start_offset, g.end_offset, \
         g.accepted, g.rejected, g.duplicates {from} {conditions} \
         ORDER BY g.partition_id, g.generation"
    );
    let mut sealed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in session.select("reading generations", &sql, &of).await? {
        let mut cells = Cells::of("generations", &row);
        let partition = cells.integer()?;
        let number = cells.generation()?;
        let (start, end) = (cells.offset()?, cells.offset()?);
        let span = Span::new(start, end).ok_or_else(|| WarehouseError::Damaged {
            table: "generations",
            what: format!("generation {number} of partition {partition} without offsets"),
        })?;
        let counted = views::counted(&mut cells)?;
        let net = nets.remove(&(partition, number.0)).unwrap_or_default();
        let control = ControlTotals::new(counted, net)?;
        let of_partition = sealed.entry(PartitionId(partition)).or_default();
        of_partition.push(Generation {
            number,
            span,
            control,
        });
    }
    Ok(sealed)
}
