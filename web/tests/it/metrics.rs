//! `/metrics`, read as Prometheus would.

use crate::sales::SHOP;
use crate::support::{Import, SUMMARY, TestLake, TestServer, request};
use crate::views;
use comptoir_config::clock;
use comptoir_web::ServeRequest;
use std::collections::BTreeMap;
use std::time::Duration;

/// Every sample by its name with labels; a line that is none fails the test.
pub(crate) async fn samples(server: &TestServer) -> BTreeMap<String, String> {
    let answer = server.get("/metrics").await;
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = answer.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    (text.lines().filter(|line| !line.starts_with('#')))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let _number: f64 = value.parse().unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// Returns after the server has looked at the lake once more.
pub(crate) async fn next_look(server: &TestServer) {
    const CHECKED_AT: &str = "comptoir_history_checked_at_seconds";
    let checked_at = async || -> u64 { samples(server).await[CHECKED_AT].parse().unwrap() };
    let start = checked_at().await;
    let looked = async {
        while checked_at().await <= start {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looked)
        .await
        .expect("the server must look again");
}

#[tokio::test]
async fn says_what_is_served_and_counts_every_answer() {
    let lake = TestLake::new();
    let import = Import::of(&SHOP);
    import.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    for _ in 0..3 {
        server.get(SUMMARY).await;
    }
    server.get("/api/v1/history/by/colour").await;
    server.get("/nowhere").await;

    let samples = samples(&server).await;
    assert_eq!(samples["comptoir_history_rows"], SHOP.len().to_string());
    let imported_at = import.manifest.imported_at.as_second().to_string();
    assert_eq!(samples["comptoir_history_imported_at_seconds"], imported_at);
    assert_eq!(samples["comptoir_lake_read_errors_total"], "0");
    assert!(
        samples
            .keys()
            .any(|name| name.starts_with("comptoir_build_info{version="))
    );
    let requests = |route: &str, status| {
        let labels = format!("{{route=\"{route}\",status=\"{status}\"}}");
        samples[&format!("comptoir_http_requests_total{labels}")].as_str()
    };
    assert_eq!(requests("/api/v1/history/summary", 200), "3");
    assert_eq!(requests("/api/v1/history/by/{dimension}", 404), "1");
    assert_eq!(requests("other", 404), "1");
    let timed = "comptoir_http_request_duration_seconds_count{route=\"/api/v1/history/summary\"}";
    assert_eq!(samples[timed], "3");
}

#[tokio::test]
async fn without_an_import_there_is_no_figure_rather_than_a_zero() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    server.get(SUMMARY).await;
    let samples = samples(&server).await;
    assert!(
        !samples.contains_key("comptoir_history_rows"),
        "{samples:?}"
    );
}

#[tokio::test]
async fn says_how_parts_are_how_jobs_ended_and_what_reconciliation_found() {
    let shop = views::Shop::open().await;
    shop.fail("the import is gone").await;
    let look = shop.warehouse.reconcile(clock::now()).await.unwrap();
    shop.warehouse.keep_full_look(&look).await.unwrap();
    let server = TestServer::serving(ServeRequest {
        warehouse: shop.warehouse.clone(),
        ..request(&shop.lake.lake)
    })
    .await;
    let at = look.as_of.time.as_second().to_string();
    let expected = [
        ("comptoir_part_up{kind=\"lake\",part=\"lake\"}", "1"),
        ("comptoir_part_up{kind=\"erp\",part=\"erp\"}", "0"),
        ("comptoir_job_failed{name=\"view.top\"}", "1"),
        ("comptoir_reconcile_complete", "1"),
        ("comptoir_reconcile_differences", "0"),
        ("comptoir_reconcile_at_seconds", at.as_str()),
    ];
    let all_said = async {
        loop {
            let samples = samples(&server).await;
            let is_said = |(name, value): &(&str, &str)| {
                samples.get(*name).is_some_and(|found| found == value)
            };
            if expected.iter().all(is_said) {
                return samples;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let samples = tokio::time::timeout(Duration::from_secs(30), all_said).await;
    let samples = samples.expect("all of them must be said");
    // What was never done has no time.
    assert!(!samples.contains_key("comptoir_job_done_at_seconds{name=\"view.top\"}"));
    drop(shop.server);
}
