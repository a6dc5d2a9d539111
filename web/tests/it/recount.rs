//! The figures of sales, added up one by one.

use crate::shop::Sale;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

fn of(sales: &[Sale], span: &Range<Timestamp>) -> Vec<Sale> {
    let within = sales.iter().filter(|sale| span.contains(&sale.at));
    within.cloned().collect()
}

fn money(cents: i64, currency: &str) -> Value {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.abs();
    let amount = format!("{sign}{}.{:02}", cents / 100, cents % 100);
    json!({"amount": amount, "currency": currency})
}

fn revenue(sales: &[&Sale], currency: &str) -> Value {
    let gross = sales.iter().map(|sale| sale.gross()).sum();
    let refunds = sales.iter().map(|sale| sale.refunds()).sum();
    json!({
        "gross": money(gross, currency),
        "refunds": money(refunds, currency),
        "net": money(gross - refunds, currency),
    })
}

fn by_currency(sales: &[Sale]) -> Vec<Value> {
    let mut currencies: BTreeMap<&str, Vec<&Sale>> = BTreeMap::new();
    for sale in sales {
        if ["APPROVED", "REFUNDED"].contains(&sale.status) {
            currencies.entry(sale.currency).or_default().push(sale);
        }
    }
    (currencies.iter())
        .map(|(currency, sales)| revenue(sales, currency))
        .collect()
}

fn counts(sales: &[Sale]) -> (usize, usize, i64) {
    let sold = || sales.iter().filter(|sale| sale.sold());
    (
        sales.len(),
        sold().count(),
        sold().map(|sale| sale.quantity).sum(),
    )
}

/// `figures` of a window. Few ids: the sketches are exact.
pub(crate) fn figures(sales: &[Sale], span: &Range<Timestamp>) -> Value {
    let sales = of(sales, span);
    let status = |wanted| sales.iter().filter(|sale| sale.status == wanted).count();
    let sold = || sales.iter().filter(|sale| sale.sold());
    let orders: BTreeSet<_> = sold().map(|sale| sale.order).collect();
    let customers: BTreeSet<_> = sold().filter_map(|sale| sale.customer).collect();
    let currencies: BTreeSet<_> = sold().map(|sale| sale.currency).collect();
    let gross: i64 = sold().map(Sale::gross).sum();
    let average = (currencies.len() == 1).then(|| {
        let orders = i64::try_from(orders.len()).unwrap();
        let (whole, rest) = (gross / orders, 2 * (gross % orders));
        let up = rest > orders || (rest == orders && whole % 2 == 1);
        money(whole + i64::from(up), currencies.first().unwrap())
    });
    let (approved, decided) = (status("APPROVED"), status("APPROVED") + status("DECLINED"));
    let rate = (decided > 0).then(|| {
        let (tenths, rest) = (1000 * approved / decided, 2 * (1000 * approved % decided));
        let up = rest > decided || (rest == decided && tenths % 2 == 1);
        let tenths = tenths + usize::from(up);
        format!("{}.{}", tenths / 10, tenths % 10)
    });
    let (transactions, _, units) = counts(&sales);
    json!({
        "transactions": transactions, "approved": approved, "declined": status("DECLINED"),
        "pending": status("PENDING"), "refunded": status("REFUNDED"), "units": units,
        "revenue": by_currency(&sales),
        "orders": {"count": orders.len(), "error_percent": "1.6"},
        "customers": {"count": customers.len(), "error_percent": "1.6"},
        "average_basket": average, "approval_rate_percent": rate,
    })
}

pub(crate) fn point(sales: &[Sale], start: Timestamp, end: Timestamp) -> Value {
    let sales = of(sales, &(start..end));
    let (transactions, approved, units) = counts(&sales);
    json!({
        "start": start, "transactions": transactions, "approved": approved, "units": units,
        "revenue": by_currency(&sales),
    })
}

/// Rows by currency, then net, highest first, then key.
pub(crate) fn ranked(
    sales: &[Sale],
    span: &Range<Timestamp>,
    key: impl Fn(&Sale) -> Option<String>,
) -> Vec<(String, String, Value)> {
    let sales = of(sales, span);
    let mut groups: BTreeMap<(&str, String), Vec<&Sale>> = BTreeMap::new();
    for sale in &sales {
        if let Some(key) = key(sale) {
            groups.entry((sale.currency, key)).or_default().push(sale);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    let net =
        |sales: &[&Sale]| -> i64 { sales.iter().map(|sale| sale.gross() - sale.refunds()).sum() };
    groups.sort_by_key(|((currency, key), sales)| (*currency, Reverse(net(sales)), key.clone()));
    (groups.into_iter())
        .map(|((currency, key), sales)| {
            let revenue = revenue(&sales, currency);
            (currency.to_owned(), key, revenue)
        })
        .collect()
}
