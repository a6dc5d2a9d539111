//! `silver/transactions` and `silver/customers`, held against what is computed here from the sales.

use crate::live_shop::{Sale, Shop};
use crate::views_support::Rows;
use crate::world::{Kind, World};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TODAY: SignedDuration = SignedDuration::ZERO;
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 20);

const RUN: [&str; 6] = [
    "views",
    "run",
    "live",
    "silver_transactions",
    "silver_customers",
    "--json",
];

impl World {
    /// The rows of a result that only the lake has, in the order of this column.
    pub(crate) fn lake_rows(&self, view: &str, order: &str) -> Rows {
        let shown = self.batch_well(&["views", "show", view, "--json", "--limit", "1000"]);
        let mut rows: Rows = (shown.json().into_iter())
            .map(|row| row.as_object().unwrap().clone())
            .collect();
        rows.sort_by_key(|row| row[order].to_string());
        rows
    }
}

fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).date().to_string()
}

/// What an event adds to gross and refunds, in cents.
fn adds(sale: &Sale) -> (i64, i64) {
    match sale.status {
        "APPROVED" => (sale.cents, 0),
        "REFUNDED" => (0, sale.cents),
        _ => (0, 0),
    }
}

/// What is said of each accepted event, as one text: of the same columns in the table.
pub(crate) fn expected_transactions(shop: &Shop) -> Vec<String> {
    let row = |sale: &Sale| {
        let (gross, refunds) = adds(sale);
        json!([
            day(sale.time),
            // To the microsecond, as the archive has it.
            sale.time.as_microsecond().to_string(),
            format!("o-{}", sale.order),
            sale.customer.map(|id| format!("c-{id}")),
            format!("p-{}", sale.product),
            sale.quantity,
            money(sale.cents),
            money(gross),
            money(refunds),
            money(gross - refunds),
            sale.currency,
            sale.city,
            sale.channel,
            sale.status,
            "unknown",
            false,
        ])
        .to_string()
    };
    let mut rows: Vec<_> = shop.accepted().map(row).collect();
    rows.sort();
    rows
}

pub(crate) fn found_transactions(world: &World) -> Vec<String> {
    let columns = [
        "day",
        "event_time",
        "order_id",
        "customer_id",
        "product_id",
        "quantity",
        "amount",
        "gross",
        "refunds",
        "net",
        "currency",
        "city",
        "channel",
        "status",
        "product_line",
        "product_known",
    ];
    let row = |row: &Map<String, Value>| {
        let mut cells: Vec<_> = columns.iter().map(|column| row[*column].clone()).collect();
        let time: Timestamp = row["event_time"].as_str().unwrap().parse().unwrap();
        cells[1] = time.as_microsecond().to_string().into();
        json!(cells).to_string()
    };
    let rows = world.lake_rows("silver_transactions", "event_time");
    let offsets: BTreeSet<_> = (rows.iter())
        .map(|row| {
            (
                row["partition_number"].as_u64(),
                row["record_offset"].as_u64(),
            )
        })
        .collect();
    assert_eq!(offsets.len(), rows.len(), "a record stands there twice");
    let mut rows: Vec<_> = rows.iter().map(row).collect();
    rows.sort();
    rows
}

/// By currency and customer: what was spent, purchases, and the average of them in cents.
type Values = BTreeMap<(String, String), (i64, usize, Option<String>)>;

fn expected_customers(shop: &Shop) -> Values {
    let mut sales: BTreeMap<(String, String), Vec<&Sale>> = BTreeMap::new();
    for sale in shop.accepted() {
        if let Some(customer) = sale.customer {
            let key = (sale.currency.to_owned(), format!("c-{customer}"));
            sales.entry(key).or_default().push(sale);
        }
    }
    let value = |sales: Vec<&Sale>| {
        let gross: i64 = sales.iter().map(|sale| adds(sale).0).sum();
        let refunds: i64 = sales.iter().map(|sale| adds(sale).1).sum();
        let approved = sales.iter().filter(|sale| sale.status == "APPROVED");
        let orders: BTreeSet<_> = approved.map(|sale| sale.order).collect();
        let count = i64::try_from(orders.len()).unwrap();
        // Half up: no sum of prices is below zero.
        let average = (count > 0).then(|| money((2 * gross + count) / (2 * count)));
        (gross - refunds, orders.len(), average)
    };
    (sales.into_iter())
        .map(|(key, sales)| (key, value(sales)))
        .collect()
}

fn found_customers(world: &World) -> Values {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = world.lake_rows("silver_customers", "customer_id");
    let value = |row: &Map<String, Value>| {
        let key = (text(&row["currency"]), text(&row["customer_id"]));
        let spent = text(&row["total_spent"]).replace('.', "").parse().unwrap();
        let purchases = usize::try_from(row["purchases"].as_u64().unwrap()).unwrap();
        let class = match purchases {
            0 => "none",
            1 => "bronze",
            2 | 3 => "silver",
            4 | 5 => "gold",
            _ => "platinum",
        };
        assert_eq!(row["loyalty_class"], class, "{row:?}");
        assert_eq!(row["last_purchase"].is_null(), purchases == 0, "{row:?}");
        assert_eq!(row["segment"] == "none", purchases == 0, "{row:?}");
        let average = row["average_basket"].as_str().map(str::to_owned);
        (key, (spent, purchases, average))
    };
    let found: Values = rows.iter().map(value).collect();
    assert_eq!(found.len(), rows.len(), "a customer stands there twice");
    // Fifths of those who bought something, by what they spent.
    for currency in ["EUR", "USD"] {
        let buyers = rows
            .iter()
            .filter(|row| row["currency"] == currency && !row["monetary"].is_null());
        let mut buyers: Vec<_> = buyers
            .map(|row| {
                let (_, (spent, ..)) = value(row);
                (
                    spent,
                    text(&row["customer_id"]),
                    row["monetary"].as_u64().unwrap(),
                )
            })
            .collect();
        buyers.sort();
        let (each, more) = (buyers.len() / 5, buyers.len() % 5);
        let fifths = (1..=5).zip(0..).flat_map(|(fifth, index)| {
            std::iter::repeat_n(fifth, each + usize::from(index < more))
        });
        let found: Vec<u64> = buyers.iter().map(|(.., fifth)| *fifth).collect();
        assert_eq!(found, fifths.collect::<Vec<u64>>(), "{currency}");
    }
    found
}

fn of<'a>(run: &'a [Value], view: &str) -> &'a Value {
    let found = run.iter().find(|line| line["view"] == view);
    found.unwrap_or_else(|| panic!("{view}: {run:?}"))
}

async fn silver_is_each_accepted_event_once_and_a_run_of_the_news_equals_one_of_everything(
    world: &World,
) {
    let mut shop = Shop::open(world).await;
    for age in [TODAY, THREE_DAYS] {
        shop.sell(150, age);
    }
    shop.count().await;
    shop.keep_all().await;
    let run = world.batch_well(&RUN).json();
    let [accepted, ..] = shop.verdicts();
    assert_eq!(of(&run, "silver_transactions")["rows"], accepted);
    assert!(of(&run, "silver_transactions")["days"].is_null(), "{run:?}");
    assert_eq!(found_transactions(world), expected_transactions(&shop));
    assert_eq!(found_customers(world), expected_customers(&shop));

    // A day that is over gets more rows, and is the only one that is written anew.
    let known = shop.accepted().count();
    shop.sell(60, LONG_AGO);
    let late: BTreeSet<_> = (shop.accepted())
        .map(|sale| day(sale.time))
        .filter(|day| {
            *day < self::day(comptoir_config::clock::now() - SignedDuration::from_hours(24 * 10))
        })
        .collect();
    shop.count().await;
    shop.keep_all().await;
    let run = world.batch_well(&RUN).json();
    let [accepted, ..] = shop.verdicts();
    assert!(accepted > known);
    assert_eq!(of(&run, "silver_transactions")["days"], late.len());
    assert_eq!(of(&run, "silver_transactions")["rows"], accepted);
    let by_days = found_transactions(world);
    assert_eq!(by_days, expected_transactions(&shop));
    assert_eq!(found_customers(world), expected_customers(&shop));

    let everything = ["views", "run", "silver_transactions", "--full", "--json"];
    let run = world.batch_well(&everything).json();
    assert!(run[0]["days"].is_null(), "{run:?}");
    assert_eq!(found_transactions(world), by_days);

    // Nothing is news: no day is written.
    let run = world.batch_well(&RUN).json();
    assert_eq!(of(&run, "silver_transactions")["days"], 0);
    assert_eq!(found_transactions(world), by_days);
    let listed = world.batch_well(&["views", "ls", "--json"]).json();
    let listed = of(&listed, "silver_transactions");
    assert_eq!(listed["rows"], accepted);
    assert_eq!(listed["lake"]["format"], "delta");
    assert_eq!(
        listed["lake"]["location"],
        format!("{}/silver/transactions", world.root)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn silver_is_right_on_sqlite_and_a_directory() {
    World::with(
        Kind::Sqlite,
        silver_is_each_accepted_event_once_and_a_run_of_the_news_equals_one_of_everything,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silver_is_right_on_mariadb_and_hdfs() {
    World::with(
        Kind::MariaDb,
        silver_is_each_accepted_event_once_and_a_run_of_the_news_equals_one_of_everything,
    )
    .await;
}
