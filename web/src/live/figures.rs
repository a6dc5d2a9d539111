//! The parts of the live page, made of totals. Pure.

use super::distinct::Distincts;
use super::minutes::Minutes;
use super::sums::{GroupKey, GroupValue, Sums};
use comptoir_model::api::live::{
    Estimate, LiveDimension, LiveFigures, LiveGroup, LiveGroups, LiveSeries, LiveWindows,
    MinutePoint, Revenue, Window, WindowName,
};
use comptoir_model::event::Status;
use comptoir_model::live::{DISTINCT_ERROR, DistinctSketch, Minute};
use comptoir_model::money::Currency;
use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) fn windows(minutes: &Minutes, distincts: &Distincts) -> LiveWindows {
    let window = |name| {
        let span = minutes.spans().of(name);
        let distinct = distincts.window(name);
        Window {
            from: start(span.start),
            to: start(span.end),
            figures: figures(
                minutes.window(name),
                estimate(&distinct.orders),
                estimate(&distinct.customers),
            ),
        }
    };
    LiveWindows {
        minutes_5: window(WindowName::Minutes5),
        minutes_60: window(WindowName::Minutes60),
        today: window(WindowName::Today),
    }
}

pub(crate) fn series(minutes: &Minutes) -> LiveSeries {
    let Range { start, end } = minutes.spans().minutes_60;
    LiveSeries {
        minutes: (start.0..end.0)
            .map(|minute| point(minutes, Minute(minute)))
            .collect(),
    }
}

/// The groups of a dimension in a window, at most `limit` of each currency.
pub(crate) fn groups(
    minutes: &Minutes,
    window: WindowName,
    dimension: LiveDimension,
    limit: usize,
) -> LiveGroups {
    let mut found: Vec<_> = (minutes.window(window))
        .filter(|(key, _)| key.value.dimension() == dimension)
        .collect();
    found.sort_unstable_by_key(|(key, sums)| {
        let net = Reverse(sums.net());
        (key.currency, net, key.value.key(), key.value.country())
    });
    let total = found.len() as u64;
    let mut of_currency: BTreeMap<Currency, usize> = BTreeMap::new();
    found.retain(|(key, _)| {
        let count = of_currency.entry(key.currency).or_default();
        *count += 1;
        *count <= limit
    });
    LiveGroups {
        window,
        dimension,
        groups: found.into_iter().map(group).collect(),
        total,
    }
}

fn group((key, sums): (&GroupKey, &Sums)) -> LiveGroup {
    LiveGroup {
        key: key.value.key().to_owned(),
        country: key.value.country().map(str::to_owned),
        transactions: sums.transactions,
        approved: sums.approved,
        units: sums.units,
        revenue: sums.revenue(key.currency),
    }
}

/// Every event has one status: the groups by status add up to everything.
fn by_status<'a>(
    groups: impl Iterator<Item = (&'a GroupKey, &'a Sums)>,
) -> BTreeMap<(Currency, Status), Sums> {
    let mut totals: BTreeMap<_, Sums> = BTreeMap::new();
    for (key, sums) in groups {
        if let GroupValue::Status(status) = key.value {
            totals.entry((key.currency, status)).or_default().add(sums);
        }
    }
    totals
}

/// A currency in which something was sold or paid back.
fn revenue(totals: &BTreeMap<(Currency, Status), Sums>) -> Vec<(Currency, Sums)> {
    let mut currencies: BTreeMap<Currency, Sums> = BTreeMap::new();
    for ((currency, status), sums) in totals {
        if matches!(status, Status::Approved | Status::Refunded) {
            currencies.entry(*currency).or_default().add(sums);
        }
    }
    currencies.into_iter().collect()
}

fn figures<'a>(
    groups: impl Iterator<Item = (&'a GroupKey, &'a Sums)>,
    orders: Estimate,
    customers: Estimate,
) -> LiveFigures {
    let totals = by_status(groups);
    let count = |wanted| {
        let of_status = totals.iter().filter(|((_, status), _)| *status == wanted);
        of_status.map(|(_, sums)| sums.transactions).sum()
    };
    let revenue = revenue(&totals);
    let (approved, declined) = (count(Status::Approved), count(Status::Declined));
    let mut sold = revenue.iter().filter(|(_, sums)| sums.approved > 0);
    let average_basket = match (sold.next(), sold.next()) {
        (Some((currency, sums)), None) => sums.revenue(*currency).gross.average_over(orders.count),
        _ => None,
    };
    LiveFigures {
        transactions: totals.values().map(|sums| sums.transactions).sum(),
        approved,
        declined,
        pending: count(Status::Pending),
        refunded: count(Status::Refunded),
        units: totals.values().map(|sums| sums.units).sum(),
        revenue: of_currencies(&revenue),
        orders,
        customers,
        average_basket,
        approval_rate_percent: percent(approved, approved + declined),
    }
}

fn point(minutes: &Minutes, minute: Minute) -> MinutePoint {
    let totals = by_status(minutes.minute(minute));
    MinutePoint {
        start: start(minute),
        transactions: totals.values().map(|sums| sums.transactions).sum(),
        approved: totals.values().map(|sums| sums.approved).sum(),
        units: totals.values().map(|sums| sums.units).sum(),
        revenue: of_currencies(&revenue(&totals)),
    }
}

fn of_currencies(revenue: &[(Currency, Sums)]) -> Vec<Revenue> {
    (revenue.iter())
        .map(|(currency, sums)| sums.revenue(*currency))
        .collect()
}

fn estimate(sketch: &DistinctSketch) -> Estimate {
    #[expect(clippy::cast_possible_truncation, reason = "a few thousandths")]
    let thousandths = (DISTINCT_ERROR * 1000.0).round() as i64;
    Estimate {
        count: sketch.estimate(),
        error_percent: Decimal::new(thousandths, 1),
    }
}

/// To one decimal, half to even.
fn percent(part: u64, whole: u64) -> Option<Decimal> {
    let percent = (Decimal::from(part) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(whole))?;
    let mut rounded = percent.round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(1);
    Some(rounded)
}

fn start(minute: Minute) -> Timestamp {
    minute.start().unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_one_decimal_and_none_without_a_decision() {
        assert_eq!(percent(2, 3).unwrap().to_string(), "66.7");
        assert_eq!(percent(1, 16).unwrap().to_string(), "6.2");
        assert_eq!(percent(5, 5).unwrap().to_string(), "100.0");
        assert_eq!(percent(0, 0), None);
    }

    #[test]
    fn an_estimate_says_its_error() {
        let estimate = estimate(&DistinctSketch::new());
        assert_eq!(
            (estimate.count, estimate.error_percent.to_string()),
            (0, "1.6".to_owned())
        );
    }
}
