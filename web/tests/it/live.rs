//! The live figures as single answers, held against a recomputation.

use crate::recount;
use crate::shop::{Kind, Sale, Shop, on_every_warehouse};
use crate::support::{TestLake, TestServer, request};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

/// 14:42:30 in Paris.
const NOW: &str = "2026-11-21T13:42:30Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn server_at(
    shop: &Shop,
    lake: &TestLake,
    now: fn() -> Timestamp,
) -> impl Future<Output = TestServer> {
    TestServer::serving(comptoir_web::ServeRequest {
        warehouse: shop.warehouse.clone(),
        now,
        ..request(&lake.lake)
    })
}

pub(crate) async fn server(shop: &Shop, lake: &TestLake) -> TestServer {
    server_at(shop, lake, || at(NOW)).await
}

/// Asks until the answer includes all that the shop has sold.
pub(crate) async fn whole(server: &TestServer, shop: &Shop, path: &str) -> Value {
    let offsets = shop.offsets();
    server
        .json_when(path, |answer| answer["as_of"]["offsets"] == offsets)
        .await
}

pub(crate) fn random_sale(random: &mut StdRng) -> Sale {
    let seconds = match random.random_range(0..10) {
        0 => random.random_range(0..3_600),
        1 => -random.random_range(0..90_000),
        2 | 3 => -random.random_range(0..50_000),
        4 | 5 => -random.random_range(0..3_600),
        _ => -random.random_range(0..400),
    };
    Sale {
        at: at(NOW) + SignedDuration::from_secs(seconds),
        order: random.random_range(0..80),
        customer: random.random_bool(0.8).then(|| random.random_range(0..30)),
        product: random.random_range(0..15),
        category: ["Tea", "Épices", "épices"].choose(random).unwrap(),
        merchant: ["Port", "Quai 🚢", "Halles"].choose(random).unwrap(),
        city: ["Nantes", "Lyon", "LYON"].choose(random).unwrap(),
        channel: ["web", "store", "phone"].choose(random).unwrap(),
        status: [
            "APPROVED", "APPROVED", "APPROVED", "DECLINED", "PENDING", "REFUNDED",
        ]
        .choose(random)
        .unwrap(),
        quantity: random.random_range(1..5),
        cents: random.random_range(0..100_000),
        currency: "EUR",
    }
}

pub(crate) fn windows() -> [(&'static str, &'static str, Range<Timestamp>); 3] {
    let end = at("2026-11-21T13:43:00Z");
    [
        ("minutes_5", "5m", at("2026-11-21T13:38:00Z")..end),
        ("minutes_60", "60m", at("2026-11-21T12:43:00Z")..end),
        ("today", "today", at("2026-11-20T23:00:00Z")..end),
    ]
}

/// What a sale is counted under.
type Key<T> = fn(&Sale) -> T;

on_every_warehouse! {
    every_figure_equals_a_recomputation
    figures_of_sealed_generations_stay
}

async fn every_figure_equals_a_recomputation(shop: &mut Shop) {
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let lake = TestLake::new();
    let server = server(shop, &lake).await;
    for round in 0..6 {
        let count = random.random_range(1..150);
        let mut sales: Vec<_> = (0..count).map(|_| random_sale(&mut random)).collect();
        if round >= 3 {
            for sale in &mut sales {
                sale.currency = ["EUR", "USD"].choose(&mut random).unwrap();
            }
        }
        shop.sell(round % 2, &sales).await;
        check(shop, &server, &format!("seed {seed}, round {round}")).await;
    }
    // And as a server sees it that was not there meanwhile.
    let late = server_at(shop, &lake, || at(NOW)).await;
    check(shop, &late, &format!("seed {seed}, a new server")).await;
}

pub(crate) async fn check(shop: &Shop, server: &TestServer, round: &str) {
    let summary = whole(server, shop, "/api/v1/live/summary").await;
    assert_eq!(summary["source"]["state"], "live", "{summary}");
    for (name, _, span) in windows() {
        let found = &summary["windows"][name];
        assert_eq!(found["from"], json!(span.start), "{round}");
        assert_eq!(found["to"], json!(span.end), "{round}");
        assert_eq!(
            found["figures"],
            recount::figures(&shop.sold, &span),
            "{round}: {name}"
        );
    }
    let series = whole(server, shop, "/api/v1/live/series").await;
    let minute = SignedDuration::from_mins(1);
    let points: Vec<_> = (0..60)
        .map(|number| at("2026-11-21T12:43:00Z") + minute * number)
        .map(|start| recount::point(&shop.sold, start, start + minute))
        .collect();
    assert_eq!(series["series"]["minutes"], json!(points), "{round}");

    let keys: [(&str, Key<String>); 4] = [
        ("category", |sale| sale.category.to_owned()),
        ("city", |sale| sale.city.to_owned()),
        ("channel", |sale| sale.channel.to_owned()),
        ("status", |sale| sale.status.to_owned()),
    ];
    for (dimension, key) in keys {
        let answer = whole(server, shop, &format!("/api/v1/live/by/{dimension}")).await;
        for (number, (_, name, span)) in windows().into_iter().enumerate() {
            let groups = &answer["groups"][number];
            assert_eq!(groups["window"], name);
            let expected = recount::ranked(&shop.sold, &span, |sale| Some(key(sale)));
            let found: Vec<_> = (groups["groups"].as_array().unwrap().iter())
                .map(|group| (group["key"].clone(), group["revenue"].clone()))
                .collect();
            let listed = expected
                .into_iter()
                .map(|(_, key, revenue)| (json!(key), revenue));
            assert_eq!(
                found,
                listed.collect::<Vec<_>>(),
                "{round}: {dimension} {name}"
            );
        }
    }
    // Today's, with the whole of the running quarter of an hour.
    let span = at("2026-11-20T23:00:00Z")..at("2026-11-21T13:45:00Z");
    let keys: [(&str, Key<Option<String>>); 3] = [
        ("product", |sale| Some(format!("p-{}", sale.product))),
        ("merchant", |sale| Some(sale.merchant.to_owned())),
        ("customer", |sale| sale.customer.map(|id| format!("c-{id}"))),
    ];
    for (kind, key) in keys {
        let answer = whole(server, shop, &format!("/api/v1/live/by/{kind}?limit=1000")).await;
        let expected: Vec<_> = (recount::ranked(&shop.sold, &span, key).into_iter())
            .map(|(currency, key, revenue)| (json!(currency), json!(key), revenue))
            .collect();
        let lists = answer["tops"].as_array().unwrap().iter();
        let found: Vec<_> = lists
            .flat_map(|list| {
                list["rows"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(move |row| (list, row))
            })
            .map(|(list, row)| {
                (
                    list["currency"].clone(),
                    row["key"].clone(),
                    row["revenue"].clone(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{round}: {kind}");
        if kind == "product" {
            for list in answer["tops"].as_array().unwrap() {
                for row in list["rows"].as_array().unwrap() {
                    let number = row["key"].as_str().unwrap().strip_prefix("p-").unwrap();
                    assert_eq!(row["name"], format!("Product {number}"));
                }
            }
        }
    }
}

async fn figures_of_sealed_generations_stay(shop: &mut Shop) {
    let lake = TestLake::new();
    let server = server(shop, &lake).await;
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..3 {
        let sales: Vec<_> = (0..40).map(|_| random_sale(&mut random)).collect();
        shop.sell(0, &sales).await;
        shop.seal().await;
        check(shop, &server, "after a seal").await;
    }
    // A seal moves no offset: the server hears of it at its next look.
    let is_sealed = |answer: &Value| answer["source"]["partitions"][0]["generation"] == 4;
    server.json_when("/api/v1/live/summary", is_sealed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_move_with_the_clock() {
    static CLOCK: AtomicI64 = AtomicI64::new(0);
    fn now() -> Timestamp {
        Timestamp::from_second(CLOCK.load(Ordering::SeqCst)).unwrap()
    }
    fn set(text: &str) {
        CLOCK.store(at(text).as_second(), Ordering::SeqCst);
    }
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        set("2026-11-21T22:50:10Z");
        let lake = TestLake::new();
        let server = server_at(shop, &lake, now).await;
        // One in the running minute, one that is dated into the next.
        shop.sell(
            0,
            &[
                Sale::at(at("2026-11-21T22:50:05Z")),
                Sale::at(at("2026-11-21T22:51:00Z")),
            ],
        )
        .await;
        let counts = async |time: &str, expected: [u64; 3]| {
            set(time);
            let wanted = |answer: &Value| {
                let count = |name: &str| &answer["windows"][name]["figures"]["transactions"];
                let names = ["minutes_5", "minutes_60", "today"];
                names.map(|name| count(name).clone()) == expected.map(|count| json!(count))
            };
            server.json_when("/api/v1/live/summary", wanted).await
        };
        counts("2026-11-21T22:50:59Z", [1, 1, 1]).await;
        counts("2026-11-21T22:51:00Z", [2, 2, 2]).await;
        counts("2026-11-21T22:54:59Z", [2, 2, 2]).await;
        counts("2026-11-21T22:55:00Z", [1, 2, 2]).await;
        counts("2026-11-21T22:56:00Z", [0, 2, 2]).await;
        // Midnight in Paris: the last hour goes on.
        let midnight = counts("2026-11-21T23:00:00Z", [0, 2, 0]).await;
        assert_eq!(midnight["windows"]["today"]["from"], "2026-11-21T23:00:00Z");
        shop.sell(
            1,
            &[
                Sale::at(at("2026-11-21T22:59:59Z")),
                Sale::at(at("2026-11-21T23:00:00Z")),
            ],
        )
        .await;
        counts("2026-11-21T23:00:30Z", [2, 4, 1]).await;
        counts("2026-11-21T23:50:00Z", [0, 3, 1]).await;
        // Late, into the quarters of yesterday and of today's beginning.
        shop.sell(
            1,
            &[
                Sale::at(at("2026-11-21T22:00:00Z")),
                Sale::at(at("2026-11-21T23:00:01Z")),
            ],
        )
        .await;
        counts("2026-11-22T00:30:00Z", [0, 0, 2]).await;
        let day = counts("2026-11-22T22:59:59Z", [0, 0, 2]).await;
        assert_eq!(day["windows"]["today"]["figures"]["orders"]["count"], 1);
        // A clock that is put back.
        counts("2026-11-21T22:50:10Z", [1, 2, 2]).await;
    })
    .await;
}

/// Each of the two letters as its own answer.
async fn letters_have_their_records(server: &TestServer, letters: &Value) {
    let mut texts = Vec::new();
    for letter in letters["letters"].as_array().unwrap() {
        let place = format!(
            "{}/{}/{}",
            letter["stream"].as_str().unwrap(),
            letter["partition"],
            letter["offset"]
        );
        let answer = server.json(&format!("/api/v1/dead-letters/{place}")).await;
        assert_eq!(answer["letter"], *letter, "{place}");
        assert_eq!(answer["is_whole"], true);
        assert!(!answer["cure"].as_str().unwrap().is_empty(), "{answer}");
        texts.push(answer["text"].as_str().unwrap().to_owned());
    }
    texts.sort();
    assert_eq!(texts, ["{", r#"{"event_id": 7}"#]);
    let missing = server.get("/api/v1/dead-letters/nowhere/0/7").await;
    assert_eq!(missing.status(), 404);
    for place in ["nowhere/x/7", "nowhere/0/-1"] {
        let answer = server.get(&format!("/api/v1/dead-letters/{place}")).await;
        assert_eq!(answer.status(), 400, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_and_dead_letters_are_listed() {
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        let lake = TestLake::new();
        let server = server(shop, &lake).await;
        let mut random = StdRng::seed_from_u64(3);
        let sales: Vec<_> = (0..60).map(|_| random_sale(&mut random)).collect();
        shop.sell(0, &sales).await;
        shop.commit(1, &["{".to_owned(), r#"{"event_id": 7}"#.to_owned()])
            .await;

        let letters = whole(&server, shop, "/api/v1/dead-letters").await;
        assert_eq!(letters["count"]["total"], 2);
        assert_eq!(letters["letters"].as_array().unwrap().len(), 2);
        assert_eq!(letters["letters"][0]["partition"], 1);
        let one = whole(&server, shop, "/api/v1/dead-letters?limit=1").await;
        assert_eq!(one["letters"].as_array().unwrap().len(), 1);
        letters_have_their_records(&server, &letters).await;
        let summary = whole(&server, shop, "/api/v1/live/summary").await;
        assert_eq!(summary["source"]["dead_letters"]["total"], 2);

        let all = whole(&server, shop, "/api/v1/transactions?limit=1000").await;
        let mut times: Vec<_> = sales.iter().map(|sale| sale.at).collect();
        times.sort();
        times.reverse();
        let found = all["transactions"].as_array().unwrap();
        let found: Vec<_> = found.iter().map(|row| row["event_time"].clone()).collect();
        assert_eq!(json!(found), json!(times));
        let refunds = whole(
            &server,
            shop,
            "/api/v1/transactions?status=REFUNDED&city=Lyon",
        )
        .await;
        let expected = sales
            .iter()
            .filter(|sale| sale.status == "REFUNDED" && sale.city == "Lyon");
        assert_eq!(
            refunds["transactions"].as_array().unwrap().len(),
            expected.count()
        );
        let range = "/api/v1/transactions?amount.min=100.5&amount.max=400.00&limit=1000";
        let within = whole(&server, shop, range).await;
        let expected = sales
            .iter()
            .filter(|sale| (10_050..=40_000).contains(&sale.cents));
        let count = within["transactions"].as_array().unwrap().len();
        assert_eq!(count, expected.count());
        assert!(count > 0, "{within}");
        for (path, status) in [
            ("/api/v1/transactions?amount.min=-1", 400),
            ("/api/v1/transactions?status=refunded", 400),
            ("/api/v1/transactions?colour=red", 400),
            ("/api/v1/transactions?limit=0", 400),
            ("/api/v1/live/by/product?window=5m", 400),
            ("/api/v1/live/by/colour", 404),
        ] {
            let answer = server.get(path).await;
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
        let one = server.json("/api/v1/live/by/category?window=60m").await;
        assert_eq!(one["groups"].as_array().unwrap().len(), 1);
    })
    .await;
}

/// One after the other: they share a clock.
#[tokio::test(flavor = "multi_thread")]
async fn today_is_compared_with_the_same_weekday_last_week() {
    for kind in [Kind::Sqlite, Kind::MariaDb] {
        Shop::with(kind, is_compared_with_last_week).await;
    }
}

async fn is_compared_with_last_week(shop: &mut Shop) {
    static NOW_SECONDS: AtomicI64 = AtomicI64::new(0);
    let now: fn() -> Timestamp =
        || Timestamp::from_second(NOW_SECONDS.load(Ordering::SeqCst)).unwrap();
    let start = at(NOW).as_second();
    NOW_SECONDS.store(start, Ordering::SeqCst);
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let week = SignedDuration::from_hours(7 * 24);
    // The whole of that day, and of the days beside it.
    let sales = (0..400).map(|number| Sale {
        at: at(NOW) - week + SignedDuration::from_secs(random.random_range(-90_000..90_000)),
        ..random_sale(&mut StdRng::seed_from_u64(number))
    });
    let sales: Vec<_> = sales.collect();
    shop.sell(0, &sales).await;
    shop.sell(1, &[Sale::at(at(NOW))]).await;
    let lake = TestLake::new();
    let server = server_at(shop, &lake, now).await;
    let path = "/api/v1/live/compared";
    let midnight = at("2026-11-13T23:00:00Z");
    let minute = SignedDuration::from_mins(1);
    // A minute later, and an hour and a half: quarters that no event came to since are told then, too.
    for later in [0, 1, 90] {
        NOW_SECONDS.store(start + 60 * later, Ordering::SeqCst);
        let end = at("2026-11-14T13:43:00Z") + minute * i32::try_from(later).unwrap();
        let answer = server
            .json_when(path, |answer| answer["today"]["to"] == json!(end))
            .await;
        let round = format!("seed {seed}, {later} minutes later");
        assert_eq!(answer["today"]["from"], json!(midnight), "{round}");
        let figures = recount::figures(&shop.sold, &(midnight..end));
        assert_eq!(answer["today"]["figures"], figures, "{round}");
        let points = (0..60).map(|number| end - minute * (60 - number));
        let points: Vec<_> = points
            .map(|start| recount::point(&shop.sold, start, start + minute))
            .collect();
        assert_eq!(answer["series"]["minutes"], json!(points), "{round}");
    }
}
