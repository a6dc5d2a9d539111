//! Nothing imported, damaged imports, and a lake that is away.

use crate::sales::{Line, SHOP};
use crate::support::{Import, SUMMARY, TestLake, TestServer, options};
use comptoir_lake::{Lake, LakeOptions};
use serde_json::Value;
use std::time::Duration;

#[tokio::test]
async fn an_empty_lake_is_ready_and_says_how_to_fill_it() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    let answer = server.get(SUMMARY).await;
    assert_eq!(answer.status(), 404);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/no-import");
    let hint = problem["hint"].as_str().unwrap();
    assert!(hint.starts_with("comptoir-batch import "), "{hint}");
    assert!(hint.contains("--target-dir /user/sqoop/sales"), "{hint}");
    assert!(hint.contains(r"--escaped-by '\\'"), "{hint}");
    assert_eq!(server.get("/readyz").await.status(), 200);

    Import::of(&SHOP).publish(&lake.lake).await;
    server
        .json_when(SUMMARY, |answer| answer["lines"] == SHOP.len())
        .await;
}

fn flip_a_bit(lake: &TestLake, part: usize) {
    let path = lake.published_part(part);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
}

#[tokio::test]
async fn a_flipped_bit_is_found_and_named() {
    let lake = TestLake::new();
    Import::of(&SHOP).publish(&lake.lake).await;
    flip_a_bit(&lake, 1);
    let server = TestServer::start(&lake.lake).await;

    let answer = server.get(SUMMARY).await;
    assert_eq!(answer.status(), 502);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/unreadable-import");
    assert!(
        problem["detail"].as_str().unwrap().contains("part-m-00001"),
        "{problem}"
    );
    assert!(problem["hint"].is_string(), "{problem}");
    assert_eq!(server.get("/readyz").await.status(), 503);
    assert_eq!(server.get("/healthz").await.status(), 200);

    // A good import cures it without a restart.
    Import::of(&SHOP).publish(&lake.lake).await;
    server
        .json_when(SUMMARY, |answer| answer["lines"] == SHOP.len())
        .await;
}

#[tokio::test]
async fn a_bad_row_is_named_and_the_last_good_view_goes_on() {
    let lake = TestLake::new();
    let good = Import::of(&SHOP);
    good.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    assert_eq!(server.json(SUMMARY).await["stale"], Value::Null);

    let mut rows: Vec<_> = SHOP.iter().map(Line::values).collect();
    rows[4][4] = Some("12.5x".to_owned());
    Import::of_rows(&rows).publish(&lake.lake).await;

    let answer = server
        .json_when(SUMMARY, |answer| !answer["stale"].is_null())
        .await;
    assert_eq!(answer["import"]["run"], good.run());
    assert_eq!(answer["lines"], SHOP.len());
    let problem = &answer["stale"]["problem"];
    assert_eq!(problem["type"], "/problems/unreadable-import");
    let detail = problem["detail"].as_str().unwrap();
    for part in ["part-m-00001", "record 2", "SALES", "`12.5x`"] {
        assert!(detail.contains(part), "{detail}");
    }
    assert!(problem["hint"].is_string(), "{problem}");
    assert_eq!(server.get("/readyz").await.status(), 200);
}

#[tokio::test]
async fn a_damaged_newer_import_does_not_replace_the_last_good_one() {
    let lake = TestLake::new();
    let good = Import::of(&SHOP);
    good.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    assert_eq!(server.json(SUMMARY).await["import"]["run"], good.run());

    // What is written is not what the manifest promises, as after a bit flip on a disk.
    let mut damaged = Import::of(&SHOP[..2]);
    damaged.parts[0][10] ^= 1;
    damaged.publish(&lake.lake).await;

    let answer = server
        .json_when(SUMMARY, |answer| !answer["stale"].is_null())
        .await;
    assert_eq!(answer["import"]["run"], good.run());
    assert_eq!(
        answer["stale"]["problem"]["type"],
        "/problems/unreadable-import"
    );
}

#[tokio::test]
async fn a_name_node_that_is_away_is_said_while_the_rest_answers() {
    // Bound and not listening: nobody else takes the port, and it refuses connections.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let closed = socket.local_addr().unwrap();
    let lake = Lake::open(&format!("hdfs://{closed}"), options()).unwrap();
    let server = TestServer::start(&lake).await;

    let problem = server
        .json_when(SUMMARY, |answer| answer["status"] == 503)
        .await;
    assert_eq!(problem["type"], "/problems/lake-unavailable");
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status(), 503);
    let reason: Value = ready.json().await.unwrap();
    assert_eq!(reason["type"], "/problems/lake-unavailable");
    for path in ["/", "/healthz", "/metrics"] {
        assert_eq!(server.get(path).await.status(), 200, "{path}");
    }
    assert_eq!(server.get("/api/v1/history/by/colour").await.status(), 404);
}

#[tokio::test]
async fn a_name_node_that_never_answers_is_given_up_within_the_limit() {
    // Connections wait in the backlog: the NameNode takes them and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("hdfs://{}", silent.local_addr().unwrap());
    let limit = LakeOptions {
        timeout: Duration::from_secs(1),
        ..options()
    };
    let server = TestServer::start(&Lake::open(&url, limit).unwrap()).await;

    assert_eq!(server.get("/healthz").await.status(), 200);
    let problem = server
        .json_when(SUMMARY, |answer| answer["status"] == 503)
        .await;
    assert_eq!(problem["type"], "/problems/lake-unavailable");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("longer than 1 s"), "{detail}");
    server.stop().await;
}

#[tokio::test]
async fn a_lake_that_goes_away_makes_the_view_stale_and_comes_back() {
    let lake = TestLake::new();
    let import = Import::of(&SHOP);
    import.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    assert_eq!(server.json(SUMMARY).await["stale"], Value::Null);

    // A file where the directory was: every call fails, as on a broken mount.
    let root = lake.dir.path().join("user");
    let aside = lake.dir.path().join("aside");
    std::fs::rename(&root, &aside).unwrap();
    std::fs::write(&root, "").unwrap();
    let stale = server
        .json_when(SUMMARY, |answer| !answer["stale"].is_null())
        .await;
    assert_eq!(stale["lines"], SHOP.len());
    assert!(stale["stale"]["since"].is_string(), "{stale}");

    std::fs::remove_file(&root).unwrap();
    std::fs::rename(&aside, &root).unwrap();
    server
        .json_when(SUMMARY, |answer| answer["stale"].is_null())
        .await;
}
