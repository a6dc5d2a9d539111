//! Totals of minutes that changed, and of quarters of an hour where a day of minutes is too many.

use super::{
    ASKED_MAX, Grouped, Kept, LiveQuery, MinuteTotals, OlderTotals, PlaceTotals, Since, Totals,
    listed,
};
use crate::error::Result;
use crate::rows::{Cells, count};
use crate::session::Session;
use crate::views;
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
    since: Since,
    query: &LiveQuery<'_>,
) -> Result<Changed> {
    let minutes_from = query.minutes_from.0.saturating_mul(QUARTER);
    let older_from = query.older_from.0.saturating_mul(QUARTER).min(minutes_from);
    let mut changed = Changed::default();
    for (generation, minutes) in super::changed(session, since, Kept::Minutes, older_from).await? {
        let of = Of { since, generation };
        let (minutes, older): (Vec<_>, Vec<_>) =
            (minutes.into_iter()).partition(|minute| *minute >= minutes_from);
        for asked in minutes.chunks(ASKED_MAX) {
            let totals = read(session, of, asked, Grain(1)).await?;
            changed
                .minutes
                .extend(totals.into_iter().map(|(minute, totals)| MinuteTotals {
                    partition: since.partition,
                    generation,
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
            let totals = read(session, of, asked, Grain(QUARTER)).await?;
            changed
                .older
                .extend(totals.into_iter().map(|(quarter, totals)| OlderTotals {
                    partition: since.partition,
                    generation,
                    quarter: QuarterHour(quarter),
                    totals,
                }));
        }
    }
    Ok(changed)
}

#[derive(Clone, Copy)]
struct Of {
    since: Since,
    generation: GenerationNumber,
}

/// The totals of `minutes`, by minute or quarter.
async fn read(
    session: &mut Session,
    of: Of,
    minutes: &[i64],
    grain: Grain,
) -> Result<BTreeMap<i64, Totals>> {
    let (places, listed) = listed(minutes);
    let mut values = vec![
        of.since.partition.0,
        count(of.generation.0, "a generation")?,
    ];
    values.extend(listed);
    let values: Vec<_> = values.into_iter().map(Value::Integer).collect();
    let condition = format!("WHERE partition_id = ? AND generation = ? AND minute IN ({places})");
    let mut totals: BTreeMap<i64, Totals> = BTreeMap::new();
    read_sketches(session, of, &condition, &values, grain, &mut totals).await?;
    read_grouped(session, &condition, &values, grain, &mut totals).await?;
    read_places(session, &condition, &values, grain, &mut totals).await?;
    Ok(totals)
}

async fn read_sketches(
    session: &mut Session,
    of: Of,
    condition: &str,
    values: &[Value<'_>],
    grain: Grain,
    totals: &mut BTreeMap<i64, Totals>,
) -> Result<()> {
    let sql = format!("SELECT minute, orders, customers FROM minutes {condition}");
    let mut rows = session.select_rows("reading minutes", &sql, values);
    while let Some(row) = rows.try_next().await? {
        let mut cells = Cells::of("minutes", &row);
        let minute = Minute(cells.integer()?);
        let distinct = views::distinct(of.since.partition.0, minute, &mut cells)?;
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
    condition: &str,
    values: &[Value<'_>],
    grain: Grain,
    totals: &mut BTreeMap<i64, Totals>,
) -> Result<()> {
    let sum = |column| session.dialect.sum(column);
    let keys = format!(
        "{}, currency, category, channel, status",
        unit(session, grain)
    );
    let sql = format!(
        "SELECT {keys}, {}, {}, {}, {}, {} FROM buckets {condition} GROUP BY {keys} \
         ORDER BY 1, 2, 3, 4, 5",
        sum("transactions"),
        sum("quantity"),
        sum("gross"),
        sum("refunds"),
        sum("net"),
    );
    let mut rows = session.select_rows("reading buckets", &sql, values);
    while let Some(row) = rows.try_next().await? {
        let mut cells = Cells::of("buckets", &row);
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
    condition: &str,
    values: &[Value<'_>],
    grain: Grain,
    totals: &mut BTreeMap<i64, Totals>,
) -> Result<()> {
    let sum = |expression: &str| session.dialect.sum(expression);
    let approved = Status::Approved.as_str();
    let of_approved = |column: &str| {
        sum(&format!(
            "CASE WHEN status = '{approved}' THEN {column} ELSE 0 END"
        ))
    };
    let keys = format!("{}, currency, country, city", unit(session, grain));
    let sql = format!(
        "SELECT {keys}, {}, {}, {}, {}, {}, {} FROM buckets {condition} GROUP BY {keys} \
         ORDER BY 1, 2, 3, 4",
        sum("transactions"),
        of_approved("transactions"),
        of_approved("quantity"),
        sum("gross"),
        sum("refunds"),
        sum("net"),
    );
    let mut rows = session.select_rows("reading buckets", &sql, values);
    while let Some(row) = rows.try_next().await? {
        let mut cells = Cells::of("buckets", &row);
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

fn unit(session: &Session, grain: Grain) -> String {
    match grain {
        Grain(1) => "minute".to_owned(),
        Grain(minutes) => session.dialect.divided("minute", minutes),
    }
}
