//! Totals by subject that changed.

use super::{ASKED_MAX, Kept, QuarterTops, Since, SubjectTotals, changed, listed};
use crate::error::Result;
use crate::rows::{Cells, count};
use crate::session::Session;
use comptoir_database::Value;
use comptoir_model::api::live::TopKind;
use comptoir_model::live::{QuarterHour, TopSums};
use comptoir_model::merge::GenerationNumber;
use futures::TryStreamExt;
use std::collections::BTreeMap;

pub(super) async fn changed_since(
    session: &mut Session,
    since: Since,
    from: QuarterHour,
) -> Result<Vec<QuarterTops>> {
    let changed = changed(session, since, Kept::Quarters, from.0).await?;
    let mut tops = Vec::new();
    for (generation, quarters) in changed {
        for asked in quarters.chunks(ASKED_MAX) {
            tops.extend(of_quarters(session, since, generation, asked).await?);
        }
    }
    Ok(tops)
}

async fn of_quarters(
    session: &mut Session,
    since: Since,
    generation: GenerationNumber,
    quarters: &[i64],
) -> Result<Vec<QuarterTops>> {
    let (places, listed) = listed(quarters);
    let sql = format!(
        "SELECT quarter, currency, kind, name, transactions, approved, units, gross, refunds, net \
         FROM tops WHERE partition_id = ? AND generation = ? AND quarter IN ({places}) \
         AND changed_offset > ?"
    );
    let mut values = vec![since.partition.0, count(generation.0, "a generation")?];
    values.extend(listed);
    values.push(since.offset()?);
    let values: Vec<_> = values.into_iter().map(Value::Integer).collect();
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
        partition: since.partition,
        generation,
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
