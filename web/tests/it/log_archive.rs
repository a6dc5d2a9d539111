//! The archive of logs through the API: a real shipper's, held against the lines that were written.

use crate::export::read;
use crate::hdfs;
use crate::support::{TestLake, TestServer, request};
use comptoir_config::clock;
use comptoir_lake::{Lake, LakePath, Recursive};
use comptoir_logship::archive::Archive;
use comptoir_logship::seal::keys::KeyFiles;
use comptoir_logship::seal::{SealLimits, SealSettings, Times};
use comptoir_logship::ship::{Limits, Runs, ShipRequest, Shipper};
use comptoir_logship::sources::{Files, Source};
use comptoir_web::{LogArchivePlace, ServeRequest};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

const LINES: usize = 1_500;
const SEARCH: &str = "/api/v1/logs/search";
const VERIFY: &str = "/api/v1/logs/verify";
/// Only so that what never comes fails instead of hanging.
const DEADLINE: Duration = Duration::from_mins(2);

/// A line every 100 ms, up to now; each seventh is an error.
fn log(now: Timestamp) -> Vec<(Timestamp, String)> {
    (0..LINES)
        .map(|number| {
            let before = i64::try_from(LINES - number).unwrap() * 100;
            let time = now - SignedDuration::from_millis(before);
            let level = if number % 7 == 0 { "ERROR" } else { "INFO" };
            (time, format!("{time} {level} order {number} of Zoë\n"))
        })
        .collect()
}

/// Ships a file again and again, until all of it is sealed: a run decides about the last piece of the
/// one before.
pub(crate) async fn seal(lake: &Lake, target: &LakePath, directory: &Path, bytes: &[u8]) {
    std::fs::write(directory.join("app.log"), bytes).unwrap();
    let archive = target.join("app.log").unwrap();
    let sealing = async {
        loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let shipper = Shipper::new(shipping(target, directory), lake.clone()).unwrap();
            shipper.run(listener, std::future::pending()).await.unwrap();
            let archive = Archive::open(lake, &archive).await.unwrap();
            if archive
                .lives()
                .all(|life| life.sealed_to() == bytes.len() as u64)
            {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, sealing).await.unwrap();
}

fn shipping(target: &LakePath, directory: &Path) -> ShipRequest {
    ShipRequest {
        sources: vec![Source {
            name: "app.log".to_owned(),
            files: Files::one(directory.join("app.log")),
            directory: target.join("app.log").unwrap(),
            times: Times::default(),
            rotation: None,
            poll: None,
        }],
        state_dir: directory.join("state"),
        limits: Limits {
            piece_age: Duration::from_millis(100),
            ..Limits::default()
        },
        open_pieces_max: 4,
        runs: Runs::Once,
        seal: SealSettings {
            host: "till".to_owned(),
            limits: SealLimits {
                age: SignedDuration::ZERO,
                every: Duration::from_millis(30),
                ..SealLimits::default()
            },
            key: KeyFiles::new(directory.join("key.pem")),
            anchor: None,
        },
        warehouse: None,
    }
}

fn serving(lake: &Lake, target: &LakePath, directory: &Path) -> ServeRequest {
    ServeRequest {
        log_archive: LogArchivePlace {
            directory: target.clone(),
            public_key: directory.join("key.pem.pub"),
            anchor: None,
        },
        ..request(lake)
    }
}

fn texts(answer: &Value) -> Vec<&str> {
    let lines = answer["lines"].as_array().unwrap().iter();
    lines.map(|line| line["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lines_of_the_archive_are_found_on_a_local_lake() {
    let lake = TestLake::new();
    let target = LakePath::parse("/user/flume/logs").unwrap();
    lines_are_found(&lake.lake, &target).await;
}

#[tokio::test]
async fn lines_of_the_archive_are_found_on_hdfs() {
    let lake = hdfs::lake();
    let home = format!("/tmp/comptoir-web-logs-{:08x}", clock::random_u32());
    let home = LakePath::parse(&home).unwrap();
    lines_are_found(&lake, &home).await;
    assert!(lake.delete(&home, Recursive::Yes).await.unwrap());
}

async fn lines_are_found(lake: &Lake, target: &LakePath) {
    let directory = TempDir::new().unwrap();
    let written = log(clock::now());
    let bytes: String = written.iter().map(|(_, line)| line.as_str()).collect();
    seal(lake, target, directory.path(), bytes.as_bytes()).await;
    let server = TestServer::serving(serving(lake, target, directory.path())).await;
    let text = |number: usize| written[number].1.trim_end();

    // Everything of the last hour, the newest first.
    let all = server.json(&format!("{SEARCH}?limit=1000")).await;
    assert_eq!(
        (&all["found"], &all["stopped"]),
        (&LINES.into(), &Value::Null)
    );
    let newest: Vec<&str> = (0..LINES).rev().take(1000).map(text).collect();
    assert_eq!(texts(&all), newest);
    let of_minutes = all["minutes"].as_array().unwrap().iter();
    let of_minutes: u64 = of_minutes
        .map(|minute| minute["lines"].as_u64().unwrap())
        .sum();
    assert_eq!(of_minutes, LINES as u64);
    assert_eq!(all["sources"], serde_json::json!(["app.log"]));
    let line = &all["lines"][0];
    assert_eq!(line["is_sealed"], true);
    assert!(
        line["file"].as_str().unwrap().contains("segment-"),
        "{line}"
    );

    // By pattern, level and time.
    let fits = |number: &usize| number.is_multiple_of(7) && text(*number).contains("order 14");
    let expected: Vec<&str> = (0..LINES).rev().filter(fits).map(text).collect();
    let found = format!("{SEARCH}?pattern=ORDER%2014&ignore_case=true&level=ERROR");
    assert_eq!(texts(&server.json(&found).await), expected);
    let (from, to) = (written[100].0, written[104].0);
    let within = server.json(&format!("{SEARCH}?from={from}&to={to}")).await;
    let expected: Vec<&str> = (100..105).rev().map(text).collect();
    assert_eq!(texts(&within), expected);
    let long_ago = format!("{SEARCH}?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
    let long_ago = server.json(&long_ago).await;
    assert_eq!(
        (&long_ago["found"], &long_ago["bytes_read"]),
        (&0.into(), &0.into())
    );
    assert!(
        long_ago["bytes_skipped"].as_u64().unwrap() > 0,
        "{long_ago}"
    );

    // As a file: all of what fits, or as many as are asked for, but never a part unsaid.
    let csv = format!("{SEARCH}?from={from}&to={to}&format=csv");
    assert_eq!(read(&server, &csv).await.all("text"), expected);
    let csv = read(&server, &format!("{SEARCH}?format=csv&limit=1000")).await;
    assert_eq!(csv.all("text"), newest);
    let refused = server.get(&format!("{SEARCH}?format=csv")).await;
    assert_eq!(refused.status(), 400);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/too-many-rows");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("1500 lines"),
        "{problem}"
    );

    // Around one line.
    let (life, offset) = (&within["lines"][0]["life"], &within["lines"][0]["offset"]);
    let lines = "/api/v1/logs/lines";
    let around = format!("{lines}?source=app.log&life={life}&offset={offset}&around=3");
    let expected: Vec<&str> = (101..108).map(text).collect();
    assert_eq!(texts(&server.json(&around).await), expected);
    let first = format!("{lines}?source=app.log&life={life}&offset=0&around=2");
    assert_eq!(
        texts(&server.json(&first).await),
        [text(0), text(1), text(2)]
    );

    // What can't be asked says which parameter it is.
    for (path, parameter) in [
        (format!("{SEARCH}?pattern=("), "pattern"),
        (format!("{SEARCH}?source=other.log"), "source"),
        (format!("{SEARCH}?limit=0"), "limit"),
        (format!("{SEARCH}?from={to}&to={from}"), "from"),
        (
            format!("{lines}?source=app.log&life={life}&offset=1"),
            "offset",
        ),
        (format!("{lines}?source=app.log&life=99&offset=0"), "offset"),
    ] {
        let answer = server.get(&path).await;
        assert_eq!(answer.status(), 400, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert!(
            problem["detail"].as_str().unwrap().starts_with(parameter),
            "{problem}"
        );
    }

    // Whole, and not whole any more.
    let verified = server.json(VERIFY).await;
    let source = &verified["sources"][0];
    assert_eq!(
        (&source["findings"], &source["problem"]),
        (&0.into(), &Value::Null),
        "{source}"
    );
    assert_eq!(source["lines"], LINES);
    let notes = source["notes"].to_string();
    assert!(!notes.contains("no public key"), "{notes}");
    server.stop().await;
    let segment = format!("app.log/{}", line["file"].as_str().unwrap());
    let segment = LakePath::parse(&format!("{target}/{segment}")).unwrap();
    assert!(lake.delete(&segment, Recursive::No).await.unwrap());
    let server = TestServer::serving(serving(lake, target, directory.path())).await;
    let verified = server.json(VERIFY).await;
    let found = verified["sources"][0]["first_findings"].to_string();
    assert!(
        found.contains("missing") && found.contains("segment-"),
        "{verified}"
    );
    server.stop().await;
}

#[tokio::test]
async fn an_empty_archive_has_no_lines_and_a_lake_that_is_away_says_so() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    let nothing = server.json(SEARCH).await;
    assert_eq!(
        (&nothing["found"], &nothing["sources"]),
        (&0.into(), &serde_json::json!([]))
    );
    let verified = server.json(VERIFY).await;
    assert_eq!(verified["sources"], serde_json::json!([]));
    server.stop().await;

    // A file lies where the directory should.
    let logs = lake.dir.path().join("user/flume");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(logs.join("logs"), "no directory").unwrap();
    let server = TestServer::start(&lake.lake).await;
    for path in [SEARCH, VERIFY] {
        let problem = server.json(path).await;
        assert_eq!(
            problem["type"], "/problems/log-archive-unavailable",
            "{problem}"
        );
    }
    server.stop().await;
}
