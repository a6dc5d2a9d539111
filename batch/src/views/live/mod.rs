//! The live run: the batch side of the live figures, computed from the archive.
//!
//! One run recomputes what the views sink has counted and takes its place, for all merged views
//! together. What it may speak for is decided by `comptoir_model::merge`, and recorded, loaded and
//! switched to by `comptoir_warehouse`'s runs; this module holds the archive against both. It may
//! end anywhere: until the switch nobody sees anything of it, and after it nothing is missing.
//!
//! Pure: `coverage` says which rows count, `examine` adds them up again. Shells: `archived` waits
//! for the archive and reads it, `blocks` computes what is loaded.

mod archived;
mod blocks;
mod cells;
mod coverage;
mod examine;
mod plan;
mod rows;

#[cfg(test)]
pub(super) use blocks::QUERIES;
pub(super) use coverage::Counting;
pub(super) use plan::plan;

use super::engine::Engine;
use super::error::ViewError;
use archived::{Facts, examine, passed, positions};
use blocks::{DayRows, QuarterRows, by_day};
use comptoir_bronze::{Archive, Committed, Draft, Gap, Part, Snapshot, Table};
use comptoir_config::{clock, fault};
use comptoir_lake::Retry;
use comptoir_model::live::{ControlTotals, Minute, QuarterHour};
use comptoir_model::merge::{Candidate, Covered, PartitionKey, Span, Stop, behind};
use comptoir_warehouse::{
    BatchFacts, BatchRun, Block, Holds, Loaded, Reading, Switched, ViewRunId, ViewsWriter,
    Warehouse, WarehouseError,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What the run is called among the views.
pub(super) const NAME: &str = "live";

/// For so long figures are kept by the minute.
const MINUTES_FOR: SignedDuration = SignedDuration::from_hours(8 * 24);

/// When a call to the warehouse is made again.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

pub(super) struct LiveRun<'a> {
    pub(super) engine: &'a Engine,
    pub(super) table: &'a Table,
    pub(super) warehouse: &'a Warehouse,
    /// How long to wait for the archive to come as far as the views sink.
    pub(super) patience: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct LiveDone {
    /// The run that is current now; `None` where nothing was ever covered.
    pub(super) run: Option<ViewRunId>,
    /// Accepted events that it counts and the one before did not.
    pub(super) events: u64,
    /// Quarters of an hour that were computed anew, or added to.
    pub(super) quarters: usize,
    /// Partitions of which the archive has less than the views sink, so that their buckets go on
    /// counting.
    pub(super) behind: BTreeSet<PartitionKey>,
    /// Partitions whose coverage can't go on, and why.
    pub(super) stops: BTreeMap<PartitionKey, Stop<ControlTotals>>,
    pub(super) spilled_bytes: usize,
}

impl LiveRun<'_> {
    /// Seals, waits for the archive, and makes the run current. `None` where nothing was ever
    /// archived. The caller holds the lock of the job.
    pub(super) async fn run(&self) -> Result<Option<LiveDone>, ViewError> {
        let now = clock::now();
        // Under the lock nobody else loads: what is loading was left by a crash.
        insist(async || self.warehouse.abandon_runs(now, now).await).await?;
        let Some(snapshot) = Snapshot::newest(self.table).await? else {
            return Ok(None);
        };
        let owner = format!("views run, process {}", std::process::id());
        let mut writer = ViewsWriter::open(self.warehouse, &owner).await?;
        self.close_ended_streams(&snapshot, &mut writer).await?;
        let sealed_at = clock::now();
        insist(async || writer.seal(sealed_at).await).await?;
        fault::pass("live-sealed");
        let recorded = insist(async || self.warehouse.batch_facts().await).await?;
        let ends = recorded.last_seals();
        let Some((snapshot, positions)) = passed(self.table, &ends, self.patience).await? else {
            return Ok(None);
        };
        fault::pass("live-waited");
        let facts = examine(self.engine, &snapshot, &recorded, &positions).await?;
        let candidate = Candidate::of(&recorded.partitions, &facts.archived)?;
        let behind = behind(&ends, &positions).into_iter().cloned().collect();
        let mut done = LiveDone {
            run: recorded.current,
            events: 0,
            quarters: 0,
            behind,
            stops: candidate.stops.clone(),
            spilled_bytes: 0,
        };
        let complete = done.behind.is_empty() && done.stops.is_empty();
        if covers_more(&recorded, &candidate) {
            let reading = Reading {
                archive_version: i64::try_from(snapshot.version()).unwrap_or(i64::MAX),
                as_of: if complete {
                    Some(sealed_at)
                } else {
                    recorded.as_of
                },
            };
            self.replace(&snapshot, &recorded, &facts, &candidate, reading, &mut done)
                .await?;
        } else if let Some(run) = recorded.current
            && complete
        {
            insist(async || self.warehouse.still_complete(run, sealed_at).await).await?;
        }
        self.clean_up(sealed_at).await?;
        Ok(Some(done))
    }

    /// What either sink can't read any more is lost to it, on record.
    async fn close_ended_streams(
        &self,
        snapshot: &Snapshot,
        writer: &mut ViewsWriter,
    ) -> Result<(), ViewError> {
        let known = insist(async || self.warehouse.batch_facts().await).await?;
        if known.ended.is_empty() {
            return Ok(());
        }
        let archived = positions(snapshot, known.positions.keys()).await?;
        let endings = insist(async || writer.end_partitions(&archived, clock::now()).await).await?;
        let mut archive = Archive::new(self.table.clone());
        for (key, ending) in endings {
            if let Some(lost) = ending.lost_to_archive {
                record_hole(self.table, &mut archive, key, lost).await?;
            }
        }
        Ok(())
    }

    /// Loads a run and switches to it.
    async fn replace(
        &self,
        snapshot: &Snapshot,
        recorded: &BatchFacts,
        facts: &Facts,
        candidate: &Candidate<ControlTotals>,
        reading: Reading,
        done: &mut LiveDone,
    ) -> Result<(), ViewError> {
        let now = clock::now();
        let minutes_from = minutes_from(now);
        let begin =
            async || BatchRun::begin(self.warehouse, candidate, reading, minutes_from, now).await;
        let run = insist(begin).await?;
        fault::pass("live-begun");
        let loaded = self.load(&run, snapshot, recorded, facts, candidate, done);
        let switched = match loaded.await {
            Ok(()) => match insist(async || run.switch(clock::now()).await).await {
                Ok(Switched::Done { .. }) => Ok(()),
                Ok(Switched::Refused(refusal)) => Err(ViewError::Refused(refusal)),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = &switched {
            // Only for the record: the next run gives up what this one left.
            let why = error.to_string();
            if let Err(error) = run.give_up(&why, clock::now()).await {
                tracing::warn!(
                    "that run {} was given up could not be recorded: {error}",
                    run.id()
                );
            }
        } else {
            fault::pass("live-switched");
            done.run = Some(run.id());
        }
        switched
    }

    async fn load(
        &self,
        run: &BatchRun,
        snapshot: &Snapshot,
        recorded: &BatchFacts,
        facts: &Facts,
        candidate: &Candidate<ControlTotals>,
        done: &mut LiveDone,
    ) -> Result<(), ViewError> {
        let (quarters, events) = news(recorded, facts, candidate);
        (done.quarters, done.events) = (quarters.len(), events);
        let all = Counting::of(&candidate.coverage, &recorded.partitions);
        let news = all.behind(|key| covered_before(recorded, key).map(|covered| covered.end));
        let since = recorded.current;
        let bronze = snapshot.provider().await?;
        for (day, quarters) in by_day(&quarters) {
            let (counting, holds) = match facts.whole_from {
                Some(first) if day < first => (&news, Holds::News { since }),
                _ => (&all, Holds::All),
            };
            let day = (day, quarters);
            let mut rows = DayRows::begin(self.engine, &bronze, counting, day).await?;
            while let Some(quarter) = rows.next().await? {
                write(run, &quarter, holds).await?;
                fault::pass("live-chunk-loaded");
            }
            done.spilled_bytes += rows.spilled_bytes();
        }
        Ok(())
    }

    /// Buckets that the current run counts, and rows of runs that do not count any more.
    async fn clean_up(&self, now: Timestamp) -> Result<(), ViewError> {
        while insist(async || self.warehouse.prune_chunk().await).await? > 0 {
            fault::pass("live-chunk-pruned");
        }
        let minutes_from = minutes_from(now);
        while insist(async || self.warehouse.sweep_chunk(minutes_from).await).await? > 0 {}
        Ok(())
    }
}

/// Each commit is fenced by the archive's own position: somebody who is faster did the same.
async fn record_hole(
    table: &Table,
    archive: &mut Archive,
    key: PartitionKey,
    lost: Span,
) -> Result<(), ViewError> {
    // A partition that was never archived gets its position first.
    let next = archive.next(&key).await?;
    if next != lost.start() {
        return Ok(());
    }
    let now = clock::now();
    let mut draft = Draft::new(key.clone());
    draft
        .gap(Gap::Hole, lost, now)
        .map_err(comptoir_bronze::BronzeError::from)?;
    let (files, counts) = draft.finish().map_err(comptoir_bronze::BronzeError::from)?;
    let part = Part {
        files: table.upload(&files, now).await?,
        span: lost,
        counts,
        key,
    };
    for committed in archive.commit(&[part]).await {
        match committed {
            Committed::Applied { .. } => tracing::warn!(
                "{} to {} of a stream that ended are not in the archive",
                lost.start().0,
                lost.end().0
            ),
            // The next run looks again.
            Committed::GivenUp | Committed::Unknown => {}
        }
    }
    Ok(())
}

fn covers_more(recorded: &BatchFacts, candidate: &Candidate<ControlTotals>) -> bool {
    (candidate.coverage.0.iter())
        .any(|(key, covered)| covered_before(recorded, key) != Some(covered))
}

/// By the current run.
fn covered_before<'f>(recorded: &'f BatchFacts, key: &PartitionKey) -> Option<&'f Covered> {
    recorded.partitions.get(key)?.current.as_ref()
}

/// In which quarters of an hour the newly covered events lie that are not set aside, and how many
/// these are.
fn news(
    recorded: &BatchFacts,
    facts: &Facts,
    candidate: &Candidate<ControlTotals>,
) -> (BTreeSet<QuarterHour>, u64) {
    let (mut quarters, mut events) = (BTreeSet::new(), 0);
    for (key, covered) in &candidate.coverage.0 {
        let before = covered_before(recorded, key).map(|covered| covered.through);
        for found in facts.found.get(key).into_iter().flatten() {
            let is_new = Some(found.number) > before && found.number <= covered.through;
            if is_new && !covered.set_aside.contains(&found.number) {
                quarters.extend(&found.quarters);
                events += found.events();
            }
        }
    }
    (quarters, events)
}

async fn write(run: &BatchRun, rows: &QuarterRows, holds: Holds) -> Result<(), ViewError> {
    let buckets: Vec<_> = (rows.minutes.iter()).map(|row| row.as_bucket()).collect();
    let tops: Vec<_> = (rows.subjects.iter()).map(|row| row.as_top()).collect();
    let block = Block {
        quarter: rows.quarter,
        holds,
        buckets: &buckets,
        distinct: &rows.distinct,
        tops: &tops,
    };
    match insist(async || run.load(&[block]).await).await? {
        Loaded::Done => Ok(()),
        Loaded::Closed => Err(ViewError::Closed(run.id())),
        Loaded::Overtaken => Err(ViewError::Overtaken(run.id())),
    }
}

fn minutes_from(now: Timestamp) -> QuarterHour {
    let from = now.checked_sub(MINUTES_FOR).unwrap_or(Timestamp::MIN);
    QuarterHour::of(Minute::of(from))
}

/// Makes a call again as long as that can help: each is done wholly, or not at all.
async fn insist<T>(
    mut call: impl AsyncFnMut() -> Result<T, WarehouseError>,
) -> Result<T, WarehouseError> {
    for pause in PAUSES {
        match call().await {
            Err(error) if error.retry() != Retry::CanNot => {
                tracing::warn!("{error}; tried again in {} s", pause.as_secs_f32());
                tokio::time::sleep(pause).await;
            }
            done => return done,
        }
    }
    call().await
}
