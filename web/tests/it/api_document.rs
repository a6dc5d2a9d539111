//! The document of the API, held against what the server really answers.

use crate::jobs;
use crate::live::{at, server, whole};
use crate::log_archive::seal;
use crate::run_now;
use crate::sales::SHOP;
use crate::shop::{Kind, STREAM, Sale, Shop, on_every_warehouse};
use crate::sse::Events;
use crate::support::{Import, TestLake, TestServer, request};
use crate::views;
use axum::routing::get;
use axum::{Json, Router};
use comptoir_web::{AccessRequest, ServeRequest};
use jiff::SignedDuration;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::process::Command;

/// A log's whole content.
const ARCHIVED: &str = "2026-11-21T13:42:00Z INFO sold\n2026-11-21T13:42:01Z ERROR no lake\n";
const DOCUMENT: &str = "/api/openapi.json";

/// A shop with something to see on every path.
pub(crate) struct Served {
    pub(crate) server: TestServer,
    _lake: TestLake,
    _shop: Shop,
}

pub(crate) async fn served() -> Served {
    let lake = TestLake::new();
    Import::of(&SHOP).publish(&lake.lake).await;
    let mut shop = Shop::open(Kind::Sqlite).await;
    let archived = request(&lake.lake).log_archive.directory;
    seal(&lake.lake, &archived, lake.dir.path(), ARCHIVED.as_bytes()).await;
    let server = TestServer::serving(ServeRequest {
        warehouse: shop.warehouse.clone(),
        logs_url: shipper().await,
        now: || at("2026-11-21T13:42:30Z"),
        access: AccessRequest {
            dir: lake.dir.path().join("access"),
            allow_remote_without_login: false,
        },
        ..request(&lake.lake)
    })
    .await;
    run_now::executor(&shop.warehouse, at("2026-11-21T13:42:30Z"), &["top"]).await;
    jobs::run(
        &shop.warehouse,
        "top",
        at("2026-11-21T13:00:00Z"),
        Some("no lake"),
    )
    .await;
    sell_some(&mut shop).await;
    shop.commit(1, &["not an event".to_owned()]).await;
    views::publish(&shop.warehouse, "run-1", &views::rows()).await;
    whole(&server, &shop, "/api/v1/live/summary").await;
    Served {
        server,
        _lake: lake,
        _shop: shop,
    }
}

/// Says what a log shipper would; returns where.
async fn shipper() -> String {
    let time = "2026-11-21T13:42:30Z";
    let source = json!({
        "name": "app.log", "path": "/var/log/app.log", "location": "file:///lake/app.log",
        "state": "shipping", "since": time, "problem": null, "lines": 7, "bytes": 700,
        "lag_bytes": 0, "pieces_closed": 1, "pieces_open": 1, "gaps": 0, "gap_bytes": 0,
        "shipped_at": time, "behind_since": null, "position": 700, "piece": "piece",
        "last_error": {"time": time, "message": "no lake"},
    });
    let line = json!({
        "source": "app.log", "offset": 600, "time": time, "level": "INFO", "component": "web",
        "message": "sold", "fields": [["order", "7"]],
    });
    let summary = json!({"time": time, "sources": [source], "lines": [line]});
    let answer = get(async move || Json(summary));
    let app = Router::new().route("/api/v1/logs/summary", answer);
    let listener = comptoir_web::listen(([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn sell_some(shop: &mut Shop) {
    let sales: Vec<_> = (0..5)
        .map(|number| Sale {
            order: number,
            product: number,
            ..Sale::at(shop.now - SignedDuration::from_secs(number.into()))
        })
        .collect();
    shop.sell(0, &sales).await;
}

fn validator(document: &Value, schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// The only method of a path.
fn only(item: &Value) -> (&str, &Value) {
    let (method, operation) = item.as_object().unwrap().iter().next().unwrap();
    (method, operation)
}

/// Asks the path and holds the answer against what the document says of this status and type.
async fn answers_as_described(
    server: &TestServer,
    document: &Value,
    path: &str,
    asked: &str,
) -> u16 {
    let (method, operation) = only(&document["paths"][path]);
    let request = server.request(&method.to_uppercase(), asked);
    let answer = request.header("sec-fetch-site", "same-origin").send();
    let answer = answer.await.unwrap();
    let (status, kind) = (
        answer.status().as_u16(),
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned(),
    );
    let content = &operation["responses"][status.to_string()]["content"][&kind];
    assert!(
        content.is_object(),
        "{asked}: {status} as {kind} is not described"
    );
    if kind.ends_with("json") {
        let body: Value = answer.json().await.unwrap();
        let validator = validator(document, &content["schema"]);
        let errors: Vec<_> = (validator.iter_errors(&body))
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{asked}: {errors:?} in {body}");
    }
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_answers_as_it_is_described() {
    let Served { server, .. } = &Box::pin(served()).await;
    let document = server.json(DOCUMENT).await;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(
        paths.contains_key("/api/v1/views/top"),
        "{:?}",
        paths.keys()
    );
    for (path, item) in paths {
        // It has no end; see below.
        if path.ends_with("/stream") {
            continue;
        }
        let mut asked = path.clone();
        let (method, operation) = only(item);
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let value = match name {
                "dimension" if path.contains("history") => "month",
                "dimension" => "category",
                "stream" => STREAM,
                "partition" | "life" => "1",
                "source" => "app.log",
                "offset" => "0",
                _ => "top",
            };
            asked = asked.replace(&format!("{{{name}}}"), value);
            if parameter["in"] == "query" && parameter["required"] == true {
                let separator = if asked.contains('?') { '&' } else { '?' };
                asked = format!("{asked}{separator}{name}={value}");
            }
        }
        let status = answers_as_described(server, &document, path, &asked).await;
        let expected = if method == "get" { 200 } else { 202 };
        assert_eq!(status, expected, "{asked}");
        if path == "/api/v1/lake" {
            for below in ["/user/sqoop/sales", "/user/sqoop/sales/part-m-00000"] {
                let asked = format!("{path}?path={below}");
                let status = answers_as_described(server, &document, path, &asked).await;
                assert_eq!(status, 200, "{asked}");
            }
        }
        if !operation["parameters"].is_null() {
            let wrong = format!("{path}?limit=none");
            answers_as_described(server, &document, path, &wrong).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_the_stream_is_as_described() {
    let Served { server, .. } = &Box::pin(served()).await;
    let document = server.json(DOCUMENT).await;
    let mut events = Events::of(server.get("/api/v1/live/stream").await);
    let event = events.next().await.unwrap();
    assert_eq!(event.name, "snapshot");
    let schema = json!({"$ref": "#/components/schemas/LiveMessage"});
    validator(&document, &schema).validate(&event.data).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_view_is_described_with_its_columns() {
    let Served { server, .. } = &Box::pin(served()).await;
    let document = server.json(DOCUMENT).await;
    let operation = &document["paths"]["/api/v1/views/top"]["get"];
    let parameter = |name: &str| {
        let parameters = operation["parameters"].as_array().unwrap();
        let found = parameters
            .iter()
            .find(|parameter| parameter["name"] == name);
        found.unwrap_or_else(|| panic!("{name}"))["schema"].clone()
    };
    assert_eq!(parameter("last.max")["format"], "date");
    assert!(parameter("spent.min")["pattern"].is_string());
    assert_eq!(parameter("limit")["maximum"], 1000);
    let sorts = ["customer", "-customer", "spent", "-spent", "last", "-last"];
    assert_eq!(parameter("sort")["enum"], json!(sorts));
    // Rows of other columns are not as described.
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let mut page = server.json("/api/v1/views/top").await;
    let validator = validator(&document, schema);
    assert!(validator.is_valid(&page));
    page["rows"][0]["spent"] = json!(9.5);
    assert!(!validator.is_valid(&page));
    let docs = server.get("/docs").await;
    assert_eq!(docs.headers()["content-type"], "text/html; charset=utf-8");
    assert!(docs.headers().contains_key("etag"));
    assert!(docs.text().await.unwrap().contains("GET /api/v1/views/top"));
    let style = server.get("/docs.css").await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}

#[tokio::test]
async fn without_a_warehouse_the_document_says_what_is_missing() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    let document = server.json(DOCUMENT).await;
    let about = document["info"]["description"].as_str().unwrap();
    assert!(about.contains("published views are missing"), "{about}");
    assert!(document["paths"]["/api/v1/views/{name}"].is_object());
}

#[tokio::test]
async fn every_parameter_that_can_not_be_used_is_named() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    for (asked, named) in [
        ("transactions?limit=0", vec!["limit"]),
        (
            "transactions?limit=x&status=new&city=Lyon",
            vec!["limit", "status"],
        ),
        ("transactions?currency=euro", vec!["currency"]),
        ("transactions?cursor=x", vec!["cursor"]),
        ("dead-letters?cursor=1.2", vec!["cursor"]),
        ("dead-letters?reasn=x&limit=1", vec!["reasn"]),
        ("live/by/city?window=7d", vec!["window"]),
        ("live/by/product?window=5m", vec!["window"]),
        ("live/by/city?limit=1&limit=2", vec!["limit"]),
        ("jobs/top?limit=0", vec!["limit"]),
        ("lake?path=user", vec!["path"]),
        ("logs/search?level=LOUD", vec!["level"]),
        ("logs/search?pattern=(", vec!["pattern"]),
        ("logs/search?source=nobody", vec!["source"]),
        ("journal?before=x", vec!["before"]),
    ] {
        let answer = server.get(&format!("/api/v1/{asked}")).await;
        assert_eq!(answer.status(), 400, "{asked}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/invalid-parameter", "{asked}");
        let errors = problem["errors"].as_array().unwrap().iter();
        let found: Vec<_> = errors
            .map(|error| error["parameter"].as_str().unwrap())
            .collect();
        assert_eq!(found, named, "{asked}");
        for name in named {
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(&format!("{name}: ")), "{asked}: {detail}");
        }
    }
    let no_text = server.get("/api/v1/history/by/%FF").await;
    assert_eq!(no_text.status(), 404);
    assert_eq!(
        no_text.headers()["content-type"],
        "application/problem+json"
    );
}

on_every_warehouse! {
    pages_of_transactions_and_of_dead_letters_follow_each_other
}

async fn pages_of_transactions_and_of_dead_letters_follow_each_other(shop: &mut Shop) {
    let lake = TestLake::new();
    let server = server(shop, &lake).await;
    sell_some(shop).await;
    let bad: Vec<_> = (0..5).map(|number| format!("no event {number}")).collect();
    shop.commit(1, &bad).await;
    whole(&server, shop, "/api/v1/live/summary").await;
    for (path, list, key) in [
        ("transactions?limit=2", "transactions", "event_id"),
        (
            "transactions?limit=2&status=APPROVED",
            "transactions",
            "event_id",
        ),
        ("dead-letters?limit=2", "letters", "offset"),
        ("dead-letters?limit=2&reason=not_json", "letters", "offset"),
    ] {
        let mut found: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = server.json(&format!("/api/v1/{path}{cursor}")).await;
            let rows = page[list]
                .as_array()
                .unwrap_or_else(|| panic!("{path}: {page}"));
            assert!(rows.len() <= 2, "{path}: {page}");
            found.extend(rows.iter().map(|row| row[key].clone()));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        let path = path.replace("limit=2", "limit=1000");
        let at_once = server.json(&format!("/api/v1/{path}")).await;
        let rows = at_once[list].as_array().unwrap().iter();
        let expected: Vec<_> = rows.map(|row| row[key].clone()).collect();
        assert_eq!(expected.len(), 5, "{path}: {at_once}");
        assert_eq!(found, expected, "{path}");
    }
    // The name of a stream may be any text, and of no stream there is nothing.
    let elsewhere = "/api/v1/transactions?cursor=1.0.7.%C3%A9lsewhere%F0%9F%9A%A2";
    let empty = server.json(elsewhere).await;
    assert_eq!(empty["transactions"], json!([]), "{empty}");
    let gone = server
        .get("/api/v1/dead-letters?cursor=1.999.nowhere")
        .await;
    assert_eq!(gone.status(), 409);
    let filtered = "/api/v1/transactions?category=%C3%89%F0%9F%9A%A2%00";
    let filtered = server.json(filtered).await;
    assert_eq!(filtered["transactions"], json!([]), "{filtered}");
}

/// The page has no use for descriptions, which are far larger than its types.
#[test]
fn the_page_is_built_without_descriptions() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--package",
            "comptoir-ui",
            "--edges",
            "normal",
        ])
        .args(["--target", "wasm32-unknown-unknown", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let packages = String::from_utf8(tree.stdout).unwrap();
    assert!(
        packages.contains("comptoir-model"),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    assert!(!packages.contains("utoipa"), "{packages}");
}
