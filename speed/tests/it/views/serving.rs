//! What the sink says of itself.

use super::recomputed::Figures;
use super::till::Till;
use super::world::{Kind, World};
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_was_committed() {
    World::with(Kind::JsonlSqlite, async |world: &World| {
        let mut till = Till::new(world.partitions);
        let sink = world.sink().await;
        world.send(&till.mixed(500)).await;
        world.judged(500).await;
        sink.says("running: 4 partitions").await;
        let expected = Figures::recompute(&till.sent);
        let (status, text) = sink.get("/metrics").await;
        assert_eq!(status, 200);
        let value = |name: &str| -> i64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let value = line.unwrap_or_else(|| panic!("no {name} in {text}"));
            value.trim().parse().unwrap()
        };
        for verdict in ["accepted", "rejected", "duplicate"] {
            let name = format!("comptoir_views_records_total{{verdict=\"{verdict}\"}}");
            let of = |(key, count): (&String, &i64)| key.ends_with(verdict).then_some(*count);
            let count: i64 = expected.records.iter().filter_map(of).sum();
            assert_eq!(value(&name), count, "{verdict}");
        }
        let negative = (expected.dead_letters.iter())
            .filter(|letter| letter.contains(" out_of_range "))
            .count();
        let name = "comptoir_views_rejections_total{reason=\"out_of_range\"}";
        assert_eq!(value(name), i64::try_from(negative).unwrap());
        let stream = world.transport.stream().await.unwrap().id.0;
        let of_0 = format!("{{stream=\"{stream}\",partition=\"0\"}}");
        assert_eq!(value(&format!("comptoir_views_lag_offsets{of_0}")), 0);
        assert!(value(&format!("comptoir_views_fresh_through_seconds{of_0}")) > 1_700_000_000);
        assert_eq!(value("comptoir_views_partitions{state=\"live\"}"), 4);
        assert!(
            text.contains("comptoir_views_batch_duration_seconds_bucket"),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"));
        assert_eq!(sink.get("/healthz").await, (200, "alive\n".to_owned()));
        assert_eq!(sink.get("/nowhere").await.0, 404);
        sink.stop().await;
        world
            .until("SELECT name, state FROM processes", "views stopped")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_partitions_stay_fresh() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let sink = world.sink().await;
        sink.says("running: 3 partitions").await;
        let fresh = "SELECT COUNT(*) FROM progress WHERE fresh_through_ms IS NOT NULL";
        world.until(fresh, "3").await;
        let oldest = "SELECT MIN(fresh_through_ms) FROM progress";
        let before: i64 = world.rows(oldest).await[0][0].parse().unwrap();
        let moved = format!(
            "SELECT COUNT(*) FROM progress WHERE fresh_through_ms > {}",
            before + 1000
        );
        world.until(&moved, "3").await;
        sink.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_what_is_wrong_and_ends() {
    World::with(Kind::JsonlSqlite, async |world: &World| {
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mut program: Command = world.program(&["views", "--listen", &address]);
        let output = program.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(&address) && said.contains("--listen"),
            "{said}"
        );
    })
    .await;
}
