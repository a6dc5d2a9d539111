//! Totals of minutes that changed, and of quarters of an hour where a day of minutes is too many.

use super::{
    ASKED_MAX, Grouped, Kept, LiveQuery, MinuteTotals, OlderTotals, Origin, PlaceTotals, Since,
    Totals, listed,
};
use crate::error::Result;
use crate::rows::{Cells, count};
use crate::runs::{self, Current, GRAIN_MINUTE, GRAIN_QUARTER, ViewRunId};
use crate::session::Session;
use crate::views::{self, PartitionId};
use comptoir_database::Value;
use comptoir_model::event::{Channel, Status};
use comptoir_model::live::{Distinct, Minute, QuarterHour, TopSums};
use comptoir_model::merge::GenerationNumber;
use futures::TryStreamExt;
use std::collections::{BTreeMap, BTreeSet};

/// Minutes of a quarter of an hour.
const QUARTER: i64 = 15;

/// What changed in one partition.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) minutes: Vec<MinuteTotals>,
    pub(super) older: Vec<OlderTotals>,
}

/// What is summed up: the minutes themselves, or their quarters.
#[derive(Clone, Copy)]
struct Grain(i64);

pub(super) async fn changed_since(
    session: &mut Session,
    since: Since<'_>,
    query: &LiveQuery<'_>,
) -> Result<Changed> {
    let minutes_from = query.minutes_from.0.saturating_mul(QUARTER);
    let older_from = query.older_from.0.saturating_mul(QUARTER).min(minutes_from);
    let mut changed = Changed::default();
    for (generation, minutes) in super::changed(session, since, Kept::Minutes, older_from).await? {
        let origin = since.origin(generation);
        let of = |grain| Place::of_buckets(since.partition, generation, grain);
        let (minutes, older): (Vec<_>, Vec<_>) = (minutes.into_iter())
            .filter(|minute| query.asks_for(QuarterHour(minute.div_euclid(QUARTER))))
            .partition(|minute| *minute >= minutes_from);
        for asked in minutes.chunks(ASKED_MAX) {
            let totals = read(session, &of(Grain(1))?, asked).await?;
            changed
                .minutes
                .extend(totals.into_iter().map(|(minute, totals)| MinuteTotals {
                    origin,
                    minute: Minute(minute),
                    totals,
                }));
        }
        // A quarter is read as a whole, whichever of its minutes changed.
        let quarters: BTreeSet<i64> = older
            .iter()
            .map(|minute| minute.div_euclid(QUARTER))
            .collect();
        let older: Vec<i64> = quarters
            .iter()
            .flat_map(|quarter| (0..QUARTER).map(move |minute| quarter * QUARTER + minute))
            .collect();
        for asked in older.chunks(ASKED_MAX) {
            let totals = read(session, &of(Grain(QUARTER))?, asked).await?;
            changed
                .older
                .extend(totals.into_iter().map(|(quarter, totals)| OlderTotals {
                    origin,
                    quarter: QuarterHour(quarter),
                    totals,
                }));
        }
    }
    Ok(changed)
}

/// All that the current run counted.
pub(super) async fn of_run(
    session: &mut Session,
    current: &Current,
    query: &LiveQuery<'_>,
) -> Result<Changed> {
    let from = query.older_from.min(query.minutes_from);
    let mut counted = Changed::default();
    for (run, quarters) in runs::blocks(session, current.version, from).await? {
        let (minutes, older): (Vec<_>, Vec<_>) = (quarters.into_iter())
            .filter(|quarter| query.asks_for(*quarter))
            .partition(|quarter| *quarter >= query.minutes_from);
        let minutes: Vec<i64> = (minutes.iter())
            .flat_map(|quarter| (0..QUARTER).map(move |minute| quarter.0 * QUARTER + minute))
            .collect();
        for asked in minutes.chunks(ASKED_MAX) {
            let totals = read(session, &Place::of_run(run, GRAIN_MINUTE), asked).await?;
            let totals = totals.into_iter().map(|(minute, totals)| MinuteTotals {
                origin: Origin::Archive,
                minute: Minute(minute),
                totals,
            });
            counted.minutes.extend(totals);
        }
        let older: Vec<i64> = older.iter().map(|quarter| quarter.0).collect();
        for asked in older.chunks(ASKED_MAX) {
            let totals = read(session, &Place::of_run(run, GRAIN_QUARTER), asked).await?;
            let totals = totals.into_iter().map(|(quarter, totals)| OlderTotals {
                origin: Origin::Archive,
                quarter: QuarterHour(quarter),
                totals,
            });
            counted.older.extend(totals);
        }
    }
    Ok(counted)
}

/// Where totals are read from.
struct Place {
    sums: &'static str,
    sketches: &'static str,
    /// The column of the minute or quarter of an hour that a row is of.
    unit: &'static str,
    /// What is summed up of it.
    grain: Grain,
    condition: &'static str,
    values: [i64; 2],
    /// In words, for errors.
    counted_in: String,
}

impl Place {
    fn of_buckets(
        partition: PartitionId,
        generation: GenerationNumber,
        grain: Grain,
    ) -> Result<Self> {
        Ok(Self {
            sums: "buckets",
            sketches: "minutes",
            unit: "minute",
            grain,
            condition: "partition_id = ? AND generation = ?",
            values: [partition.0, count(generation.0, "a generation")?],
            counted_in: partition.to_string(),
        })
    }

    /// Quarters of an hour are kept as such.
    fn of_run(run: ViewRunId, grain: i64) -> Self {
        Self {
            sums: "view_sums",
            sketches: "view_sketches",
            unit: "unit",
            grain: Grain(1),
            condition: "run_id = ? AND grain = ?",
            values: [run.0, grain],
            counted_in: format!("run {run}"),
        }
    }

    fn unit(&self, session: &Session) -> String {
        match self.grain {
            Grain(1) => self.unit.to_owned(),
            Grain(minutes) => session.dialect.divided(self.unit, minutes),
        }
    }
}

/// The totals of `units`, by what is summed up.
async fn read(
    session: &mut Session,
    place: &Place,
    units: &[i64],
) -> Result<BTreeMap<i64, Totals>> {
    let (places, listed) = listed(units);
    let values: Vec<_> = place
        .values
        .into_iter()
        .chain(listed)
        .map(Value::Integer)
        .collect();
    let condition = format!("WHERE {} AND {} IN ({places})", place.condition, place.unit);
    let mut totals: BTreeMap<i64, Totals> = BTreeMap::new();
    read_sketches(session, place, &condition, &values, &mut totals).await?;
    read_grouped(session, place, &condition, &values, &mut totals).await?;
    read_places(session, place, &condition, &values, &mut totals).await?;
    Ok(totals)
}

async fn read_sketches(
    session: &mut Session,
    place: &Place,
    condition: &str,
    values: &[Value<'_>],
    totals: &mut BTreeMap<i64, Totals>,
) -> Result<()> {
    let Place {
        sketches,
        unit,
        grain,
        ..
    } = *place;
    let sql = format!("SELECT {unit}, orders, customers FROM {sketches} {condition}");
    let mut rows = session.select_rows("reading minutes", &sql, values);
    while let Some(row) = rows.try_next().await? {
        let mut cells = Cells::of(sketches, &row);
        let minute = Minute(cells.integer()?);
        let distinct = views::distinct(&place.counted_in, minute, &mut cells)?;
        let totals = totals.entry(minute.0.div_euclid(grain.0)).or_default();
        merge(&mut totals.distinct, distinct, grain);
    }
    Ok(())
}

fn merge(into: &mut Distinct, distinct: Distinct, grain: Grain) {
    if grain.0 == 1 {
        *into = distinct;
    } else {
        into.merge(&distinct);
    }
}

async fn read_grouped(
    session: &mut Session,
    place: &Place,
    condition: &str,
    values: &[Value<'_>],
    totals: &mut BTreeMap<i64, Totals>,
) -> Result<()> {
    let sum = |column| session.dialect.sum(column);
    let keys = format!(
        "{}, currency, category, channel, status",
        place.unit(session)
    );
    let sql = format!(
        "SELECT {keys}, {}, {}, {}, {}, {} FROM {} {condition} GROUP BY {keys} \
         ORDER BY 1, 2, 3, 4, 5",
        sum("transactions"),
        sum("quantity"),
        sum("gross"),
        sum("refunds"),
        sum("net"),
        place.sums,
    );
    let mut rows = session.select_rows("reading buckets", &sql, values);
    while let Some(row) = rows.try_next().await? {
        let mut cells = Cells::of(place.sums, &row);
        let totals = totals.entry(cells.integer()?).or_default();
        let currency = cells.parsed(str::parse)?;
        let category = cells.text()?.to_owned();
        let channel = cells.word(Channel::from_word)?;
        let status = cells.word(Status::from_word)?;
        let (transactions, quantity) = (cells.unsigned()?, cells.unsigned()?);
        let (approved, units) = match status {
            Status::Approved => (transactions, quantity),
            Status::Declined | Status::Pending | Status::Refunded => (0, 0),
        };
        totals.grouped.push(Grouped {
            currency,
            category,
            channel,
            status,
            sums: TopSums {
                transactions,
                approved,
                units,
                gross: cells.hundredths()?,
                refunds: cells.hundredths()?,
                net: cells.hundredths()?,
            },
        });
    }
    Ok(())
}

async fn read_places(
    session: &mut Session,
    place: &Place,
    condition: &str,
    values: &[Value<'_>],
    totals: &mut BTreeMap<i64, Totals>,
) -> Result<()> {
    let sum = |expression: &str| session.dialect.sum(expression);
    let approved = Status::Approved.as_str();
    let of_approved = |column: &str| {
        sum(&format!(
            "CASE WHEN status = '{approved}' THEN {column} ELSE 0 END"
        ))
    };
    let keys = format!("{}, currency, country, city", place.unit(session));
    let sql = format!(
        "SELECT {keys}, {}, {}, {}, {}, {}, {} FROM {} {condition} GROUP BY {keys} \
         ORDER BY 1, 2, 3, 4",
        sum("transactions"),
        of_approved("transactions"),
        of_approved("quantity"),
        sum("gross"),
        sum("refunds"),
        sum("net"),
        place.sums,
    );
    let mut rows = session.select_rows("reading buckets", &sql, values);
    while let Some(row) = rows.try_next().await? {
        let mut cells = Cells::of(place.sums, &row);
        let totals = totals.entry(cells.integer()?).or_default();
        totals.places.push(PlaceTotals {
            currency: cells.parsed(str::parse)?,
            country: cells.text()?.to_owned(),
            city: cells.text()?.to_owned(),
            sums: TopSums {
                transactions: cells.unsigned()?,
                approved: cells.unsigned()?,
                units: cells.unsigned()?,
                gross: cells.hundredths()?,
                refunds: cells.hundredths()?,
                net: cells.hundredths()?,
            },
        });
    }
    Ok(())
}
