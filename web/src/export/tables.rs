//! The columns of each list, and its rows as text. The names of columns are those of the JSON, or
//! of the dimension; they stay as they are. What JSON has as `null` is an empty cell.

use comptoir_model::api::HistoryBy;
use comptoir_model::api::jobs::JobRunInfo;
use comptoir_model::api::live::{
    DeadLetterInfo, LiveGroups, LiveSeries, MinutePoint, Revenue, TopList, Transaction, WindowName,
};
use comptoir_model::api::log_search::ArchivedLine;
use comptoir_model::app_log::Level;
use serde::Serialize;
use serde_json::Value;

/// A short list as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) header: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn of_history(by: &HistoryBy) -> Self {
        let rows = by.groups.iter().map(|group| {
            let figures = &group.figures;
            vec![
                group.key.clone(),
                figures.lines.to_string(),
                figures.orders.to_string(),
                figures.customers.to_string(),
                figures.sales.amount.to_string(),
                figures.net_sales.amount.to_string(),
                figures.cancelled_sales.amount.to_string(),
                text(figures.average_basket.map(|basket| basket.amount)),
                figures.sales.currency.to_string(),
            ]
        });
        Self {
            rows: rows.collect(),
            header: vec![
                by.dimension.as_str(),
                "lines",
                "orders",
                "customers",
                "sales",
                "net_sales",
                "cancelled_sales",
                "average_basket",
                "currency",
            ],
        }
    }

    /// A row for each minute and currency. The counts of a minute are of all currencies: they stand
    /// in its first row only, so that a column can be added up.
    pub(crate) fn of_series(series: &LiveSeries) -> Self {
        Self {
            header: vec![
                "start",
                "currency",
                "gross",
                "refunds",
                "net",
                "transactions",
                "approved",
                "units",
            ],
            rows: series.minutes.iter().flat_map(minute).collect(),
        }
    }

    pub(crate) fn of_groups(dimension: &'static str, all: &[LiveGroups]) -> Self {
        let rows = all.iter().flat_map(|of_window| {
            of_window.groups.iter().map(|group| {
                let name = [
                    window(of_window.window).to_owned(),
                    group.key.clone(),
                    text(group.country.clone()),
                ];
                let counts = [group.transactions, group.approved, group.units];
                ranked(name, &group.revenue, counts)
            })
        });
        Self {
            rows: rows.collect(),
            header: ranked_header(["window", dimension, "country"]),
        }
    }

    pub(crate) fn of_tops(kind: &'static str, lists: &[TopList]) -> Self {
        let rows = lists.iter().flat_map(|list| &list.rows).map(|row| {
            let name = [
                window(WindowName::Today).to_owned(),
                row.key.clone(),
                text(row.name.clone()),
            ];
            let counts = [row.transactions, row.approved, row.units];
            ranked(name, &row.revenue, counts)
        });
        Self {
            rows: rows.collect(),
            header: ranked_header(["window", kind, "name"]),
        }
    }

    pub(crate) fn of_runs(runs: &[JobRunInfo]) -> Self {
        let rows = runs.iter().map(|run| {
            vec![
                run.id.to_string(),
                word(&run.outcome),
                run.host.clone(),
                run.pid.to_string(),
                run.started_at.to_string(),
                text(run.ended_at),
                run.attempts.to_string(),
                text(run.run.as_ref()),
                text(run.rows),
                text(run.bytes),
                text(run.error.as_ref()),
            ]
        });
        Self {
            rows: rows.collect(),
            header: vec![
                "id",
                "outcome",
                "host",
                "pid",
                "started_at",
                "ended_at",
                "attempts",
                "run",
                "rows",
                "bytes",
                "error",
            ],
        }
    }

    pub(crate) fn of_lines(lines: &[ArchivedLine]) -> Self {
        let rows = lines.iter().map(|line| {
            vec![
                text(line.time),
                text(line.level.map(Level::as_str)),
                line.text.clone(),
                line.source.clone(),
                line.life.to_string(),
                line.offset.to_string(),
                text(line.file.as_ref()),
                line.is_sealed.to_string(),
            ]
        });
        Self {
            rows: rows.collect(),
            header: vec![
                "time",
                "level",
                "text",
                "source",
                "life",
                "offset",
                "file",
                "is_sealed",
            ],
        }
    }
}

pub(crate) const TRANSACTION: [&str; 21] = [
    "event_time",
    "event_id",
    "order_id",
    "order_line",
    "customer_id",
    "customer_name",
    "product_id",
    "product_name",
    "category",
    "merchant",
    "quantity",
    "amount",
    "currency",
    "country",
    "city",
    "channel",
    "payment_method",
    "status",
    "stream",
    "partition",
    "offset",
];

pub(crate) fn transaction(row: &Transaction) -> [String; TRANSACTION.len()] {
    [
        row.event_time.to_string(),
        row.event_id.clone(),
        row.order_id.clone(),
        row.order_line.to_string(),
        text(row.customer_id.as_ref()),
        text(row.customer_name.as_ref()),
        row.product_id.clone(),
        row.product_name.clone(),
        row.category.clone(),
        row.merchant.clone(),
        row.quantity.to_string(),
        row.amount.amount.to_string(),
        row.amount.currency.to_string(),
        row.country.clone(),
        row.city.clone(),
        row.channel.clone(),
        row.payment_method.clone(),
        row.status.as_str().to_owned(),
        row.stream.0.clone(),
        row.partition.0.to_string(),
        row.offset.0.to_string(),
    ]
}

pub(crate) const LETTER: [&str; 7] = [
    "found_at",
    "reason",
    "detail",
    "bytes",
    "stream",
    "partition",
    "offset",
];

pub(crate) fn letter(letter: &DeadLetterInfo) -> [String; LETTER.len()] {
    [
        letter.found_at.to_string(),
        letter.reason.clone(),
        letter.detail.clone(),
        letter.bytes.to_string(),
        letter.stream.0.clone(),
        letter.partition.0.to_string(),
        letter.offset.0.to_string(),
    ]
}

fn minute(point: &MinutePoint) -> Vec<Vec<String>> {
    let nothing = [const { String::new() }; 4];
    let mut money: Vec<_> = point.revenue.iter().map(amounts).collect();
    if money.is_empty() {
        money.push(nothing);
    }
    let counts = [point.transactions, point.approved, point.units];
    (money.into_iter().enumerate())
        .map(|(number, money)| {
            let counts = counts.map(|count| text((number == 0).then_some(count)));
            let start = point.start.to_string();
            [start].into_iter().chain(money).chain(counts).collect()
        })
        .collect()
}

/// Currency, gross, refunds and net.
fn amounts(revenue: &Revenue) -> [String; 4] {
    let Revenue {
        gross,
        refunds,
        net,
    } = revenue;
    let amounts = [gross, refunds, net].map(|money| money.amount.to_string());
    let [gross, refunds, net_amount] = amounts;
    [net.currency.to_string(), gross, refunds, net_amount]
}

fn ranked_header(names: [&'static str; 3]) -> Vec<&'static str> {
    let figures = [
        "currency",
        "gross",
        "refunds",
        "net",
        "transactions",
        "approved",
        "units",
    ];
    names.into_iter().chain(figures).collect()
}

fn ranked(names: [String; 3], revenue: &Revenue, counts: [u64; 3]) -> Vec<String> {
    let counts = counts.map(|count| count.to_string());
    let cells = names.into_iter().chain(amounts(revenue));
    cells.chain(counts).collect()
}

/// As the API spells it.
fn window(name: WindowName) -> &'static str {
    match name {
        WindowName::Minutes5 => "5m",
        WindowName::Minutes60 => "60m",
        WindowName::Today => "today",
    }
}

/// The word that stands for a value in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
