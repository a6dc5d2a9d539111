//! The dashboard's side: what changed since the last read.

mod change;
mod state;
mod tops;
mod totals;

pub use change::{
    DeadLetterSummary, Grouped, LiveChange, LivePartition, LiveQuery, LiveStream, MinuteTotals,
    OlderTotals, PlaceTotals, QuarterTops, RecordedGap, Seen, SubjectTotals, Totals,
};

use crate::dead_letters::{self, DeadLetterFilter};
use crate::error::Result;
use crate::rows::{Cells, stored};
use crate::session::Session;
use crate::transactions::{self, StoredTransaction};
use crate::views::PartitionId;
use crate::warehouse::Warehouse;
use comptoir_database::Value;
use comptoir_model::ids::Offset;
use comptoir_model::merge::GenerationNumber;
use std::collections::BTreeMap;

/// Reads the dashboard's figures over one connection of its own.
pub struct LiveReader {
    warehouse: Warehouse,
    session: Option<Session>,
    letters: Option<KnownLetters>,
}

/// Counting dead letters reads all of them: it is done again only when there are new ones.
struct KnownLetters {
    rejected: u64,
    newest_max: usize,
    summary: DeadLetterSummary,
}

impl LiveReader {
    /// Connects nothing yet: each read reconnects by itself after an error.
    pub fn new(warehouse: &Warehouse) -> Self {
        Self {
            warehouse: warehouse.clone(),
            session: None,
            letters: None,
        }
    }

    /// Everything that changed, in one snapshot transaction. Cheap where nothing did. A sink that
    /// writes is never waited for, and never waits.
    pub async fn read(&mut self, query: &LiveQuery<'_>) -> Result<LiveChange> {
        // Lost unless it is put back: also where this call is dropped half-way.
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(self.warehouse.inner()).await?,
        };
        session.begin_snapshot().await?;
        let change = self.read_all(&mut session, query).await?;
        session.rollback().await?;
        self.session = Some(session);
        Ok(change)
    }

    async fn read_all(
        &mut self,
        session: &mut Session,
        query: &LiveQuery<'_>,
    ) -> Result<LiveChange> {
        let mut change = LiveChange {
            partitions: state::partitions(session).await?,
            streams: state::streams(session).await?,
            gaps: state::gaps(session).await?,
            seen: query.seen.clone(),
            ..LiveChange::default()
        };
        let partitions = &change.partitions;
        for LivePartition { id, next, .. } in partitions {
            let known = query.seen.minutes.get(id).copied();
            if known != Some(*next) {
                change.moved = true;
                let since = Since {
                    partition: *id,
                    known,
                };
                let changed = totals::changed_since(session, since, query).await?;
                change.minutes.extend(changed.minutes);
                change.older.extend(changed.older);
                change.seen.minutes.insert(*id, *next);
            }
            let known = query.seen.tops.get(id).copied();
            if let Some(from) = query.tops_from
                && known != Some(*next)
            {
                let since = Since {
                    partition: *id,
                    known,
                };
                let tops = tops::changed_since(session, since, from).await?;
                change.tops.extend(tops);
                change.seen.tops.insert(*id, *next);
            }
        }
        if change.moved && query.recent_max > 0 {
            change.recent = newest(session, partitions, query.recent_max).await?;
        }
        let rejected = partitions
            .iter()
            .map(|partition| partition.counted.rejected);
        let rejected = rejected.sum();
        change.dead_letters = self
            .dead_letters(session, rejected, query.dead_letters_max)
            .await?;
        Ok(change)
    }

    async fn dead_letters(
        &mut self,
        session: &mut Session,
        rejected: u64,
        newest_max: usize,
    ) -> Result<DeadLetterSummary> {
        if let Some(known) = &self.letters
            && (known.rejected, known.newest_max) == (rejected, newest_max)
        {
            return Ok(known.summary.clone());
        }
        let by_reason = dead_letters::counts(session).await?;
        let newest = if newest_max > 0 {
            dead_letters::newest(session, &DeadLetterFilter::default(), newest_max).await?
        } else {
            Vec::new()
        };
        let summary = DeadLetterSummary {
            total: by_reason.iter().map(|(_, count)| count).sum(),
            by_reason,
            newest,
        };
        self.letters = Some(KnownLetters {
            rejected,
            newest_max,
            summary: summary.clone(),
        });
        Ok(summary)
    }
}

/// What was read of a partition before.
#[derive(Clone, Copy)]
struct Since {
    partition: PartitionId,
    /// `None`: nothing.
    known: Option<Offset>,
}

impl Since {
    /// What changed at a higher offset is new.
    fn offset(self) -> Result<i64> {
        self.known.map_or(Ok(-1), stored)
    }
}

/// The newest by event time of those with the highest offsets.
async fn newest(
    session: &mut Session,
    partitions: &[LivePartition],
    max: usize,
) -> Result<Vec<StoredTransaction>> {
    let mut newest = Vec::new();
    for partition in partitions {
        newest.extend(transactions::newest_of(session, partition.id, max).await?);
    }
    newest.sort_by(|a, b| {
        let order = |of: &StoredTransaction| (of.event.event_time, of.offset);
        (order(b).cmp(&order(a))).then_with(|| a.partition.cmp(&b.partition))
    });
    newest.truncate(max);
    Ok(newest)
}

/// How many minutes or quarters one statement reads.
const ASKED_MAX: usize = 90;

/// Which of the tables that say when something changed.
#[derive(Clone, Copy)]
enum Kept {
    Minutes,
    Quarters,
}

/// What changed in one partition, from a minute or quarter of an hour on, by generation.
async fn changed(
    session: &mut Session,
    since: Since,
    kept: Kept,
    from: i64,
) -> Result<BTreeMap<GenerationNumber, Vec<i64>>> {
    let (table, column) = match kept {
        Kept::Minutes => ("minutes", "minute"),
        Kept::Quarters => ("quarters", "quarter"),
    };
    let sql = format!(
        "SELECT generation, {column} FROM {table} \
         WHERE partition_id = ? AND changed_offset > ? AND {column} >= ? \
         ORDER BY generation, {column}"
    );
    let values = [since.partition.0, since.offset()?, from].map(Value::Integer);
    let mut changed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in (session.select("looking for what changed", &sql, &values)).await? {
        let mut cells = Cells::of(table, &row);
        let generation = cells.generation()?;
        changed
            .entry(generation)
            .or_default()
            .push(cells.integer()?);
    }
    Ok(changed)
}

/// Places for `numbers` in `IN (…)`, and their values: few sizes, so that few statements have to be
/// prepared. The last number fills what is left.
fn listed(numbers: &[i64]) -> (String, Vec<i64>) {
    let sizes = [1, 2, 4, 15, 30, ASKED_MAX];
    let size = sizes.into_iter().find(|size| *size >= numbers.len());
    let size = size.unwrap_or(numbers.len());
    let mut filled = numbers.to_vec();
    filled.resize(size, numbers.last().copied().unwrap_or_default());
    (vec!["?"; size].join(","), filled)
}
