//! The shipped views over the sample, held against figures that are computed here from the CSV.

use crate::views_support::Rows;
use crate::world::{Kind, World};
use comptoir_model::sales::CANCELLED;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// An order line as the file has it.
struct Sale {
    order: u64,
    pieces: i64,
    sales: Decimal,
    /// `YYYY-MM-DD`.
    date: String,
    status: String,
    product_line: String,
    product: String,
    customer: String,
    country: String,
    territory: String,
    deal_size: String,
}

fn sample() -> Vec<Sale> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sales_data_sample.csv");
    let mut reader = csv::Reader::from_path(file).unwrap();
    let records = reader.deserialize::<BTreeMap<String, String>>();
    let line = |record: BTreeMap<String, String>| {
        let text = |name: &str| record[name].clone();
        let day: Vec<u32> = (record["ORDERDATE"].split([' ', '/']).take(3))
            .map(|part| part.parse().unwrap())
            .collect();
        Sale {
            order: record["ORDERNUMBER"].parse().unwrap(),
            pieces: record["QUANTITYORDERED"].parse().unwrap(),
            sales: record["SALES"].parse().unwrap(),
            date: format!("{:04}-{:02}-{:02}", day[2], day[0], day[1]),
            status: text("STATUS"),
            product_line: text("PRODUCTLINE"),
            product: text("PRODUCTCODE"),
            customer: text("CUSTOMERNAME"),
            country: text("COUNTRY"),
            territory: text("TERRITORY"),
            deal_size: text("DEALSIZE"),
        }
    };
    records.map(|record| line(record.unwrap())).collect()
}

fn money(amount: Decimal) -> String {
    format!("{amount:.2}")
}

fn average(total: Decimal, count: usize) -> Value {
    if count == 0 {
        return Value::Null;
    }
    let average = total / Decimal::from(count);
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    money(average.round_dp_with_strategy(2, half_up)).into()
}

fn revenue(lines: &[&Sale]) -> Decimal {
    let paid = lines.iter().filter(|line| line.status != CANCELLED);
    paid.map(|line| line.sales).sum()
}

fn orders<'a>(lines: impl IntoIterator<Item = &'a &'a Sale>) -> usize {
    let orders: BTreeSet<u64> = lines.into_iter().map(|line| line.order).collect();
    orders.len()
}

fn purchases(lines: &[&Sale]) -> usize {
    orders(lines.iter().filter(|line| line.status != CANCELLED))
}

fn by<K: Ord>(lines: &[Sale], key: impl Fn(&Sale) -> K) -> BTreeMap<K, Vec<&Sale>> {
    let mut groups: BTreeMap<K, Vec<&Sale>> = BTreeMap::new();
    for line in lines {
        groups.entry(key(line)).or_default().push(line);
    }
    groups
}

fn history(lines: &[Sale]) -> Vec<Value> {
    type Key = fn(&Sale) -> String;
    let dimensions: [(&str, Key); 7] = [
        ("all", |_| String::new()),
        ("country", |line| line.country.clone()),
        ("deal_size", |line| line.deal_size.clone()),
        ("month", |line| line.date[..7].to_owned()),
        ("product_line", |line| line.product_line.clone()),
        ("status", |line| line.status.clone()),
        ("territory", |line| line.territory.clone()),
    ];
    let rows = dimensions.into_iter().flat_map(|(dimension, key)| {
        by(lines, key).into_iter().map(move |(member, lines)| {
            let sales: Decimal = lines.iter().map(|line| line.sales).sum();
            let net = revenue(&lines);
            let customers: BTreeSet<_> = lines.iter().map(|line| &line.customer).collect();
            json!({
                "dimension": dimension,
                "member": member,
                "line_count": lines.len(),
                "orders": orders(&lines),
                "customers": customers.len(),
                "sales": money(sales),
                "net_sales": money(net),
                "cancelled_sales": money(sales - net),
                "average_basket": average(net, purchases(&lines)),
            })
        })
    });
    rows.collect()
}

/// The fifth, from 1, that each customer falls into; the first ones get what does not divide.
fn fifths<K: Ord>(customers: &[Customer], key: impl Fn(&Customer) -> K) -> BTreeMap<String, i64> {
    let mut sorted: Vec<_> = customers.iter().filter(|one| one.purchases > 0).collect();
    sorted.sort_by_key(|one| (key(one), one.name.clone()));
    let (each, more) = (sorted.len() / 5, sorted.len() % 5);
    let numbers = (1_i64..=5).zip(0_usize..).flat_map(|(fifth, index)| {
        let size = each + usize::from(index < more);
        std::iter::repeat_n(fifth, size)
    });
    (sorted.iter().map(|one| one.name.clone()))
        .zip(numbers)
        .collect()
}

struct Customer {
    name: String,
    country: String,
    spent: Decimal,
    purchases: usize,
    orders: usize,
    last: Option<String>,
}

fn customers(lines: &[Sale]) -> Vec<Customer> {
    let of = |(name, lines): (String, Vec<&Sale>)| Customer {
        name,
        country: lines[0].country.clone(),
        spent: revenue(&lines),
        purchases: purchases(&lines),
        orders: orders(&lines),
        last: (lines.iter().filter(|line| line.status != CANCELLED))
            .map(|line| line.date.clone())
            .max(),
    };
    by(lines, |line| line.customer.clone())
        .into_iter()
        .map(of)
        .collect()
}

fn customer_value(lines: &[Sale]) -> Vec<Value> {
    let customers = customers(lines);
    let recency = fifths(&customers, |one| one.last.clone());
    let frequency = fifths(&customers, |one| one.purchases);
    let monetary = fifths(&customers, |one| one.spent);
    let row = |one: &Customer| {
        let class = match one.purchases {
            0 => "none",
            1 => "bronze",
            2 | 3 => "silver",
            4 | 5 => "gold",
            _ => "platinum",
        };
        let scores = [&recency, &frequency, &monetary].map(|scores| scores.get(&one.name).copied());
        let segment = match scores {
            [Some(r), Some(f), Some(m)] if r >= 4 && f >= 4 && m >= 4 => "champion",
            [Some(r), Some(f), _] if r >= 3 && f >= 4 => "loyal",
            [Some(r), Some(f), _] if r >= 4 && f <= 2 => "new",
            [Some(r), Some(f), _] if r <= 2 && f >= 3 => "at_risk",
            [Some(r), ..] if r <= 2 => "lost",
            [Some(_), ..] => "regular",
            [None, ..] => "none",
        };
        json!({
            "customer": one.name,
            "country": one.country,
            "total_spent": money(one.spent),
            "purchases": one.purchases,
            "orders": one.orders,
            "average_basket": average(one.spent, one.purchases),
            "last_purchase": one.last,
            "loyalty_class": class,
            "recency": scores[0],
            "frequency": scores[1],
            "monetary": scores[2],
            "segment": segment,
        })
    };
    customers.iter().map(row).collect()
}

fn top_customers(values: &[Value]) -> Vec<Value> {
    let mut buyers: Vec<_> = (values.iter())
        .filter(|row| row["purchases"] != 0)
        .collect();
    let spent = |row: &Value| -> Decimal { row["total_spent"].as_str().unwrap().parse().unwrap() };
    // Stable: they are in the order of their names.
    buyers.sort_by_key(|row| std::cmp::Reverse(spent(row)));
    let row = |(place, row): (usize, &Value)| {
        json!({
            "place": place,
            "customer": row["customer"],
            "country": row["country"],
            "total_spent": row["total_spent"],
            "purchases": row["purchases"],
            "average_basket": row["average_basket"],
            "last_purchase": row["last_purchase"],
            "loyalty_class": row["loyalty_class"],
            "segment": row["segment"],
        })
    };
    (1..).zip(buyers).take(100).map(row).collect()
}

fn top_products(lines: &[Sale]) -> Vec<Value> {
    let mut products: Vec<_> = by(lines, |line| line.product.clone()).into_iter().collect();
    products.sort_by_key(|(_, lines)| std::cmp::Reverse(revenue(lines)));
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let rows = (1..).zip(&products).map(|(place, (product, lines))| {
        let in_line = places.entry(&lines[0].product_line).or_default();
        *in_line += 1;
        let paid = lines.iter().filter(|line| line.status != CANCELLED);
        let place: usize = place;
        json!({
            "place": place,
            "place_in_line": *in_line,
            "product": product,
            "product_line": lines[0].product_line,
            "orders": purchases(lines),
            "pieces": paid.map(|line| line.pieces).sum::<i64>(),
            "net_sales": money(revenue(lines)),
        })
    });
    rows.collect()
}

fn baskets(lines: &[Sale]) -> Vec<Value> {
    let paid = lines.iter().filter(|line| line.status != CANCELLED);
    let mut orders: BTreeMap<u64, Vec<&Sale>> = BTreeMap::new();
    paid.for_each(|line| orders.entry(line.order).or_default().push(line));
    let mut months: BTreeMap<&str, Vec<&Vec<&Sale>>> = BTreeMap::new();
    for lines in orders.values() {
        let first = lines.iter().map(|line| &line.date[..7]).min().unwrap();
        months.entry(first).or_default().push(lines);
    }
    let row = |(month, baskets): (&str, Vec<&Vec<&Sale>>)| {
        let amounts: Vec<_> = baskets.iter().map(|lines| revenue(lines)).collect();
        let net: Decimal = amounts.iter().sum();
        let lines: usize = baskets.iter().map(|lines| lines.len()).sum();
        let pieces: i64 = (baskets.iter().flat_map(|lines| lines.iter()))
            .map(|line| line.pieces)
            .sum();
        json!({
            "month": month,
            "baskets": baskets.len(),
            "net_sales": money(net),
            "average_basket": average(net, baskets.len()),
            "average_lines": average(lines.into(), baskets.len()),
            "average_pieces": average(pieces.into(), baskets.len()),
            "smallest_basket": money(*amounts.iter().min().unwrap()),
            "largest_basket": money(*amounts.iter().max().unwrap()),
        })
    };
    months.into_iter().map(row).collect()
}

fn assert_rows(view: &str, found: Rows, expected: Vec<Value>) {
    assert_eq!(found.len(), expected.len(), "{view}");
    for (found, expected) in found.into_iter().zip(expected) {
        assert_eq!(Value::Object(found), expected, "{view}");
    }
}

async fn equal_what_the_file_says(world: &World) {
    world.write_views_settings("");
    world.import_the_sample(&["-m", "3"]);
    let run = world.batch_well(&["views", "run"]);
    assert_eq!(run.stdout.lines().count(), 5, "{}", run.stdout);
    let lines = sample();
    assert_eq!(lines.len(), 2826);
    let values = customer_value(&lines);
    assert_rows("history", world.view_rows("history").await, history(&lines));
    let top = top_customers(&values);
    assert_rows("top_customers", world.view_rows("top_customers").await, top);
    let found = world.view_rows("customer_value").await;
    assert_rows("customer_value", found, values);
    let found = world.view_rows("top_products").await;
    assert_rows("top_products", found, top_products(&lines));
    assert_rows("baskets", world.view_rows("baskets").await, baskets(&lines));
    // What lies in the lake is the same run, whole.
    for view in [
        "history",
        "customer_value",
        "top_customers",
        "top_products",
        "baskets",
    ] {
        let result = world.view_result(view).await.unwrap();
        let gold = world.gold(view).await;
        assert_eq!(gold, Some((result.run.to_string(), result.rows)), "{view}");
        let target = format!("{}/gold/{view}", world.root);
        world.batch_well(&["verify", &target]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_views_equal_what_the_file_says_on_sqlite_and_a_directory() {
    World::with(Kind::Sqlite, equal_what_the_file_says).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_views_equal_what_the_file_says_on_mariadb_and_hdfs() {
    World::with(Kind::MariaDb, equal_what_the_file_says).await;
}
