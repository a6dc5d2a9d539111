//! What any producer may send: `kcat`, or a file that somebody wrote.

use super::till::Till;
use super::world::{Kind, World};
use serde_json::Value;
use std::process::Command;

/// Records that are no events, with their reasons.
fn poison(till: &mut Till) -> Vec<(Vec<u8>, &'static str)> {
    let mut with = |field: &str, json: &str| {
        let mut event = till.event();
        event[field] = Value::String("HERE".to_owned());
        event.to_string().replace("\"HERE\"", json).into_bytes()
    };
    let mut latin1 = with("city", "\"Besancon\"");
    let place = latin1
        .windows(8)
        .position(|bytes| bytes == b"Besancon")
        .unwrap();
    latin1[place + 5] = 0xe7;
    vec![
        (
            with("city", &format!("\"{}\"", "x".repeat(10_000_000))),
            "too_large",
        ),
        (latin1, "not_utf8"),
        (
            with("city", &format!("{}{}", "[".repeat(100), "]".repeat(100))),
            "too_deep",
        ),
        (
            format!("{}{}", "{\"a\":".repeat(9_000), "1").into_bytes(),
            "too_deep",
        ),
        (with("amount", "NaN"), "not_json"),
        (
            with("amount", "123456789012345678901234567890"),
            "out_of_range",
        ),
        (
            with("amount", "\"123456789012345678901234567890.12\""),
            "out_of_range",
        ),
        (with("amount", "-5.00"), "out_of_range"),
        (with("amount", "\"-5.00\""), "out_of_range"),
        (with("amount", "1e3"), "bad_number"),
        (
            with("event_time", "\"9999-12-31T23:59:59Z\""),
            "out_of_range",
        ),
        (
            with("event_time", "\"2099-12-31T23:59:59Z\""),
            "too_far_ahead",
        ),
        (b"[1,2]".to_vec(), "not_an_object"),
        (b"\0\0\0".to_vec(), "not_json"),
    ]
}

async fn becomes_dead_letters(world: &World) {
    let mut till = Till::new(world.partitions);
    let sink = world.sink().await;
    for (bytes, reason) in poison(&mut till) {
        let record = Till::record(0, bytes, Some(reason));
        till.sent.push(record);
        let bytes = till.event().to_string().into_bytes();
        let record = Till::record(0, bytes, None);
        till.sent.push(record);
    }
    if world.kind == Kind::JsonlSqlite {
        world.send(&till.sent).await;
    } else {
        let files: Vec<_> = (till.sent.iter().enumerate())
            .map(|(number, record)| {
                let file = world.directory.path().join(format!("{number:03}"));
                std::fs::write(&file, &record.bytes).unwrap();
                file
            })
            .collect();
        // A file is a record.
        let sent = Command::new("kcat")
            .args(["-P", "-b", world.brokers(), "-t", &world.topic, "-p", "0"])
            .args(["-X", "message.max.bytes=16000000"])
            .args(&files)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&sent.stderr);
        assert!(sent.status.success(), "kcat: {said}");
    }
    world.judged(till.sent.len()).await;
    let expected = |sent: &super::till::Sent| {
        let reason = sent.rejected?;
        Some(format!("{reason} {}", sent.bytes.len()))
    };
    let mut expected: Vec<_> = till.sent.iter().filter_map(expected).collect();
    let rows = world.rows("SELECT reason, size FROM dead_letters").await;
    let mut found: Vec<_> = rows.iter().map(|row| row.join(" ")).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    // Their bytes are kept, but for what a database does not take at once.
    let cut = "SELECT COUNT(*) FROM dead_letters WHERE LENGTH(bytes) <> size AND size < 1000000";
    assert_eq!(world.rows(cut).await, [["0"]]);
    let accepted = "SELECT SUM(accepted), SUM(rejected) FROM generations";
    let half = (till.sent.len() / 2).to_string();
    assert_eq!(world.rows(accepted).await, [[half.clone(), half]]);
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_in_a_file_becomes_dead_letters() {
    World::with(Kind::JsonlSqlite, becomes_dead_letters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_of_kcat_becomes_dead_letters_in_mariadb() {
    World::with(Kind::KafkaMariaDb, becomes_dead_letters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_of_kcat_becomes_dead_letters_in_mysql() {
    World::with(Kind::KafkaMySql, becomes_dead_letters).await;
}
