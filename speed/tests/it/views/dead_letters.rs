//! Dead letters and their corrections.

use super::till::{Sent, Till};
use super::world::{Kind, World};
use comptoir_config::clock;
use comptoir_speed::dead_letters::{Correction, Place, ReplayError, Replayed, Replayer};
use comptoir_speed::views::ViewsRequest;
use comptoir_warehouse::DeadLetterFilter;
use serde_json::Value;
use std::io::Write;
use std::process::{Output, Stdio};
use std::time::Duration;

/// Sends one event with a negative amount among good ones. Its place, and the event corrected.
async fn one_letter(world: &World, till: &mut Till) -> (Place, Vec<u8>) {
    let mut event = till.event();
    let right = event.to_string().into_bytes();
    event["amount"] = "-1.00".into();
    let wrong = event.to_string().into_bytes();
    let record = Till::record(0, wrong, Some("out_of_range"));
    till.sent.push(record);
    for partition in 0..world.partitions {
        let bytes = till.event().to_string().into_bytes();
        let record = Till::record(partition, bytes, None);
        till.sent.push(record);
    }
    world.send(&till.sent).await;
    world.judged(till.sent.len()).await;
    let letters = world
        .warehouse
        .dead_letters(&DeadLetterFilter::default(), 10)
        .await;
    let letters = letters.unwrap();
    assert_eq!(letters.len(), 1);
    (Place::of(&letters[0].key), right)
}

/// Once corrected, the record counts once more than what was sent.
async fn counts_once(world: &World, till: &Till, right: Vec<u8>) {
    world.judged(till.sent.len() + 1).await;
    let mut found = world.figures().await;
    // The partition that the correction went to is the transport's choice.
    let event: Value = serde_json::from_slice(&right).unwrap();
    let id = event["event_id"].as_str().unwrap();
    let sql = format!(
        "SELECT p.partition_number FROM recent r JOIN stream_partitions p \
         ON p.id = r.partition_id WHERE r.event_id = '{id}'"
    );
    let correction = world.rows(&sql).await;
    assert_eq!(correction.len(), 1);
    let mut all = till.sent.clone();
    all.push(Sent {
        partition: correction[0][0].parse().unwrap(),
        timestamp: clock::now(),
        bytes: right,
        rejected: None,
    });
    found.dead_letters.sort();
    found.assert_equals(&super::recomputed::Figures::recompute(&all));
}

async fn a_correction_counts_once_wherever_it_crashed(world: &World) {
    for crash_after in ["nothing", "plan", "send"] {
        let mut till = Till::new(world.partitions);
        let sink = world.sink().await;
        world.sql("DELETE FROM dead_letters").await;
        let before = world.figures().await;
        assert!(before.dead_letters.is_empty());
        let (place, right) = one_letter_of(world, &mut till, &before).await;
        let (warehouse, transport) = (&world.warehouse, &world.transport);
        let correct = || Correction::Record(right.clone());
        let now = clock::now();
        if crash_after != "nothing" {
            let plan = Replayer::plan(warehouse, transport, &place, correct(), false, now);
            let mut replayer = plan.await.unwrap();
            if crash_after == "send" {
                assert_eq!(replayer.find().await.unwrap(), None);
                replayer.send(now).await.unwrap();
            }
        }
        let replayed = Replayer::replay(
            warehouse,
            transport,
            &place,
            Correction::AsItWas,
            false,
            now,
        );
        match (crash_after, replayed.await) {
            ("nothing", Err(ReplayError::Rejected { .. })) => {
                let replayed =
                    Replayer::replay(warehouse, transport, &place, correct(), false, now);
                assert_eq!(replayed.await.unwrap(), Replayed::Sent);
            }
            ("plan", Ok(Replayed::Sent)) | ("send", Ok(Replayed::Found(..))) => {}
            (_, other) => panic!("after {crash_after}: {other:?}"),
        }
        for again in [Correction::AsItWas, correct()] {
            let again = Replayer::replay(warehouse, transport, &place, again, true, now).await;
            assert!(matches!(again, Err(ReplayError::Done { .. })), "{again:?}");
        }
        world
            .until("SELECT COUNT(*) FROM replays WHERE state <> 'done'", "0")
            .await;
        let event: Value = serde_json::from_slice(&right).unwrap();
        let id = event["event_id"].as_str().unwrap();
        let counted = format!("SELECT COUNT(*) FROM recent WHERE event_id = '{id}'");
        world.until(&counted, "1").await;
        sink.stop().await;
    }
}

/// As [`one_letter`], in a topic that holds other records already.
async fn one_letter_of(
    world: &World,
    till: &mut Till,
    before: &super::recomputed::Figures,
) -> (Place, Vec<u8>) {
    let judged: i64 = before.records.values().sum();
    let mut event = till.event();
    let right = event.to_string().into_bytes();
    event["amount"] = "-1.00".into();
    let record = Till::record(0, event.to_string().into_bytes(), Some("out_of_range"));
    till.sent.push(record);
    world.send(&till.sent).await;
    world.judged(usize::try_from(judged).unwrap() + 1).await;
    let letters = world
        .warehouse
        .dead_letters(&DeadLetterFilter::default(), 10)
        .await;
    (Place::of(&letters.unwrap()[0].key), right)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_in_a_file_counts_once() {
    World::with(
        Kind::JsonlSqlite,
        a_correction_counts_once_wherever_it_crashed,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_in_kafka_counts_once() {
    World::with(
        Kind::KafkaMariaDb,
        a_correction_counts_once_wherever_it_crashed,
    )
    .await;
}

fn run(world: &World, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = (world.program(arguments))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

async fn the_commands_list_show_export_and_replay(world: &World) {
    let mut till = Till::new(world.partitions);
    let sink = world.sink().await;
    let (place, right) = one_letter(world, &mut till).await;
    let place = place.to_string();
    let out = |arguments: &[&str], input: &[u8]| {
        let output = run(world, arguments, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code().unwrap(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            said,
        )
    };
    let wrong = String::from_utf8(till.sent[0].bytes.clone()).unwrap();
    let (code, list, _) = out(&["dead-letters", "ls"], b"");
    assert_eq!(code, 0);
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(
        list.contains(&place) && list.contains("out_of_range"),
        "{list}"
    );
    let (_, none, _) = out(&["dead-letters", "ls", "--reason", "not_json"], b"");
    assert_eq!(none, "");
    let (_, shown, _) = out(&["dead-letters", "show", &place], b"");
    assert!(shown.contains(&wrong) && shown.contains("cure"), "{shown}");
    let (_, hex, _) = out(&["dead-letters", "show", &place, "--hex"], b"");
    assert!(hex.contains("00000000  7b"), "{hex}");
    let (_, raw, _) = out(&["dead-letters", "show", &place, "--raw"], b"");
    assert_eq!(raw, wrong);
    for lines in [
        out(&["dead-letters", "export"], b"").1,
        out(&["dead-letters", "ls", "--json"], b"").1,
    ] {
        let exported: Value = serde_json::from_str(&lines).unwrap();
        assert_eq!(exported["place"], place.as_str());
        assert_eq!(exported["reason"], "out_of_range");
    }
    let exported: Value = serde_json::from_str(&out(&["dead-letters", "export"], b"").1).unwrap();
    assert_eq!(exported["value"], wrong);

    let (code, _, said) = out(&["dead-letters", "replay", &place], b"");
    assert!(code == 1 && said.contains("--file"), "{said}");
    let (code, _, said) = out(&["dead-letters", "replay", "nonsense"], b"");
    assert!(
        code == 2 && said.contains("STREAM/PARTITION/OFFSET"),
        "{said}"
    );
    let mut corrected = right.clone();
    corrected.push(b'\n');
    let (code, said, error) = out(
        &["dead-letters", "replay", &place, "--file", "-"],
        &corrected,
    );
    assert!(code == 0 && said.contains("is sent"), "{said}{error}");
    let (code, _, said) = out(
        &["dead-letters", "replay", &place, "--file", "-"],
        &corrected,
    );
    assert!(code == 1 && said.contains("was sent again"), "{said}");
    let (code, said, error) = out(&["dead-letters", "replay", "--unfinished"], b"");
    assert!(code == 0 && said.is_empty(), "{said}{error}");
    counts_once(world, &till, right).await;
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_on_files() {
    World::with(Kind::JsonlSqlite, the_commands_list_show_export_and_replay).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_on_kafka() {
    World::with(Kind::KafkaMariaDb, the_commands_list_show_export_and_replay).await;
}

/// What a live run says of itself, of all that was read so far.
pub(crate) const COVERAGE: [&str; 3] = [
    "INSERT INTO view_runs (id, state, version, archive_version, started_at_ms) \
     VALUES (1, 'current', 1, 1, 0)",
    "INSERT INTO view_current (id, run_id, version) VALUES (1, 1, 1)",
    "INSERT INTO view_coverage SELECT 1, partition_id, generation, next_offset, 0, 0, 0 \
     FROM offsets WHERE sink = 'views'",
];

async fn letters_go_after_their_time_and_not_before_the_archive_counts_them(world: &World) {
    let request = ViewsRequest {
        dead_letters_keep: Some(Duration::from_secs(1)),
        ..world.request()
    };
    let mut till = Till::new(world.partitions);
    let sink = world.sink_of(request).await;
    let (place, _) = one_letter(world, &mut till).await;
    let turns = "SELECT COUNT(*) >= 3 FROM job_runs \
                 WHERE job = 'dead_letters.upkeep' AND outcome = 'done'";
    world.until(turns, "1").await;
    let kept = world.warehouse.dead_letter(&place.key()).await.unwrap();
    assert!(kept.is_some(), "nobody else has its bytes");
    for statement in COVERAGE {
        world.sql(statement).await;
    }
    world.until("SELECT COUNT(*) FROM dead_letters", "0").await;
    let counts = world.warehouse.dead_letter_counts().await.unwrap();
    assert_eq!(counts, [("out_of_range".to_owned(), 1)]);
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_after_their_time_from_a_file() {
    World::with(
        Kind::JsonlSqlite,
        letters_go_after_their_time_and_not_before_the_archive_counts_them,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_after_their_time_from_a_server() {
    World::with(
        Kind::KafkaMariaDb,
        letters_go_after_their_time_and_not_before_the_archive_counts_them,
    )
    .await;
}
