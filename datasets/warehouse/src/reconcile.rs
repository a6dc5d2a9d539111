//! The books of the warehouse, and what comes of holding them against each other.

use crate::dead_letters;
use crate::error::Result;
use crate::live::{LivePartition, LiveStream, RecordedGap, state};
use crate::rows::{Cells, count};
use crate::runs;
use crate::session::Session;
use crate::views;
use crate::warehouse::Warehouse;
use comptoir_database::Value;
use comptoir_model::api::live::GapInfo;
use comptoir_model::api::reconcile::{DifferenceInfo, ReconcileReport, ReconciledPartition};
use comptoir_model::api::{AsOf, StreamPosition};
use comptoir_model::live::{ControlTotals, Counted, SubjectKind};
use comptoir_model::merge::PartitionKey;
use comptoir_model::reconcile::{
    Books, Difference, GenerationBooks, PartitionBooks, Reconciliation, RunBooks, reconcile,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Warehouse {
    /// Adds up all that is served and holds it against what was counted, in one snapshot. It reads
    /// every bucket that is not pruned and every quarter of an hour of the run's rows: seconds
    /// where these are millions.
    pub async fn reconcile(&self, now: Timestamp) -> Result<ReconcileReport> {
        let mut lease = self.lease().await?;
        lease.begin_snapshot().await?;
        let partitions = state::partitions(&mut lease).await?;
        let streams = state::streams(&mut lease).await?;
        let gaps = state::gaps(&mut lease).await?;
        let books = books(&mut lease, &partitions).await?;
        lease.rollback().await?;
        lease.give_back();
        let outcome = reconcile(&books)?;
        Ok(report(&books, &outcome, &partitions, &streams, &gaps, now))
    }
}

async fn books(session: &mut Session, partitions: &[LivePartition]) -> Result<Books> {
    let mut books = Books::default();
    for partition in partitions {
        let of_partition = PartitionBooks {
            position: partition.next,
            open: partition.generation,
            generations: Vec::new(),
            dead_letters: 0,
        };
        books.partitions.insert(partition.key.clone(), of_partition);
    }
    let ids: BTreeMap<_, _> = (partitions.iter())
        .map(|partition| (partition.key.clone(), partition.id.0))
        .collect();
    let letters = dead_letters::counts_by_partition(session).await?;
    for (key, of_partition) in &mut books.partitions {
        of_partition.dead_letters = letters.get(&ids[key]).copied().unwrap_or_default();
    }
    let mut buckets = by_generation(session, "buckets", "").await?;
    let product = SubjectKind::Product.as_str();
    let mut tops = by_generation(session, "tops", &format!("WHERE kind = '{product}'")).await?;
    for row in views::generations(session).await? {
        let Some(of_partition) = books.partitions.get_mut(&row.partition) else {
            continue;
        };
        let of = (ids[&row.partition], row.number.0);
        of_partition.generations.push(GenerationBooks {
            number: row.number,
            start: row.start,
            end: row.end,
            counted_to: row.counted_to,
            control: row.control,
            buckets: buckets.remove(&of).unwrap_or_default(),
            tops: tops.remove(&of).unwrap_or_default(),
        });
    }
    books.run = run_books(session).await?;
    Ok(books)
}

/// Accepted events and their net, by partition and generation.
async fn by_generation(
    session: &mut Session,
    table: &'static str,
    condition: &str,
) -> Result<BTreeMap<(i64, u64), ControlTotals>> {
    let sum = |column| session.dialect.sum(column);
    let sql = format!(
        "SELECT partition_id, generation, currency, {}, {} FROM {table} {condition} \
         GROUP BY partition_id, generation, currency",
        sum("transactions"),
        sum("net")
    );
    let mut totals: BTreeMap<_, ControlTotals> = BTreeMap::new();
    for row in session
        .select("adding up what is served", &sql, &[])
        .await?
    {
        let mut cells = Cells::of(table, &row);
        let of = (cells.integer()?, cells.unsigned()?);
        totals.entry(of).or_default().add(&accepted(&mut cells)?)?;
    }
    Ok(totals)
}

/// Currency, transactions, net.
fn accepted(cells: &mut Cells<'_>) -> Result<ControlTotals> {
    let currency = cells.parsed(str::parse)?;
    let counted = Counted {
        accepted: cells.unsigned()?,
        ..Counted::default()
    };
    Ok(ControlTotals::new(
        counted,
        [(currency, cells.hundredths()?)],
    )?)
}

async fn run_books(session: &mut Session) -> Result<Option<RunBooks>> {
    let Some(current) = runs::current(session).await? else {
        return Ok(None);
    };
    let version = current.version.0;
    let sql = "SELECT COALESCE(MAX(version), 0) FROM view_runs";
    let rows = session.select("looking for runs", sql, &[]).await?;
    let newest = (rows.first()).map(|row| Cells::of("view_runs", row).unsigned());
    let newest_version = newest.transpose()?.unwrap_or_default();
    let of_sums = ("view_sums", "s.grain = 15 AND s.unit = n.quarter");
    let product = SubjectKind::Product.as_str();
    let condition = format!("s.quarter = n.quarter AND s.kind = '{product}'");
    let of_tops = ("view_tops", condition.as_str());
    let mut books = RunBooks {
        version,
        newest_version,
        coverage: current.speaks_for.coverage(),
        rows: served(session, version, of_sums).await?,
        tops: served(session, version, of_tops).await?,
        ..RunBooks::default()
    };
    for (key, spoken) in current.speaks_for.0 {
        (books.by_archive_alone).insert(key.clone(), spoken.by_archive_alone);
        books.counted.insert(key, spoken.counted);
    }
    Ok(Some(books))
}

/// What the blocks that count hold while `version` is current.
async fn served(
    session: &mut Session,
    version: u64,
    (table, condition): (&'static str, &str),
) -> Result<ControlTotals> {
    let sum = |column| session.dialect.sum(column);
    let sql = format!(
        "SELECT s.currency, {}, {} FROM \
         (SELECT b.quarter AS quarter, MAX(r.version) AS version FROM view_blocks b \
         JOIN view_runs r ON r.id = b.run_id WHERE r.version <= ? GROUP BY b.quarter) n \
         JOIN view_runs r ON r.version = n.version \
         JOIN {table} s ON s.run_id = r.id AND {condition} GROUP BY s.currency",
        sum("s.transactions"),
        sum("s.net")
    );
    let values = [Value::Integer(count(version, "a version")?)];
    let mut totals = ControlTotals::default();
    for row in (session.select("adding up the run's rows", &sql, &values)).await? {
        totals.add(&accepted(&mut Cells::of(table, &row))?)?;
    }
    Ok(totals)
}

fn report(
    books: &Books,
    outcome: &Reconciliation,
    partitions: &[LivePartition],
    streams: &[LiveStream],
    gaps: &[RecordedGap],
    now: Timestamp,
) -> ReconcileReport {
    let has_ended = |key: &PartitionKey| {
        let stream = streams.iter().find(|stream| stream.stream == key.stream);
        stream.is_some_and(|stream| stream.ended_at.is_some())
    };
    let fresh = (partitions
        .iter()
        .filter(|partition| !has_ended(&partition.key)))
    .map(|partition| {
        partition
            .progress
            .and_then(|progress| progress.fresh_through)
    });
    // A partition that is not known yet is less than any other.
    let fresh_through = fresh.min().flatten();
    let report = ReconcileReport {
        verdict: String::new(),
        complete: false,
        fresh_through,
        records: outcome.records,
        differences: outcome.differences.iter().map(info).collect(),
        partitions: (partitions.iter())
            .map(|partition| reconciled(partition, books, &outcome.differences))
            .collect(),
        gaps: gaps.iter().map(gap_info).collect(),
        unchecked: ["the log", "the archive"].map(not_asked).into(),
        full: None,
        as_of: AsOf {
            time: now,
            offsets: partitions.iter().map(position).collect(),
        },
    };
    report.summed_up()
}

fn not_asked(what: &str) -> String {
    format!("{what}: `comptoir-speed reconcile` looks at it")
}

fn info(difference: &Difference) -> DifferenceInfo {
    let partition = difference.partition();
    DifferenceInfo {
        kind: difference.kind().to_owned(),
        stream: partition.map(|key| key.stream.clone()),
        partition: partition.map(|key| key.partition),
        detail: difference.to_string(),
    }
}

fn gap_info(gap: &RecordedGap) -> GapInfo {
    GapInfo {
        stream: gap.partition.stream.clone(),
        partition: gap.partition.partition,
        kind: gap.kind,
        start: gap.span.start(),
        end: gap.span.end(),
        found_at: gap.found_at,
    }
}

fn reconciled(
    partition: &LivePartition,
    books: &Books,
    differences: &[Difference],
) -> ReconciledPartition {
    let LivePartition {
        key, next, counted, ..
    } = partition;
    let generations = books.partitions.get(key).map(|books| &books.generations);
    let sealed = generations.into_iter().flatten();
    let here = (differences.iter()).filter(|difference| difference.partition() == Some(key));
    let run = books.run.as_ref();
    ReconciledPartition {
        stream: key.stream.clone(),
        partition: key.partition,
        next: *next,
        archived: None,
        log: None,
        covered: run.map_or(comptoir_model::ids::Offset(0), |run| {
            run.coverage.end_of(key)
        }),
        sealed_generations: sealed.filter(|one| one.end.is_some()).count() as u64,
        accepted: counted.accepted,
        rejected: counted.rejected,
        dead_letters: books
            .partitions
            .get(key)
            .map_or(0, |books| books.dead_letters),
        duplicates: counted.duplicates,
        differences: here.count() as u64,
    }
}

fn position(partition: &LivePartition) -> StreamPosition {
    StreamPosition {
        stream: partition.key.stream.clone(),
        partition: partition.key.partition,
        next: partition.next,
    }
}
