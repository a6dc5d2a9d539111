//! Totals by subject that changed.

use super::{ASKED_MAX, Kept, Origin, QuarterTops, Since, SubjectTotals, changed, listed};
use crate::error::Result;
use crate::rows::{Cells, count};
use crate::runs::{self, Current};
use crate::session::Session;
use comptoir_database::Value;
use comptoir_model::api::live::TopKind;
use comptoir_model::live::{QuarterHour, TopSums};
use futures::TryStreamExt;
use std::collections::BTreeMap;

pub(super) async fn changed_since(
    session: &mut Session,
    since: Since<'_>,
    from: QuarterHour,
) -> Result<Vec<QuarterTops>> {
    let changed = changed(session, since, Kept::Quarters, from.0).await?;
    let mut tops = Vec::new();
    for (generation, quarters) in changed {
        for asked in quarters.chunks(ASKED_MAX) {
            let (places, listed) = listed(asked);
            let from = format!(
                "tops WHERE partition_id = ? AND generation = ? AND quarter IN ({places}) \
                 AND changed_offset > ?"
            );
            let mut values = vec![since.partition.0, count(generation.0, "a generation")?];
            values.extend(listed);
            values.push(since.offset()?);
            tops.extend(read(session, since.origin(generation), &from, &values).await?);
        }
    }
    Ok(tops)
}

/// All that the current run counted, from a quarter of an hour on.
pub(super) async fn of_run(
    session: &mut Session,
    current: &Current,
    from: QuarterHour,
) -> Result<Vec<QuarterTops>> {
    let mut tops = Vec::new();
    for (run, quarters) in runs::blocks(session, current.version, from).await? {
        let quarters: Vec<_> = quarters.iter().map(|quarter| quarter.0).collect();
        for asked in quarters.chunks(ASKED_MAX) {
            let (places, listed) = listed(asked);
            let from = format!("view_tops WHERE run_id = ? AND quarter IN ({places})");
            let mut values = vec![run.0];
            values.extend(listed);
            tops.extend(read(session, Origin::Archive, &from, &values).await?);
        }
    }
    Ok(tops)
}

async fn read(
    session: &mut Session,
    origin: Origin,
    from: &str,
    values: &[i64],
) -> Result<Vec<QuarterTops>> {
    let sql = format!(
        "SELECT quarter, currency, kind, name, transactions, approved, units, gross, refunds, net \
         FROM {from}"
    );
    let values: Vec<_> = values.iter().copied().map(Value::Integer).collect();
    let mut found: BTreeMap<i64, Vec<SubjectTotals>> = BTreeMap::new();
    let mut rows = session.select_rows("reading tops", &sql, &values);
    while let Some(row) = rows.try_next().await? {
        let mut cells = Cells::of("tops", &row);
        let quarter = cells.integer()?;
        let subject = SubjectTotals {
            currency: cells.parsed(str::parse)?,
            kind: cells.word(kind)?,
            name: cells.text()?.to_owned(),
            sums: TopSums {
                transactions: cells.unsigned()?,
                approved: cells.unsigned()?,
                units: cells.unsigned()?,
                gross: cells.hundredths()?,
                refunds: cells.hundredths()?,
                net: cells.hundredths()?,
            },
        };
        found.entry(quarter).or_default().push(subject);
    }
    let tops = |(quarter, subjects)| QuarterTops {
        origin,
        quarter: QuarterHour(quarter),
        subjects,
    };
    Ok(found.into_iter().map(tops).collect())
}

/// As `SubjectKind` spells them.
fn kind(word: &str) -> Option<TopKind> {
    match word {
        "product" => Some(TopKind::Product),
        "merchant" => Some(TopKind::Merchant),
        "customer" => Some(TopKind::Customer),
        "amount_bucket" => Some(TopKind::AmountBucket),
        _ => None,
    }
}
