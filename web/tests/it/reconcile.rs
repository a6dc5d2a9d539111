//! What the last look at the log and the archive found, in the answer of a server that sees neither.

use crate::shop::{STREAM, Shop, on_every_warehouse};
use crate::support::{TestLake, TestServer, request};
use comptoir_model::api::reconcile::{DifferenceInfo, LogBounds, ReconcileReport};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_warehouse::{JobEnd, JobOutcome, JobStart, full_look_job};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

on_every_warehouse! { a_look_at_everything_is_shown_with_its_age }

const NOW: &str = "2026-11-21T13:42:30Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A new server each time: an answer is kept for some seconds.
async fn ask(shop: &Shop, lake: &TestLake) -> Value {
    let server = TestServer::serving(comptoir_web::ServeRequest {
        warehouse: shop.warehouse.clone(),
        now,
        ..request(&lake.lake)
    });
    server.await.json("/api/v1/reconcile").await
}

async fn a_look_at_everything_is_shown_with_its_age(shop: &mut Shop) {
    let lake = TestLake::new();
    let answer = ask(shop, &lake).await;
    assert_eq!(answer["full"], Value::Null);
    assert_eq!(answer["unchecked"].as_array().unwrap().len(), 1, "{answer}");

    // Looked at 12 minutes ago, with a turn of 5 minutes.
    keep(shop, 12, vec![lost_file()]).await;
    let answer = ask(shop, &lake).await;
    assert_eq!(answer["full"]["age_s"], 720);
    assert_eq!(answer["full"]["is_too_old"], true);
    assert_eq!(answer["complete"], false);
    let told = answer["unchecked"][0].as_str().unwrap();
    assert!(
        told.starts_with("the log and the archive since 2026-11-21T13:30:30Z"),
        "{told}"
    );

    keep(shop, 10, vec![lost_file()]).await;
    let answer = ask(shop, &lake).await;
    assert_eq!(answer["unchecked"], json!([]), "{answer}");
    assert_eq!(answer["differences"][0]["kind"], "archive_file");
    assert_eq!(answer["partitions"][0]["archived"], 7);
    assert_eq!(
        answer["partitions"][0]["log"],
        json!({"start": 1, "end": 9})
    );
    assert_eq!(answer["partitions"][1]["archived"], Value::Null);

    // Mended meanwhile.
    keep(shop, 1, Vec::new()).await;
    let answer = ask(shop, &lake).await;
    assert_eq!(answer["complete"], true, "{answer}");
    assert_eq!(answer["full"]["complete"], true);

    let job = full_look_job();
    let started = shop.warehouse.start_job(&job, "a test", 1, now());
    let JobStart::Started(lock) = started.await.unwrap() else {
        panic!("nobody else looks");
    };
    let end = JobEnd {
        at: now(),
        outcome: JobOutcome::Failed,
        attempts: 1,
        output: None,
        error: Some("the lake is away".to_owned()),
    };
    lock.finish(&end).await.unwrap();
    let answer = ask(shop, &lake).await;
    let told = answer["unchecked"][0].as_str().unwrap();
    assert!(told.ends_with("failed: the lake is away"), "{told}");
}

fn lost_file() -> DifferenceInfo {
    DifferenceInfo {
        kind: "archive_file".to_owned(),
        stream: None,
        partition: None,
        detail: "a file is gone".to_owned(),
    }
}

/// What an archive sink keeps of a look so many minutes ago.
async fn keep(shop: &Shop, minutes: i64, differences: Vec<DifferenceInfo>) {
    let at = now() - SignedDuration::from_mins(minutes);
    let mut report = ReconcileReport {
        differences,
        unchecked: Vec::new(),
        ..shop.warehouse.reconcile(at).await.unwrap()
    };
    let first = &mut report.partitions[0];
    assert_eq!(
        (&first.stream, first.partition),
        (&StreamId(STREAM.to_owned()), Partition(0))
    );
    first.archived = Some(Offset(7));
    first.log = Some(LogBounds {
        start: Offset(1),
        end: Offset(9),
    });
    shop.warehouse
        .keep_full_look(&report.summed_up())
        .await
        .unwrap();
}
