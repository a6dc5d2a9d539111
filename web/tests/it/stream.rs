//! Server-sent events: what changes, who comes back, who does not read.

use crate::live::{random_sale, server_at, whole};
use crate::metrics::samples;
use crate::shop::{Kind, Sale, Shop, on_every_warehouse};
use crate::sse::{Event, Events};
use crate::support::{TestLake, TestServer};
use comptoir_config::clock;
use comptoir_model::api::live::{LiveMessage, LiveUpdate, SourceState};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const STREAM: &str = "/api/v1/live/stream";
const PARTS: [&str; 5] = ["windows", "series", "groups", "tops", "transactions"];

async fn open(server: &TestServer, last_event_id: Option<&str>) -> Events {
    let request = server.request("GET", STREAM);
    let request = match last_event_id {
        Some(id) => request.header("last-event-id", id),
        None => request,
    };
    Events::of(request.send().await.unwrap())
}

/// What a page knows after another message.
fn learn(known: &mut LiveMessage, event: &Event) {
    let data = event.data.clone();
    match event.name.as_str() {
        "snapshot" => *known = serde_json::from_value(data).unwrap(),
        "change" => {
            let update: LiveUpdate = serde_json::from_value(data).unwrap();
            update.apply(known).unwrap();
        }
        other => panic!("no message is called {other}"),
    }
}

fn part(known: &LiveMessage, name: &str) -> Value {
    serde_json::to_value(known).unwrap()[name].clone()
}

on_every_warehouse! {
    a_page_that_takes_in_all_messages_knows_what_a_single_answer_says
}

async fn a_page_that_takes_in_all_messages_knows_what_a_single_answer_says(shop: &mut Shop) {
    let lake = TestLake::new();
    let server = server_at(shop, &lake, clock::now).await;
    let mut events = open(&server, None).await;
    let first = events.next().await.unwrap();
    assert_eq!(first.name, "snapshot");
    for part in PARTS {
        assert!(!first.data[part].is_null(), "{part}: {first:?}");
    }
    let mut known: LiveMessage = serde_json::from_value(first.data.clone()).unwrap();
    let mut random = StdRng::seed_from_u64(11);
    for round in 0..5 {
        shop.now = clock::now();
        let sales: Vec<_> = (0..20)
            .map(|_| Sale {
                at: clock::now(),
                ..random_sale(&mut random)
            })
            .collect();
        shop.look().await;
        shop.sell(round % 2, &sales).await;
        let offsets = shop.offsets();
        loop {
            let event = events.next().await.unwrap();
            // The first sale of the day makes lists that were not there.
            assert!(round == 0 || event.name == "change", "{event:?}");
            learn(&mut known, &event);
            if event.data["as_of"]["offsets"] == offsets {
                break;
            }
        }
        for (path, name) in [
            ("/api/v1/live/summary", "windows"),
            ("/api/v1/live/series", "series"),
            ("/api/v1/live/by/category", "groups"),
            ("/api/v1/live/by/product?limit=10", "tops"),
            ("/api/v1/transactions?limit=25", "transactions"),
        ] {
            let answer = whole(&server, shop, path).await;
            let equal = |known: &LiveMessage| {
                let known = part(known, name);
                let Some(rows) = answer[name].as_array() else {
                    return known == answer[name];
                };
                // The stream has the other dimensions and kinds, too.
                rows.iter()
                    .all(|row| known.as_array().unwrap().contains(row))
            };
            // The minute may have changed in between.
            while !equal(&known) {
                let event = events.next().await.unwrap();
                let is_another_minute = !event.data["windows"].is_null();
                learn(&mut known, &event);
                assert!(!is_another_minute || equal(&known), "{path}: {answer}");
            }
        }
        assert_eq!(known.source.state, SourceState::Live);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_gets_what_changed_meanwhile() {
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        let lake = TestLake::new();
        let server = server_at(shop, &lake, || "2026-11-21T13:42:30Z".parse().unwrap()).await;
        shop.sell(0, &[Sale::at(shop.now)]).await;
        let mut events = open(&server, None).await;
        let offsets = shop.offsets();
        let up_to_date = |event: &Event| event.data["as_of"]["offsets"] == offsets;
        let last = events.find(up_to_date).await;
        drop(events);

        let again = open(&server, Some(&last.id)).await.next().await.unwrap();
        assert_eq!(again.name, "change");
        for part in PARTS {
            assert!(
                again.data[part].is_null(),
                "{part} has not changed: {again:?}"
            );
        }
        assert!(again.data["source"].is_object());

        // In yesterday: neither a window nor the minutes have it, the list of transactions has.
        shop.sell(1, &[Sale::at("2026-11-20T12:00:00Z".parse().unwrap())])
            .await;
        let offsets = shop.offsets();
        let missed = (open(&server, Some(&last.id)).await)
            .find(|event| event.data["as_of"]["offsets"] == offsets)
            .await;
        assert_eq!(missed.name, "change");
        let new = missed.data["transactions"]["new"].as_array().unwrap();
        assert_eq!(new.len(), 1, "only that one: {missed:?}");
        for part in ["windows", "series", "groups", "tops"] {
            assert!(missed.data[part].is_null(), "{part} has not changed");
        }
        let (epoch, _) = last.id.rsplit_once('-').unwrap();
        for unknown in ["another-life-3", "nonsense", &format!("{epoch}-999999")] {
            let event = open(&server, Some(unknown)).await.next().await.unwrap();
            assert_eq!(event.name, "snapshot", "{unknown}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_still_says_that_the_server_lives() {
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        let lake = TestLake::new();
        let server = server_at(shop, &lake, clock::now).await;
        let mut events = open(&server, None).await;
        for _ in 0..3 {
            events.next().await.unwrap();
        }
        // The sink of this test has looked long ago.
        let stopped = events
            .find(|event| event.data["source"]["state"] == "stopped")
            .await;
        assert!(stopped.data["source"]["since"].is_string());
        server.stop().await;
        while events.next().await.is_some() {}
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_cut_off() {
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        let lake = TestLake::new();
        let server = server_at(shop, &lake, clock::now).await;
        let address = server.base.strip_prefix("http://").unwrap();
        let mut silent = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {STREAM} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        silent.write_all(request.as_bytes()).await.unwrap();
        let mut random = StdRng::seed_from_u64(5);
        let cut_off = async || samples(&server).await["comptoir_connections_cut_off_total"] == "1";
        let deadline = clock::instant() + Duration::from_mins(1);
        while !cut_off().await {
            assert!(clock::instant() < deadline, "the client must be cut off");
            shop.now = clock::now();
            let sale = || Sale {
                at: clock::now(),
                ..random_sale(&mut random)
            };
            let sales: Vec<_> = std::iter::repeat_with(sale).take(50).collect();
            shop.sell(0, &sales).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(samples(&server).await["comptoir_live_streams"], "0");
        drop(silent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_only_so_many_streams() {
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        let lake = TestLake::new();
        let server = server_at(shop, &lake, clock::now).await;
        let mut streams = Vec::new();
        for _ in 0..256 {
            streams.push(open(&server, None).await);
        }
        let refused = server.get(STREAM).await;
        assert_eq!(refused.status(), 503);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/too-many-streams");
        for stream in &mut streams {
            assert_eq!(stream.next().await.unwrap().name, "snapshot");
        }
        drop(streams);
        let deadline = clock::instant() + Duration::from_secs(30);
        while server.get(STREAM).await.status() == 503 {
            assert!(clock::instant() < deadline, "closed streams must make room");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}
