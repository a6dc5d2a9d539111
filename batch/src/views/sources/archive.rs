//! The archive as a source: what the current live run covers, whatever was archived since.

use super::{Opened, Sources, Stored, StoredFiles, Stores};
use crate::views::engine::Engine;
use crate::views::error::ViewError;
use crate::views::header::ArchiveRows;
use crate::views::live::{self, Counting};
use comptoir_bronze::{DAY, Replaced, Snapshot};
use comptoir_model::ids::RunId;
use comptoir_model::merge::{Coverage, PartitionKey, Span};
use comptoir_model::view_result::SourceRun;
use comptoir_warehouse::ViewRunId;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type};
use datafusion::catalog::TableProvider;
use datafusion::prelude::{Expr, col, lit};
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names the archive to people.
const FILE: &str = "the archive";

/// What SQL over the whole archive calls it.
pub(super) const BRONZE: &str = "bronze";

/// The archive, as far as the live run covers it.
pub(super) struct CoveredEvents {
    pub(super) bronze: Arc<dyn TableProvider>,
    version: u64,
    coverage: Coverage,
    events: Counting,
    /// Of earlier days the archive may not have all events any more; `None`: it has.
    whole_from: Option<Date>,
    run: ViewRunId,
    rows: u64,
    pub(super) as_of: Timestamp,
}

/// Events of days that the archive has forgotten, which came afterwards.
pub(in crate::views) struct LateEvents {
    /// The first day of which the archive has all events.
    pub(in crate::views) before: Date,
    /// Days that have some.
    pub(in crate::views) days: BTreeSet<Date>,
    /// Where they lie, among others. Below are those that are in the result.
    pub(in crate::views) unread: Vec<(PartitionKey, Span)>,
}

impl Sources<'_> {
    pub(super) async fn open_archive(
        &mut self,
        name: &str,
        rows: ArchiveRows,
    ) -> Result<Opened, ViewError> {
        self.open_where(name, rows, lit(true), None).await
    }

    /// What comes of the events of the days that are replaced, and of late ones.
    pub(in crate::views) async fn open_part(
        &mut self,
        name: &str,
        rows: ArchiveRows,
        replaced: &Replaced,
        late: Option<&LateEvents>,
    ) -> Result<Opened, ViewError> {
        let late_days = late.map(|late| &late.days);
        let within = |days: &BTreeSet<Date>| {
            let days = days.iter().chain(late_days.into_iter().flatten()).copied();
            col(DAY).in_list(days.map(literal).collect(), false)
        };
        let condition = match replaced {
            Replaced::All => lit(true),
            Replaced::Days(days) => within(days),
            Replaced::From { first, others } => within(others).or(col(DAY).gt_eq(literal(*first))),
        };
        self.open_where(name, rows, condition, late).await
    }

    async fn open_where(
        &mut self,
        name: &str,
        rows: ArchiveRows,
        condition: Expr,
        late: Option<&LateEvents>,
    ) -> Result<Opened, ViewError> {
        let stores = self.stores;
        match rows {
            ArchiveRows::Events => {
                let covered = self.covered().await?;
                let sql = covered.events_sql(late);
                covered.open(name, stores, &sql, &[], condition).await
            }
            ArchiveRows::Records => {
                let covered = self.covered().await?;
                let sql = Counting::all_below(&covered.coverage).records_sql();
                covered.open(name, stores, &sql, &[], condition).await
            }
            ArchiveRows::Passed | ArchiveRows::Quarantined | ArchiveRows::Checks => {
                self.open_ruled(name, rows, condition, late).await
            }
            ArchiveRows::Alarms => self.open_alarms(name).await,
        }
    }

    /// Which events views see.
    pub(in crate::views) async fn coverage(&mut self) -> Result<Coverage, ViewError> {
        Ok(self.covered().await?.coverage.clone())
    }

    /// The first day of which the archive has all events; `None` where it has forgotten none.
    pub(in crate::views) async fn whole_from(&mut self) -> Result<Option<Date>, ViewError> {
        Ok(self.covered().await?.whole_from)
    }

    /// The days of the accepted events at these offsets.
    pub(in crate::views) async fn days_of(
        &mut self,
        spans: &[(PartitionKey, Span)],
    ) -> Result<BTreeSet<Date>, ViewError> {
        let engine = &self.stores.engine;
        let covered = self.covered().await?;
        let spans = spans.iter().map(|(key, span)| (key, *span));
        let sql = format!(
            "SELECT DISTINCT {DAY} FROM {BRONZE} WHERE _verdict = 'accepted' AND ({})",
            Counting::of_spans(spans).condition()
        );
        days(engine, &sql, &covered.bronze).await
    }

    pub(super) async fn covered(&mut self) -> Result<&CoveredEvents, ViewError> {
        let covered = match self.archive.take() {
            Some(covered) => covered,
            None => cover(self.stores).await?,
        };
        Ok(self.archive.insert(covered))
    }
}

impl CoveredEvents {
    /// The accepted ones, over the table `bronze`.
    pub(super) fn events_sql(&self, late: Option<&LateEvents>) -> String {
        let sql = self.events.events_sql();
        let Some(LateEvents { before, unread, .. }) = late else {
            return sql;
        };
        let unread = Counting::of_spans(unread.iter().map(|(key, span)| (key, *span)));
        format!(
            "{sql} AND ({DAY} >= DATE '{before}' OR ({}))",
            unread.condition()
        )
    }

    /// A query over `bronze` and these tables.
    pub(super) async fn open(
        &self,
        name: &str,
        stores: &Stores,
        sql: &str,
        others: &[(String, Opened)],
        condition: Expr,
    ) -> Result<Opened, ViewError> {
        let tables = others
            .iter()
            .map(|(name, other)| (name.as_str(), &other.table));
        let tables = std::iter::once((BRONZE, &self.bronze)).chain(tables);
        let table = stores.engine.view(FILE, sql, tables, condition).await?;
        let files = StoredFiles::Delta {
            url: stores.lake.url_of(&stores.places.archive),
            version: self.version,
        };
        Ok(Opened {
            run: SourceRun {
                name: name.to_owned(),
                location: stores.places.archive.to_string(),
                run: RunId::numbered(live::NAME, self.run.0),
                rows: self.rows,
                time: self.as_of,
            },
            table,
            stored: Stored::queried(files, BRONZE, sql, others),
            is_given: true,
            basis: Vec::new(),
        })
    }
}

fn literal(day: Date) -> Expr {
    let number = i32::try_from(day.duration_since(date(1970, 1, 1)).as_hours() / 24);
    lit(ScalarValue::Date32(number.ok()))
}

async fn days(
    engine: &Engine,
    sql: &str,
    bronze: &Arc<dyn TableProvider>,
) -> Result<BTreeSet<Date>, ViewError> {
    let planned = engine.query(FILE, sql, [(BRONZE, bronze)]).await?;
    let mut batches = planned.rows()?;
    let mut days = BTreeSet::new();
    while let Some(batch) = batches.next().await {
        let batch = planned.batch(batch)?;
        let found = cast(batch.column(0), &DataType::Date32).map_err(|error| ViewError::Sql {
            file: FILE.to_owned(),
            reason: error.to_string(),
        })?;
        let found = found.as_primitive::<Date32Type>();
        let epoch = date(1970, 1, 1);
        let day = |number| epoch.checked_add(jiff::Span::new().days(number)).ok();
        days.extend(found.iter().flatten().filter_map(day));
    }
    Ok(days)
}

async fn cover(stores: &Stores) -> Result<CoveredEvents, ViewError> {
    let archive = &stores.archive;
    let nothing = || ViewError::NothingThere {
        url: archive.to_string(),
        cure: format!("comptoir-batch views run {}", live::NAME),
    };
    let facts = stores.warehouse.batch_facts().await?;
    let run = facts.current.ok_or_else(nothing)?;
    let as_of = facts.as_of.ok_or_else(|| ViewError::NeverComplete {
        url: archive.to_string(),
    })?;
    // What the run covers is in every later version, but for what is forgotten on purpose.
    let snapshot = Snapshot::newest(archive).await?.ok_or_else(nothing)?;
    let forgotten = snapshot.forgotten()?;
    let recorded = facts.partitions.iter();
    let current: BTreeMap<_, _> = recorded
        .filter_map(|(key, recorded)| Some((key.clone(), recorded.current.clone()?)))
        .collect();
    let coverage = Coverage(current);
    let rows = (facts.partitions.values()).map(|of| of.counted.counted().accepted);
    Ok(CoveredEvents {
        bronze: snapshot.provider().await?,
        version: snapshot.version(),
        events: Counting::of(&coverage, &facts.partitions),
        coverage,
        whole_from: forgotten.map(|forgotten| forgotten.before),
        run,
        rows: rows.sum(),
        as_of,
    })
}
