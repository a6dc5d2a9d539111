//! The dashboard's side: what changed since the last read.

mod change;
mod newest;
pub(crate) mod state;
mod tops;
mod totals;

pub use change::{
    DeadLetterSummary, Grouped, LiveChange, LivePartition, LiveQuery, LiveStream, MinuteTotals,
    NewEvents, OlderTotals, Origin, PlaceTotals, QuarterTops, RecordedGap, Seen, SubjectTotals,
    Totals,
};

use crate::dead_letters::{self, DeadLetterFilter};
use crate::error::Result;
use crate::rows::{Cells, stored};
use crate::runs::{self, Current, RunVersion};
use crate::session::Session;
use crate::transactions;
use crate::views::PartitionId;
use crate::warehouse::Warehouse;
use change::Known;
use comptoir_database::Value;
use comptoir_model::ids::Offset;
use comptoir_model::merge::{Coverage, GenerationNumber, PartitionKey, Side};
use newest::Newest;
use std::collections::BTreeMap;
use std::ops::Range;

/// Reads the dashboard's figures over one connection of its own.
pub struct LiveReader {
    warehouse: Warehouse,
    session: Option<Session>,
    letters: Option<KnownLetters>,
    newest: Newest,
    /// The current run, and what it speaks for: it is read again only where another one is.
    current: Option<(Current, Coverage)>,
    /// See [`Self::taking_new_events`].
    new_events_max: Option<u64>,
}

/// Counting dead letters reads all of them: it is done again only when there are new ones.
struct KnownLetters {
    rejected_and_removed: (u64, u64),
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
            newest: Newest::default(),
            current: None,
            new_events_max: None,
        }
    }

    /// A partition of which at most `max` events were accepted since the last read tells these
    /// events, which is far less than all totals that they changed. It needs a query that reads
    /// tops, too.
    #[must_use]
    pub fn taking_new_events(self, max: u64) -> Self {
        Self {
            new_events_max: Some(max),
            ..self
        }
    }

    /// Whether any position has moved since the minutes of `seen`, or another batch-view run is
    /// current: two short statements.
    pub async fn has_moved(&mut self, seen: &Seen) -> Result<bool> {
        let mut session = self.session().await?;
        let positions = state::positions(&mut session).await?;
        let run = runs::current_run(&mut session).await?;
        self.session = Some(session);
        let known = seen.minutes.iter().map(|(id, known)| (id, &known.next));
        let switched = seen.run != run.map(|(_, version)| version);
        Ok(switched || !positions.iter().eq(known))
    }

    /// Everything that changed, in one snapshot transaction. Cheap where nothing did. A sink that
    /// writes is never waited for, and never waits.
    pub async fn read(&mut self, query: &LiveQuery<'_>) -> Result<LiveChange> {
        let mut session = self.session().await?;
        session.begin_snapshot().await?;
        let change = self.read_all(&mut session, query).await?;
        session.rollback().await?;
        self.session = Some(session);
        Ok(change)
    }

    /// Lost unless it is put back: also where the caller is dropped half-way.
    async fn session(&mut self) -> Result<Session> {
        match self.session.take() {
            Some(session) => Ok(session),
            None => Session::open(self.warehouse.inner()).await,
        }
    }

    async fn read_all(
        &mut self,
        session: &mut Session,
        query: &LiveQuery<'_>,
    ) -> Result<LiveChange> {
        let version = self.learn_current(session).await?;
        let anew = query.seen.run != version;
        let seen = if anew {
            Seen::default()
        } else {
            query.seen.clone()
        };
        let query = &LiveQuery {
            seen: &seen,
            ..*query
        };
        let current = self.current.take();
        let coverage = current.as_ref().map(|(_, coverage)| coverage.clone());
        let mut change = LiveChange {
            moved: anew,
            anew,
            coverage: coverage.unwrap_or_default(),
            partitions: state::partitions(session).await?,
            streams: state::streams(session).await?,
            gaps: state::gaps(session).await?,
            seen: seen.clone(),
            ..LiveChange::default()
        };
        if let Some((current, _)) = &current {
            read_run(session, query, current, &mut change).await?;
        }
        self.current = current;
        for partition in &change.partitions.clone() {
            self.read_partition(session, query, partition, &mut change)
                .await?;
        }
        if change.moved && query.recent_max > 0 {
            let (partitions, max) = (&change.partitions, query.recent_max);
            change.recent = self.newest.of_all(session, partitions, max).await?;
        }
        let rejected = (change.partitions.iter()).map(|partition| partition.counted.rejected);
        let rejected = rejected.sum();
        change.dead_letters = self
            .dead_letters(session, rejected, query.dead_letters_max)
            .await?;
        Ok(change)
    }

    /// Which run is current, and what it speaks for.
    async fn learn_current(&mut self, session: &mut Session) -> Result<Option<RunVersion>> {
        let run = runs::current_run(session).await?;
        let known = self.current.as_ref();
        if known.map(|(current, _)| (current.id, current.version)) != run {
            let current = runs::current(session).await?;
            self.current = current.map(|current| {
                let coverage = current.speaks_for.coverage();
                (current, coverage)
            });
        }
        Ok(run.map(|(_, version)| version))
    }

    async fn read_partition(
        &mut self,
        session: &mut Session,
        query: &LiveQuery<'_>,
        partition: &LivePartition,
        change: &mut LiveChange,
    ) -> Result<()> {
        let LivePartition { id, next, .. } = *partition;
        let now = Known {
            next,
            generation: partition.generation,
            accepted: partition.counted.accepted,
        };
        let known = query.seen.minutes.get(&id).copied();
        if let Some(known) = known
            && let Some(new) = self.new_events(session, query, id, known..now).await?
        {
            change.moved = true;
            self.newest.add(&new, known.next..next);
            change.events.push(new);
            change.seen.minutes.insert(id, now);
            change.seen.tops.insert(id, next);
            return Ok(());
        }
        let known = known.map(|known| known.next);
        let coverage = &change.coverage.clone();
        let key = &partition.key;
        if known != Some(next) {
            change.moved = true;
            let since = Since {
                partition: id,
                key,
                coverage,
                known,
            };
            let changed = totals::changed_since(session, since, query).await?;
            change.minutes.extend(changed.minutes);
            change.older.extend(changed.older);
            change.seen.minutes.insert(id, now);
        }
        let known = query.seen.tops.get(&id).copied();
        if let Some(from) = query.tops_from
            && known != Some(next)
        {
            let since = Since {
                partition: id,
                key,
                coverage,
                known,
            };
            let tops = tops::changed_since(session, since, from).await?;
            change.tops.extend(tops);
            change.seen.tops.insert(id, next);
        }
        Ok(())
    }

    /// `None` where there are none, or too many, or not all of them are kept: the sink counts what
    /// it accepts, so that as many rows are all of them.
    async fn new_events(
        &self,
        session: &mut Session,
        query: &LiveQuery<'_>,
        partition: PartitionId,
        Range {
            start: known,
            end: now,
        }: Range<Known>,
    ) -> Result<Option<NewEvents>> {
        let is_whole = query.tops_from.is_some()
            && query.seen.tops.get(&partition) == Some(&known.next)
            && known.generation == now.generation
            && known.next < now.next;
        let accepted = now.accepted.checked_sub(known.accepted);
        let accepted = accepted.filter(|accepted| Some(*accepted) <= self.new_events_max);
        let (true, Some(accepted)) = (is_whole, accepted) else {
            return Ok(None);
        };
        let limit = accepted.saturating_add(1);
        let events = transactions::from_offset(session, partition, known.next, limit).await?;
        let are_all = events.len() as u64 == accepted;
        Ok(are_all.then_some(NewEvents {
            partition,
            generation: now.generation,
            events,
        }))
    }

    async fn dead_letters(
        &mut self,
        session: &mut Session,
        rejected: u64,
        newest_max: usize,
    ) -> Result<DeadLetterSummary> {
        // These two count every change of the list.
        let rejected_and_removed = (rejected, dead_letters::removed(session).await?);
        if let Some(known) = &self.letters
            && (known.rejected_and_removed, known.newest_max) == (rejected_and_removed, newest_max)
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
            rejected_and_removed,
            newest_max,
            summary: summary.clone(),
        });
        Ok(summary)
    }
}

/// The rows of the current run, which stay the same as long as it is current.
async fn read_run(
    session: &mut Session,
    query: &LiveQuery<'_>,
    current: &Current,
    change: &mut LiveChange,
) -> Result<()> {
    let version = Some(current.version);
    if query.seen.run != version {
        let counted = totals::of_run(session, current, query).await?;
        change.minutes.extend(counted.minutes);
        change.older.extend(counted.older);
        change.seen.run = version;
    }
    if let Some(from) = query.tops_from
        && query.seen.run_tops != version
    {
        let tops = tops::of_run(session, current, from).await?;
        change.tops.extend(tops);
        change.seen.run_tops = version;
    }
    Ok(())
}

/// What was read of a partition before.
#[derive(Clone, Copy)]
struct Since<'a> {
    partition: PartitionId,
    key: &'a PartitionKey,
    coverage: &'a Coverage,
    /// `None`: nothing.
    known: Option<Offset>,
}

impl Since<'_> {
    /// Whether its buckets count: else the current run speaks for it, pruned or not.
    fn counts(self, generation: GenerationNumber) -> bool {
        self.coverage.side_of(self.key, generation) == Side::Buckets
    }

    fn origin(self, generation: GenerationNumber) -> Origin {
        Origin::Buckets {
            partition: self.partition,
            generation,
        }
    }

    /// What changed at a higher offset is new.
    fn offset(self) -> Result<i64> {
        self.known.map_or(Ok(-1), stored)
    }
}

/// How many minutes or quarters one statement reads.
const ASKED_MAX: usize = 90;

/// Which of the tables that say when something changed.
#[derive(Clone, Copy)]
enum Kept {
    Minutes,
    Quarters,
}

/// What changed in one partition, from a minute or quarter of an hour on, by generation: of those
/// whose buckets count.
async fn changed(
    session: &mut Session,
    since: Since<'_>,
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
        if since.counts(generation) {
            let of_generation = changed.entry(generation).or_default();
            of_generation.push(cells.integer()?);
        }
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
