//! What the API says about an import, held against a recomputation.

use crate::export::read;
use crate::sales::{Line, SHOP, at_two_decimals, figures, groups};
use crate::support::{Import, SUMMARY, TestLake, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Takes the members that every answer has off it, and checks them.
fn without_origin(mut answer: Value, import: &Import) -> Value {
    let members = answer.as_object_mut().unwrap();
    let origin = members.remove("import").unwrap();
    let manifest = &import.manifest;
    assert_eq!(origin["run"], import.run());
    assert_eq!(origin["table"], "sales");
    assert_eq!(origin["rows"], manifest.rows());
    assert_eq!(origin["bytes"], manifest.bytes());
    assert_eq!(
        origin["parts"],
        serde_json::to_value(&manifest.parts).unwrap()
    );
    let as_of = members.remove("as_of").unwrap();
    assert_eq!(
        as_of,
        json!({ "time": manifest.imported_at.to_string(), "offsets": [] })
    );
    assert_eq!(members.remove("stale"), Some(Value::Null));
    at_two_decimals(answer)
}

#[tokio::test]
async fn the_summary_equals_a_recomputation() {
    let lake = TestLake::new();
    let import = Import::of(&SHOP);
    import.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;

    let answer = server.json(SUMMARY).await;
    let location = answer["import"]["location"].as_str().unwrap();
    assert!(location.starts_with("file:///"), "{location}");
    assert!(location.ends_with("/user/sqoop/sales"), "{location}");
    let mut expected = figures(&SHOP);
    expected["period"] = json!({ "first": "2023-12-01", "last": "2024-02-29" });
    assert_eq!(without_origin(answer, &import), expected);
}

#[tokio::test]
async fn every_breakdown_equals_a_recomputation() {
    let lake = TestLake::new();
    let import = Import::of(&SHOP);
    import.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;

    for dimension in [
        "month",
        "product_line",
        "country",
        "territory",
        "status",
        "deal_size",
    ] {
        let answer = server
            .json(&format!("/api/v1/history/by/{dimension}"))
            .await;
        let groups = groups(&SHOP, |line| key(dimension, line));
        let expected = json!({ "dimension": dimension, "groups": groups });
        assert_eq!(without_origin(answer, &import), expected, "{dimension}");
    }
}

/// What a line is grouped by.
fn key(dimension: &str, line: &Line) -> String {
    match dimension {
        "month" => line.date[..7].to_owned(),
        "product_line" => line.product.to_owned(),
        "country" => line.country.to_owned(),
        "territory" => "EMEA".to_owned(),
        "status" => line.status.to_owned(),
        _ => "Small".to_owned(),
    }
}

/// Whether a filter takes a line.
type Fits = fn(&Line) -> bool;

#[tokio::test]
async fn filters_leave_the_lines_that_fit_all_of_them() {
    let lake = TestLake::new();
    let import = Import::of(&SHOP);
    import.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    let cases: [(&str, Fits); 7] = [
        ("country=France&country=Norway", |line| {
            ["France", "Norway"].contains(&line.country)
        }),
        ("country=Germany&status=Cancelled", |line| {
            line.country == "Germany" && line.status == "Cancelled"
        }),
        ("from=2024-01-31&to=2024-02-01", |line| {
            ("2024-01-31"..="2024-02-01").contains(&line.date)
        }),
        // One line of an order of two.
        ("product_line=Ships&month=2024-01", |line| {
            line.product == "Ships" && line.date.starts_with("2024-01")
        }),
        ("territory=EMEA&deal_size=Small&to=2023-12-31", |line| {
            line.date <= "2023-12-31"
        }),
        ("status=On%20Hold", |line| line.status == "On Hold"),
        ("country=Narnia", |_| false),
    ];
    for (query, fits) in cases {
        let lines: Vec<Line> = SHOP.iter().filter(|line| fits(line)).copied().collect();
        let answer = server.json(&format!("{SUMMARY}?{query}")).await;
        let mut expected = figures(&lines);
        let days = || lines.iter().map(|line| line.date);
        expected["period"] = match days().min() {
            Some(first) => json!({ "first": first, "last": days().max() }),
            None => Value::Null,
        };
        expected["import_period"] = json!({ "first": "2023-12-01", "last": "2024-02-29" });
        assert_eq!(without_origin(answer, &import), expected, "{query}");
        for dimension in ["month", "product_line", "country", "status", "deal_size"] {
            let path = format!("/api/v1/history/by/{dimension}?{query}");
            let answer = server.json(&path).await;
            let groups = groups(&lines, |line| key(dimension, line));
            let mut expected = json!({ "dimension": dimension, "groups": groups });
            let keys = |lines: &[Line]| -> BTreeSet<String> {
                lines.iter().map(|line| key(dimension, line)).collect()
            };
            let others: Vec<_> = keys(&SHOP).difference(&keys(&lines)).cloned().collect();
            if !others.is_empty() {
                expected["other_keys"] = json!(others);
            }
            assert_eq!(without_origin(answer, &import), expected, "{path}");
            let csv = read(&server, &format!("{path}&format=csv")).await;
            let names: Vec<_> = keys(&lines).into_iter().collect();
            assert_eq!(csv.all(dimension), names, "{path}");
        }
    }
    for (query, named) in [("from=1.2.2024", "from"), ("color=red", "color")] {
        let problem = server.json(&format!("{SUMMARY}?{query}")).await;
        assert_eq!(problem["errors"][0]["parameter"], named, "{problem}");
    }
}

#[tokio::test]
async fn an_import_without_rows_has_figures_of_zero() {
    let lake = TestLake::new();
    let import = Import::of(&[]);
    import.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;

    let mut expected = figures(&[]);
    expected["period"] = Value::Null;
    assert_eq!(
        without_origin(server.json(SUMMARY).await, &import),
        expected
    );
}

#[tokio::test]
async fn a_new_import_takes_the_place_of_the_old_one_without_a_restart() {
    let lake = TestLake::new();
    Import::of(&SHOP[..2]).publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    assert_eq!(server.json(SUMMARY).await["lines"], 2);

    let second = Import::of(&SHOP);
    second.publish(&lake.lake).await;
    let answer = server
        .json_when(SUMMARY, |answer| answer["import"]["run"] == second.run())
        .await;
    assert_eq!(answer["lines"], SHOP.len());
    let by_month = server.json("/api/v1/history/by/month").await;
    assert_eq!(
        by_month["import"]["run"],
        second.run(),
        "all answers are of one import"
    );
}

#[tokio::test]
async fn a_half_published_import_is_not_seen() {
    let lake = TestLake::new();
    let first = Import::of(&SHOP[..2]);
    first.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    assert_eq!(server.json(SUMMARY).await["lines"], 2);

    // A looked-at lake moves `checked_at` on: two such moves are two whole looks.
    let half = Import::of(&SHOP);
    let _unfinished = half.prepare(&lake.lake, &crate::support::target()).await;
    for _ in 0..2 {
        crate::metrics::next_look(&server).await;
        let answer = server.json(SUMMARY).await;
        assert_eq!(answer["import"]["run"], first.run());
        assert_eq!(answer["stale"], Value::Null);
    }
}

#[tokio::test]
async fn an_unknown_dimension_is_named_with_the_known_ones() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    let answer = server.get("/api/v1/history/by/colour").await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/not-found");
    let detail = problem["detail"].as_str().unwrap();
    for part in [
        "`colour`",
        "month",
        "product_line",
        "country",
        "territory",
        "status",
        "deal_size",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
}
