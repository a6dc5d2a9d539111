//! Lists as CSV and Parquet, held against the same lists as JSON.

use crate::api_document::served;
use crate::live::{at, server, whole};
use crate::shop::{Sale, Shop, on_every_warehouse};
use crate::support::{TestLake, TestServer};
use crate::views;
use axum::body::Bytes;
use csv::StringRecord;
use jiff::SignedDuration;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

/// The rows of a file, and its columns.
pub(crate) struct Csv {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<StringRecord>,
}

impl Csv {
    pub(crate) fn of(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        Self {
            columns: reader
                .headers()
                .unwrap()
                .iter()
                .map(str::to_owned)
                .collect(),
            rows: reader.records().map(Result::unwrap).collect(),
        }
    }

    /// One column of it.
    pub(crate) fn all(&self, column: &str) -> Vec<&str> {
        let at = self.columns.iter().position(|name| name == column);
        let at = at.unwrap_or_else(|| panic!("no {column} in {:?}", self.columns));
        self.rows.iter().map(|row| &row[at]).collect()
    }
}

pub(crate) async fn read(server: &TestServer, path: &str) -> Csv {
    let answer = server.get(path).await;
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    Csv::of(&answer.text().await.unwrap())
}

/// The rows of an answer, with what stands around them.
fn rows(answer: &Value) -> Vec<Value> {
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for minute in array(&answer["series"]["minutes"]) {
        let revenue = &minute["revenue"][0];
        found.push(
            json!({"start": minute["start"], "transactions": minute["transactions"],
            "approved": minute["approved"], "units": minute["units"], "revenue": revenue}),
        );
    }
    for groups in array(&answer["groups"]) {
        for mut group in array(&groups["groups"]) {
            group["window"] = groups["window"].clone();
            found.push(group);
        }
        if groups["key"].is_string() {
            found.push(groups);
        }
    }
    for list in array(&answer["tops"]) {
        for mut row in array(&list["rows"]) {
            row["window"] = json!("today");
            found.push(row);
        }
    }
    for name in ["transactions", "letters", "rows", "runs", "lines"] {
        found.extend(array(&answer[name]));
    }
    found
}

/// What a row has under the name of a column; `None` of a name that is none of its members.
fn cell(row: &Value, column: &str) -> Option<String> {
    let row = row.as_object().unwrap();
    let money = |value: &Value, name: &str| value.get(name).cloned();
    let found = match column {
        "currency" => ["amount", "sales"]
            .iter()
            .find_map(|name| money(row.get(*name)?, "currency"))
            .or_else(|| money(row.get("revenue")?.get("net")?, "currency")),
        _ => row.get(column).cloned().or_else(|| {
            let of_revenue = row.get("revenue")?.get(column)?;
            money(of_revenue, "amount")
        }),
    };
    Some(match found? {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Object(amount) => amount["amount"].as_str().unwrap().to_owned(),
        other => other.to_string(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_the_same_rows_as_csv_and_as_json() {
    let served = &Box::pin(served()).await;
    let server = &served.server;
    let document = server.json("/api/openapi.json").await;
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array();
        let mut parameters = parameters.into_iter().flatten();
        if !parameters.any(|parameter| parameter["name"] == "format") {
            continue;
        }
        lists += 1;
        let dimension = if path.contains("history") {
            "country"
        } else {
            "city"
        };
        let path = path
            .replace("{dimension}", dimension)
            .replace("{name}", "top");
        let answer = server.json(&path).await;
        let csv = read(server, &format!("{path}?format=csv")).await;
        let rows = rows(&answer);
        assert_eq!(csv.rows.len(), rows.len(), "{path}: {answer}");
        assert!(!rows.is_empty(), "{path}: {answer}");
        for (record, row) in csv.rows.iter().zip(&rows) {
            for (column, found) in csv.columns.iter().zip(record) {
                // The first column of a breakdown is named after what it is by.
                let expected = cell(row, column).or_else(|| cell(row, "key"));
                // A minute in which nothing was sold has no amounts.
                let expected = expected.unwrap_or_default();
                assert_eq!(found, expected, "{path}: {column} of {row}");
            }
        }
        let named = server.get(&format!("{path}?format=csv")).await;
        let name = named.headers()["content-disposition"].to_str().unwrap();
        assert!(
            name.starts_with("attachment; filename=\"comptoir-"),
            "{name}"
        );
        assert!(name.ends_with("Z.csv\""), "{name}");
        let wrong = server.get(&format!("{path}?format=xml")).await;
        assert_eq!(wrong.status(), 400, "{path}");
        let problem: Value = wrong.json().await.unwrap();
        assert_eq!(
            problem["errors"][0]["parameter"], "format",
            "{path}: {problem}"
        );
    }
    // With the published view, and top lists beside groups.
    assert!(lists >= 12, "{lists}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_begins_with_a_mark_where_it_is_asked_for_and_is_tagged_where_it_is_short() {
    let served = &Box::pin(served()).await;
    let path = "/api/v1/history/by/country?format=csv";
    let plain = served.server.get(path).await;
    let tag = plain.headers()["etag"].clone();
    let plain = plain.bytes().await.unwrap();
    assert!(plain.starts_with(b"country,lines,orders,"), "{plain:?}");
    let marked = served.server.get(&format!("{path}&bom=true")).await;
    let marked = marked.bytes().await.unwrap();
    assert_eq!(marked.strip_prefix(b"\xef\xbb\xbf"), Some(&*plain));
    let again = served.server.request("GET", path);
    let again = again.header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    for path in ["transactions", "dead-letters", "views/top"] {
        let path = format!("/api/v1/{path}?format=csv&bom=true");
        let bytes = served.server.get(&path).await.bytes().await.unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.starts_with('\u{feff}'), "{path}");
        assert_eq!(text.matches('\u{feff}').count(), 1, "{path}");
    }
}

on_every_warehouse! {
    a_file_has_all_pages_of_a_list
}

async fn a_file_has_all_pages_of_a_list(shop: &mut Shop) {
    let lake = TestLake::new();
    let server = server(shop, &lake).await;
    let formula = "=HYPERLINK(\"http://nowhere\", \"Tea\")";
    let sales: Vec<_> = (0..2_350)
        .map(|number| Sale {
            order: number,
            category: if number % 2 == 0 {
                formula
            } else {
                "Thé, vert"
            },
            merchant: "+33 Quai \"du\" Port",
            status: if number % 5 == 0 {
                "REFUNDED"
            } else {
                "APPROVED"
            },
            cents: 100 + i64::from(number),
            ..Sale::at(at("2026-11-21T13:00:00Z") + SignedDuration::from_secs(number.into()))
        })
        .collect();
    shop.sell(0, &sales[..2_000]).await;
    shop.sell(1, &sales[2_000..]).await;
    let bad: Vec<_> = (0..1_100)
        .map(|number| format!("=no event {number}"))
        .collect();
    shop.commit(1, &bad).await;
    whole(&server, shop, "/api/v1/live/summary").await;

    let csv = read(&server, "/api/v1/transactions?format=csv").await;
    let mut newest: Vec<_> = sales.iter().collect();
    newest.sort_by_key(|sale| std::cmp::Reverse(sale.at));
    let orders: Vec<_> = newest
        .iter()
        .map(|sale| format!("o-{}", sale.order))
        .collect();
    assert_eq!(csv.all("order_id"), orders);
    let amounts: Vec<_> = newest
        .iter()
        .map(|sale| format!("{}.{:02}", sale.cents / 100, sale.cents % 100))
        .collect();
    assert_eq!(csv.all("amount"), amounts);
    // What would be a formula begins with an apostrophe.
    assert_eq!(csv.all("merchant")[0], "'+33 Quai \"du\" Port");
    let categories: Vec<_> = newest
        .iter()
        .map(|sale| sale.category.replace('=', "'="))
        .collect();
    assert_eq!(csv.all("category"), categories);

    let refunds = read(&server, "/api/v1/transactions?format=csv&status=REFUNDED").await;
    assert_eq!(refunds.rows.len(), sales.len() / 5);
    assert!(
        refunds
            .all("status")
            .iter()
            .all(|status| *status == "REFUNDED")
    );
    let limited = read(&server, "/api/v1/transactions?format=csv&limit=7").await;
    assert_eq!(limited.all("order_id"), orders[..7]);
    let page = server.json("/api/v1/transactions?limit=7").await;
    let behind = page["next_cursor"].as_str().unwrap();
    let behind = format!("/api/v1/transactions?format=csv&cursor={behind}");
    assert_eq!(read(&server, &behind).await.all("order_id"), orders[7..]);

    let letters = read(&server, "/api/v1/dead-letters?format=csv").await;
    let mut offsets: Vec<u64> = letters
        .all("offset")
        .iter()
        .map(|it| it.parse().unwrap())
        .collect();
    offsets.sort_unstable();
    let first = sales.len() as u64 - 2_000;
    assert_eq!(offsets, (first..first + 1_100).collect::<Vec<_>>());
    let none = read(&server, "/api/v1/dead-letters?format=csv&reason=none").await;
    assert_eq!((none.rows.len(), &*none.columns[0]), (0, "found_at"));
}

#[tokio::test]
async fn a_view_is_a_file_of_csv_or_parquet_with_its_filters_and_one_that_is_too_long_is_refused() {
    let shop = views::Shop::open().await;
    views::publish(&shop.warehouse, "run-1", &views::rows()).await;
    let path = "/api/v1/views/top?sort=-spent&spent.max=9.50";
    let page = shop.server.json(path).await;
    let customers: Vec<_> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["customer"].as_str().unwrap())
        .collect();
    assert_eq!(customers.len(), 3, "{page}");
    let csv = read(&shop.server, &format!("{path}&format=csv")).await;
    assert_eq!(csv.columns, ["customer", "spent", "last"]);
    assert_eq!(csv.all("customer"), customers);
    // A number that is less than nothing stays one.
    assert_eq!(csv.all("spent"), ["9.50", "0.05", "-1.00"]);

    let parquet = shop.server.get(&format!("{path}&format=parquet")).await;
    assert_eq!(
        parquet.headers()["content-type"],
        "application/vnd.apache.parquet"
    );
    let name = parquet.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(
        name,
        "attachment; filename=\"comptoir-view-top-20261121T040000Z.parquet\""
    );
    let bytes: Bytes = parquet.bytes().await.unwrap();
    let reader = SerializedFileReader::new(bytes).unwrap();
    let rows: Vec<_> = reader
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let columns = |column: usize| {
        let cells = rows
            .iter()
            .map(move |row| row.get_column_iter().nth(column).unwrap().1);
        cells.map(ToString::to_string).collect::<Vec<_>>()
    };
    let quoted: Vec<_> = customers.iter().map(|name| format!("\"{name}\"")).collect();
    assert_eq!(columns(0), quoted);
    assert_eq!(columns(1), ["9.50", "0.05", "-1.00"]);
    assert_eq!(columns(2), ["2024-02-29", "2024-01-01", "2023-12-31"]);

    // One more than a file may have.
    let many = vec![json!(["Ann", "1.00", null]); 100_001];
    views::publish_in_chunks(&shop.warehouse, "run-2", &many, 50_000).await;
    for format in ["csv", "parquet"] {
        let refused = shop
            .server
            .get(&format!("/api/v1/views/top?format={format}"))
            .await;
        assert_eq!(refused.status(), 400);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/too-many-rows");
        assert!(
            problem["hint"].as_str().unwrap().contains("filters"),
            "{problem}"
        );
    }
    let narrow = "/api/v1/views/top?format=csv&limit=3";
    assert_eq!(read(&shop.server, narrow).await.rows.len(), 3);
}
