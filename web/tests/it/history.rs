//! What the API says about an import, held against a recomputation.

use crate::sales::{Line, SHOP, at_two_decimals, figures, groups};
use crate::support::{Import, SUMMARY, TestLake, TestServer};
use serde_json::{Value, json};

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

    let key = |dimension, line: &Line| match dimension {
        "month" => line.date[..7].to_owned(),
        "product_line" => line.product.to_owned(),
        "country" => line.country.to_owned(),
        "territory" => "EMEA".to_owned(),
        "status" => line.status.to_owned(),
        _ => "Small".to_owned(),
    };
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
