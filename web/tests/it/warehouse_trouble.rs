//! A warehouse that is away, hangs, comes back, or was never made.

use crate::live::whole;
use crate::proxy::{Mode, Proxy};
use crate::shop::{Kind, Sale, Shop, limits};
use crate::sse::Events;
use crate::support::{TestLake, TestServer, request};
use comptoir_config::{DatabaseUrl, clock};
use comptoir_warehouse::{Limits, Warehouse};
use comptoir_web::ServeRequest;
use serde_json::{Value, json};
use std::time::Duration;

const SUMMARY: &str = "/api/v1/live/summary";

/// The shop's warehouse, through a proxy.
async fn behind_a_proxy(shop: &Shop) -> (Proxy, Warehouse) {
    let DatabaseUrl::MySql {
        host,
        port,
        database,
        ..
    } = &shop.url
    else {
        panic!("this test needs a server")
    };
    let proxy = Proxy::to(&format!("{host}:{port}")).await;
    let url = format!("mysql://127.0.0.1:{}/{database}", proxy.port);
    let limits = Limits {
        connect: Duration::from_secs(1),
        ..limits()
    };
    let warehouse = Warehouse::new(url.parse().unwrap(), shop.login.clone(), limits);
    (proxy, warehouse)
}

fn is_live(answer: &Value) -> bool {
    answer["source"]["state"] == "live"
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_figures_stay_and_say_since_when() {
    Shop::with(Kind::MariaDb, async |shop: &mut Shop| {
        let (proxy, warehouse) = behind_a_proxy(shop).await;
        let lake = TestLake::new();
        let server = TestServer::serving(ServeRequest {
            warehouse,
            ..request(&lake.lake)
        })
        .await;
        shop.now = clock::now();
        shop.sell(0, &[Sale::at(clock::now())]).await;
        whole(&server, shop, SUMMARY).await;
        shop.looking_until(server.json_when(SUMMARY, is_live)).await;
        let mut events = Events::of(server.get("/api/v1/live/stream").await);
        assert_eq!(events.next().await.unwrap().name, "snapshot");

        for mode in [Mode::Closed, Mode::Silent] {
            proxy.set(mode);
            let away = server
                .json_when(SUMMARY, |answer| {
                    answer["source"]["state"] == "warehouse_away"
                })
                .await;
            assert_eq!(away["windows"]["today"]["figures"]["transactions"], 1);
            assert_eq!(away["as_of"]["offsets"], shop.offsets());
            let told = events
                .find(|event| event.data["source"]["state"] == "warehouse_away")
                .await;
            assert_eq!(told.data["source"]["since"], away["source"]["since"]);
            let asked = server.get("/api/v1/transactions").await;
            assert_eq!(asked.status(), 503);
            let problem: Value = asked.json().await.unwrap();
            assert_eq!(problem["type"], "/problems/warehouse-unavailable");
            proxy.set(Mode::Open);
            shop.looking_until(events.find(|event| is_live(&event.data)))
                .await;
        }
        shop.sell(1, &[Sale::at(clock::now())]).await;
        let after = whole(&server, shop, SUMMARY).await;
        assert_eq!(after["windows"]["today"]["figures"]["transactions"], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_answer_there_is_a_problem_instead_of_zeros() {
    Shop::with(Kind::MariaDb, async |shop: &mut Shop| {
        let (proxy, warehouse) = behind_a_proxy(shop).await;
        proxy.set(Mode::Closed);
        let lake = TestLake::new();
        let server = TestServer::serving(ServeRequest {
            warehouse,
            ..request(&lake.lake)
        })
        .await;
        let mut events = Events::of(server.get("/api/v1/live/stream").await);
        let first = events.next().await.unwrap();
        assert_eq!(first.data["source"]["state"], "warehouse_away");
        assert!(first.data["windows"].is_null());
        let answer = server.get(SUMMARY).await;
        assert_eq!(answer.status(), 503);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/warehouse-unavailable");
        assert!(problem["hint"].is_string(), "{problem}");

        proxy.set(Mode::Open);
        events.find(|event| event.data["windows"].is_object()).await;
        whole(&server, shop, SUMMARY).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_without_tables_is_an_empty_one() {
    let lake = TestLake::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("warehouse.db");
    std::fs::write(&path, "").unwrap();
    let url = format!("sqlite://{}", path.display()).parse().unwrap();
    let warehouse = Warehouse::new(url, comptoir_warehouse::Login::default(), limits());
    let server = TestServer::serving(ServeRequest {
        warehouse: warehouse.clone(),
        ..request(&lake.lake)
    })
    .await;
    let empty = server
        .json_when(SUMMARY, |answer| answer["source"]["state"] == "empty")
        .await;
    assert_eq!(empty["windows"]["today"]["figures"]["transactions"], 0);
    assert_eq!(empty["as_of"]["offsets"], json!([]));
    warehouse.migrate().await.unwrap();
    server
        .json_when(SUMMARY, |answer| answer["source"]["state"] == "empty")
        .await;
}
