//! What a shipper tells over HTTP, and the commands that read the archive.

use crate::world::World;
use comptoir_model::api::logs::{LogLine, LogsSummary, ShipState};
use comptoir_model::app_log::{AppLogLine, Level};

fn line(message: &str) -> String {
    let line = AppLogLine::new(
        "2026-11-21T13:00:00Z".parse().unwrap(),
        Level::Warn,
        "web".parse().unwrap(),
        message,
    );
    line.with("rows", 3_u64).to_string() + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_the_newest_lines_its_state_and_metrics() {
    World::local()
        .run(async |world| {
            let text = line("first") + "in no format\n" + &line("second");
            world.append(&text);
            let mut shipper = world.ship().await;
            let length = text.len() as u64;
            shipper.until(|source| source.bytes == length).await;
            let base = format!("http://{}", shipper.address);
            let url = format!("{base}/api/v1/logs/summary?limit=2");
            let summary: LogsSummary = reqwest::get(&url).await.unwrap().json().await.unwrap();
            let source = &summary.sources[0];
            assert_eq!(
                (source.lines, source.lag_bytes, source.state),
                (3, 0, ShipState::Shipping)
            );
            assert!(source.location.ends_with("/app.log"), "{}", source.location);
            assert_eq!(summary.lines[0].message, "second");
            assert_eq!(
                summary.lines[0].fields,
                [("rows".to_owned(), "3".to_owned())]
            );
            assert_eq!(
                (summary.lines[1].message.as_str(), summary.lines[1].time),
                ("in no format", None)
            );
            let url = format!("{base}/api/v1/logs/tail");
            let tail: Vec<LogLine> = reqwest::get(&url).await.unwrap().json().await.unwrap();
            assert_eq!(tail.len(), 3);
            let url = format!("{base}/metrics");
            let metrics = reqwest::get(&url).await.unwrap().text().await.unwrap();
            assert!(
                metrics.contains(&format!("comptoir_logship_archived_bytes_total {length}")),
                "{metrics}"
            );
            assert!(
                metrics.contains("comptoir_logship_hsync_duration_seconds_count"),
                "{metrics}"
            );
            let foreign = reqwest::Client::new()
                .get(&url)
                .header("host", "evil.example");
            assert_eq!(foreign.send().await.unwrap().status(), 421);

            // The lines of before a restart are shown after it.
            shipper.stop().await.unwrap();
            let mut shipper = world.ship().await;
            shipper
                .until(|source| source.state == ShipState::Shipping)
                .await;
            let url = format!("http://{}/api/v1/logs/tail", shipper.address);
            let tail: Vec<LogLine> = reqwest::get(&url).await.unwrap().json().await.unwrap();
            assert_eq!(tail.len(), 3);
            shipper.stop().await.unwrap();

            let printed = world.program(&["cat"]).output().unwrap();
            assert_eq!(String::from_utf8(printed.stdout).unwrap(), text);
            let listed = world.program(&["ls"]).output().unwrap();
            let listed = String::from_utf8(listed.stdout).unwrap();
            let words: Vec<&str> = listed.lines().nth(1).unwrap().split_whitespace().collect();
            assert_eq!(
                &words[..6],
                ["1", "0", "1", &length.to_string(), "3", "0"],
                "{listed}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_for_a_log_that_does_not_exist_yet() {
    World::local()
        .run(async |world| {
            let mut shipper = world.ship().await;
            shipper
                .until(|source| source.state == ShipState::WaitingForSource)
                .await;
            world.append("there it is\n");
            world.holds(&["there it is\n"]).await;
            shipper
                .until(|source| source.state == ShipState::Shipping)
                .await;
            shipper.stop().await.unwrap();
        })
        .await;
}
