//! The quarters of an hour that a run writes, computed day by day in the order of time.

use super::cells::Cells;
use super::coverage::Counting;
use super::rows::{MinuteRow, OfQuarter, SubjectRow, add_buyers};
use crate::views::engine::{Engine, Planned};
use crate::views::error::ViewError;
use comptoir_model::live::{Distinct, Minute, QuarterHour};
use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{Expr, col, lit};
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

const MINUTES: (&str, &str) = (
    "batch/views/live/minutes.sql",
    include_str!("../../../views/live/minutes.sql"),
);
const SUBJECTS: (&str, &str) = (
    "batch/views/live/subjects.sql",
    include_str!("../../../views/live/subjects.sql"),
);
const BUYERS: (&str, &str) = (
    "batch/views/live/buyers.sql",
    include_str!("../../../views/live/buyers.sql"),
);

#[cfg(test)]
pub(in crate::views) const QUERIES: [(&str, &str); 3] = [MINUTES, SUBJECTS, BUYERS];

/// All that counts in one quarter of an hour.
pub(super) struct QuarterRows {
    pub(super) quarter: QuarterHour,
    pub(super) minutes: Vec<MinuteRow>,
    pub(super) distinct: BTreeMap<Minute, Distinct>,
    pub(super) subjects: Vec<SubjectRow>,
}

/// The quarters of one UTC day, which is a partition of the archive.
pub(super) struct DayRows {
    quarters: VecDeque<QuarterHour>,
    minutes: ByQuarter<MinuteRow>,
    subjects: ByQuarter<SubjectRow>,
    distinct: BTreeMap<Minute, Distinct>,
}

/// The quarters by the UTC days that they lie in.
pub(super) fn by_day(quarters: &BTreeSet<QuarterHour>) -> BTreeMap<Date, Vec<QuarterHour>> {
    let mut days: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for quarter in quarters {
        // Events have years of four digits.
        let Some(start) = quarter.start().and_then(Minute::start) else {
            continue;
        };
        let day = start.to_zoned(TimeZone::UTC).date();
        days.entry(day).or_default().push(*quarter);
    }
    days
}

impl DayRows {
    /// Begins to compute some quarters of a day, ascending.
    pub(super) async fn begin(
        engine: &Engine,
        bronze: &Arc<dyn TableProvider>,
        counting: &Counting,
        (day, quarters): (Date, Vec<QuarterHour>),
    ) -> Result<Self, ViewError> {
        let condition = within(day, &quarters);
        let (file, _) = MINUTES;
        let (sql, tables) = (counting.events_sql(), [("bronze", bronze)]);
        let events = engine.view(file, &sql, tables, condition).await?;
        let ask = async |(file, sql)| engine.query(file, sql, [("events", &events)]).await;
        let mut distinct = BTreeMap::new();
        let buyers = ask(BUYERS).await?;
        let mut batches = buyers.rows()?;
        while let Some(batch) = batches.next().await {
            add_buyers(&mut distinct, BUYERS.0, &buyers.batch(batch)?)?;
        }
        Ok(Self {
            quarters: quarters.into(),
            minutes: ByQuarter::begin(MINUTES.0, ask(MINUTES).await?)?,
            subjects: ByQuarter::begin(SUBJECTS.0, ask(SUBJECTS).await?)?,
            distinct,
        })
    }

    /// The next quarter; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<QuarterRows>, ViewError> {
        let Some(quarter) = self.quarters.pop_front() else {
            self.minutes.end().await?;
            self.subjects.end().await?;
            return Ok(None);
        };
        let later = self.distinct.split_off(&first_minute_after(quarter));
        Ok(Some(QuarterRows {
            quarter,
            minutes: self.minutes.take(quarter).await?,
            distinct: std::mem::replace(&mut self.distinct, later),
            subjects: self.subjects.take(quarter).await?,
        }))
    }

    /// How many bytes did not fit in memory, once all quarters were read.
    pub(super) fn spilled_bytes(&self) -> usize {
        self.minutes.planned.spilled_bytes() + self.subjects.planned.spilled_bytes()
    }
}

fn first_minute_after(QuarterHour(quarter): QuarterHour) -> Minute {
    let next = QuarterHour(quarter.saturating_add(1));
    next.start().unwrap_or(Minute(i64::MAX))
}

/// Which rows of the archive lie in these quarters of a day.
fn within(day: Date, quarters: &[QuarterHour]) -> Expr {
    let mut spans: Vec<(QuarterHour, QuarterHour)> = Vec::new();
    for quarter in quarters {
        let next = QuarterHour(quarter.0 + 1);
        match spans.last_mut() {
            Some((_, end)) if end == quarter => *end = next,
            _ => spans.push((*quarter, next)),
        }
    }
    let at = |quarter: QuarterHour| {
        let start = quarter.start().and_then(Minute::start);
        let micros = start.map(jiff::Timestamp::as_microsecond);
        lit(ScalarValue::TimestampMicrosecond(
            micros,
            Some("UTC".into()),
        ))
    };
    let spans = spans.into_iter().map(|(start, end)| {
        let time = || col("event_time");
        time().gt_eq(at(start)).and(time().lt(at(end)))
    });
    let in_spans = spans.reduce(Expr::or).unwrap_or(lit(false));
    let days = day
        .since(Date::constant(1970, 1, 1))
        .map(|since| since.get_days());
    let day = ScalarValue::Date32(days.ok());
    col("day").eq(lit(day)).and(in_spans)
}

/// The rows of an answer that is ordered by time, a quarter of an hour at a time.
struct ByQuarter<T> {
    file: &'static str,
    planned: Planned,
    batches: SendableRecordBatchStream,
    read: VecDeque<T>,
}

impl<T: OfQuarter> ByQuarter<T> {
    fn begin(file: &'static str, planned: Planned) -> Result<Self, ViewError> {
        let batches = planned.rows()?;
        Ok(Self {
            file,
            planned,
            batches,
            read: VecDeque::new(),
        })
    }

    /// Quarters are asked for in their order.
    async fn take(&mut self, quarter: QuarterHour) -> Result<Vec<T>, ViewError> {
        let mut taken = Vec::new();
        while self.read_on().await? {
            match self.read.pop_front_if(|row| row.quarter() == quarter) {
                Some(row) => taken.push(row),
                None => break,
            }
        }
        Ok(taken)
    }

    /// A row that no quarter took would be missing in the figures.
    async fn end(&mut self) -> Result<(), ViewError> {
        if !self.read_on().await? {
            return Ok(());
        }
        Err(ViewError::Sql {
            file: self.file.to_owned(),
            reason: "its rows are not in the order of time".to_owned(),
        })
    }

    /// Whether there is a row left, which is read then.
    async fn read_on(&mut self) -> Result<bool, ViewError> {
        while self.read.is_empty() {
            let Some(batch) = self.batches.next().await else {
                return Ok(false);
            };
            let batch: RecordBatch = self.planned.batch(batch)?;
            let cells = Cells::of(self.file, &batch);
            self.read.extend(T::read(&cells, batch.num_rows())?);
        }
        Ok(true)
    }
}
