//! From the answers of the three queries to what a run loads.

use super::cells::{Amounts, Cells};
use crate::views::error::ViewError;
use comptoir_model::event::{Channel, Status};
use comptoir_model::live::{
    BucketKey, BucketSums, Distinct, Hundredths, Minute, QuarterHour, SubjectKind, TopKey, TopSums,
};
use comptoir_model::money::Currency;
use datafusion::arrow::array::RecordBatch;
use std::collections::BTreeMap;

/// A row of `minutes.sql`.
#[derive(Debug)]
pub(super) struct MinuteRow {
    minute: Minute,
    currency: Currency,
    category: String,
    country: String,
    city: String,
    channel: Channel,
    status: Status,
    sums: BucketSums,
}

/// A row of `subjects.sql`.
#[derive(Debug)]
pub(super) struct SubjectRow {
    quarter: QuarterHour,
    currency: Currency,
    kind: SubjectKind,
    name: String,
    sums: TopSums,
}

/// A row that belongs to a quarter of an hour.
pub(super) trait OfQuarter: Sized {
    fn quarter(&self) -> QuarterHour;

    fn read(cells: &Cells<'_>, rows: usize) -> Result<Vec<Self>, ViewError>;
}

impl MinuteRow {
    pub(super) fn as_bucket(&self) -> (BucketKey<'_>, &BucketSums) {
        let key = BucketKey {
            minute: self.minute,
            currency: self.currency,
            category: &self.category,
            country: &self.country,
            city: &self.city,
            channel: self.channel,
            status: self.status,
        };
        (key, &self.sums)
    }
}

impl SubjectRow {
    pub(super) fn as_top(&self) -> (TopKey<'_>, &TopSums) {
        let key = TopKey {
            quarter: self.quarter,
            currency: self.currency,
            kind: self.kind,
            name: &self.name,
        };
        (key, &self.sums)
    }
}

impl OfQuarter for MinuteRow {
    fn quarter(&self) -> QuarterHour {
        QuarterHour::of(self.minute)
    }

    fn read(cells: &Cells<'_>, rows: usize) -> Result<Vec<Self>, ViewError> {
        let minutes = cells.times("minute")?;
        let (currencies, statuses) = (cells.texts("currency")?, cells.texts("status")?);
        let (categories, countries) = (cells.texts("category")?, cells.texts("country")?);
        let (cities, channels) = (cells.texts("city")?, cells.texts("channel")?);
        let (transactions, quantities) =
            (cells.integers("transactions")?, cells.integers("quantity")?);
        let (gross, refunds) = (cells.amounts("gross")?, cells.amounts("refunds")?);
        let read = |row| {
            let money = Turnover::of(&gross, &refunds, row)?;
            Some(Self {
                minute: Minute::of(minutes.get(row)?),
                currency: currencies.at(row).parse().ok()?,
                category: categories.at(row).to_owned(),
                country: countries.at(row).to_owned(),
                city: cities.at(row).to_owned(),
                channel: Channel::from_word(channels.at(row))?,
                status: Status::from_word(statuses.at(row))?,
                sums: BucketSums {
                    transactions: transactions.count(row),
                    quantity: quantities.count(row),
                    gross: money.gross,
                    refunds: money.refunds,
                    net: money.net,
                },
            })
        };
        all(cells, rows, read)
    }
}

impl OfQuarter for SubjectRow {
    fn quarter(&self) -> QuarterHour {
        self.quarter
    }

    fn read(cells: &Cells<'_>, rows: usize) -> Result<Vec<Self>, ViewError> {
        let (hours, quarters) = (cells.times("hour")?, cells.integers("quarter")?);
        let (currencies, kinds) = (cells.texts("currency")?, cells.texts("kind")?);
        let names = cells.texts("name")?;
        let (transactions, approved) =
            (cells.integers("transactions")?, cells.integers("approved")?);
        let units = cells.integers("units")?;
        let (gross, refunds) = (cells.amounts("gross")?, cells.amounts("refunds")?);
        let read = |row| {
            let money = Turnover::of(&gross, &refunds, row)?;
            let QuarterHour(first) = QuarterHour::of(Minute::of(hours.get(row)?));
            Some(Self {
                quarter: QuarterHour(first + quarters.at(row)),
                currency: currencies.at(row).parse().ok()?,
                kind: SubjectKind::from_word(kinds.at(row))?,
                name: names.at(row).to_owned(),
                sums: TopSums {
                    transactions: transactions.count(row),
                    approved: approved.count(row),
                    units: units.count(row),
                    gross: money.gross,
                    refunds: money.refunds,
                    net: money.net,
                },
            })
        };
        all(cells, rows, read)
    }
}

/// Adds the buyers of a batch of `buyers.sql` to the sketches of their minutes.
pub(super) fn add_buyers(
    sketches: &mut BTreeMap<Minute, Distinct>,
    file: &str,
    batch: &RecordBatch,
) -> Result<(), ViewError> {
    let cells = Cells::of(file, batch);
    let minutes = cells.times("minute")?;
    let (orders, customers) = (cells.texts("order_id")?, cells.texts("customer_id")?);
    for row in 0..batch.num_rows() {
        let minute = minutes.get(row).ok_or_else(|| no_event(&cells, row))?;
        let distinct = sketches.entry(Minute::of(minute)).or_default();
        distinct.orders.insert(orders.at(row));
        if let Some(customer) = customers.get(row) {
            distinct.customers.insert(customer);
        }
    }
    Ok(())
}

struct Turnover {
    gross: Hundredths,
    refunds: Hundredths,
    net: Hundredths,
}

impl Turnover {
    fn of(gross: &Amounts, refunds: &Amounts, row: usize) -> Option<Self> {
        let (gross, refunds) = (gross.get(row)?, refunds.get(row)?);
        let net = Hundredths(gross.0.checked_sub(refunds.0)?);
        Some(Self {
            gross,
            refunds,
            net,
        })
    }
}

fn all<T>(
    cells: &Cells<'_>,
    rows: usize,
    read: impl Fn(usize) -> Option<T>,
) -> Result<Vec<T>, ViewError> {
    (0..rows)
        .map(|row| read(row).ok_or_else(|| no_event(cells, row)))
        .collect()
}

pub(super) fn no_event(cells: &Cells<'_>, row: usize) -> ViewError {
    cells.wrong(format!(
        "row {row} is of no event that this program knows\n\
         hint: use the version of Comptoir that archived it, or a newer one"
    ))
}
