//! Neighbours that go away under load, and come back.

use super::child::Process;
use super::is_long;
use super::world::World;
use crate::launcher::eventually;
use crate::real_services::read_env;
use crate::services::Instance;
use comptoir_config::clock;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// What the page promises.
const SAID_WITHIN: Duration = Duration::from_secs(10);

/// Who goes away, and how.
#[derive(Clone, Copy, Debug)]
enum Outage {
    Broker,
    ZooKeeper,
    MariaDbKilled,
    SafeMode,
}

impl Outage {
    fn begin(self, services: &Instance) {
        match self {
            Self::Broker => services.take_down("kafka"),
            Self::ZooKeeper => services.take_down("zookeeper"),
            Self::MariaDbKilled => {
                let pid = services.pid_of("mariadb");
                let killed = Command::new("kill").args(["-KILL", &pid]).status();
                assert!(killed.unwrap().success());
            }
            Self::SafeMode => safe_mode(services, "enter"),
        }
    }

    fn end(self, services: &Instance) {
        match self {
            Self::Broker => drop(services.bring_up(&["kafka"])),
            // The broker may have given up on it meanwhile.
            Self::ZooKeeper => drop(services.bring_up(&["zookeeper", "kafka"])),
            Self::MariaDbKilled => drop(services.bring_up(&["mariadb"])),
            Self::SafeMode => safe_mode(services, "leave"),
        }
    }

    /// The kind of tile that has to tell.
    fn seen_as(self) -> &'static str {
        match self {
            Self::Broker => "kafka_broker",
            Self::ZooKeeper => "zookeeper",
            Self::MariaDbKilled => "warehouse",
            Self::SafeMode => "name_node",
        }
    }
}

fn safe_mode(services: &Instance, action: &str) {
    let data = services.data_dir();
    let data = data.display();
    let class_path = format!("{data}/conf/hadoop:{data}/lib/hadoop/*");
    let said = Command::new("java")
        .args(["-XX:TieredStopAtLevel=1", "-cp", &class_path])
        .args(["org.apache.hadoop.hdfs.tools.DFSAdmin", "-safemode", action])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "dfsadmin -safemode {action}: {text}");
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_while_neighbours_are_away() {
    use Outage::{Broker, MariaDbKilled, SafeMode, ZooKeeper};
    let (outages, away, burst_s) = if is_long() {
        let all = vec![Broker, ZooKeeper, MariaDbKilled, SafeMode];
        (all, Duration::from_mins(1), 60)
    } else {
        (vec![Broker, MariaDbKilled], Duration::from_secs(5), 5)
    };
    let services = Instance::new();
    services.bring_up(&["mariadb", "hdfs", "zookeeper", "kafka"]);
    let env = read_env(&services.data_dir().join("env"));
    let world = World::on_services(&env, "outages").await;
    let up = ["up", "--port", "0", "--no-browser", "--sample", "--rate"];
    let mut launcher = world.start("comptoir", &[&up[..], &["50"]].concat());
    let page = page_of(&launcher).await;
    world.counted_more_than(0, &mut launcher).await;

    for outage in outages {
        let before = world.stored().await.figures.accepted();
        let began = clock::instant();
        outage.begin(&services);
        state(&page, outage, false, &mut launcher).await;
        let told = began.elapsed();
        tokio::time::sleep(away.saturating_sub(began.elapsed())).await;
        launcher.assert_runs();
        outage.end(&services);
        let back = clock::instant();
        state(&page, outage, true, &mut launcher).await;
        world.counted_more_than(before, &mut launcher).await;
        eprintln!(
            "{outage:?}: said after {told:?}, counting again {:?} after it was back",
            back.elapsed()
        );
        assert!(
            !is_long() || told <= SAID_WITHIN,
            "{outage:?} was said only after {told:?}"
        );
    }

    let burst = burst_s.to_string();
    let simulate = ["simulate", "--steady", "--rate", "500", "--seconds", &burst];
    let mut tills = world.start("comptoir-speed", &simulate);
    eventually_ended(&mut tills, Duration::from_secs(burst_s)).await;
    assert!(launcher.end().await.success(), "{}", launcher.said());
    let mut quiet = world.start("comptoir", &[&up[..], &["0"]].concat());
    let accepted = world
        .assert_counted_once(&mut quiet, "after the outages")
        .await;
    (world.assert_archive_counts(&mut [&mut quiet], "once it is archived")).await;
    assert!(quiet.end().await.success(), "{}", quiet.said());
    world.assert_log_is_archived("after the outages").await;
    eprintln!("{accepted} events");
    world.remove().await;
}

async fn page_of(launcher: &Process) -> String {
    eventually("the page's address", async || {
        let said = launcher.said();
        let page = said.lines().rfind(|line| line.starts_with("http://"))?;
        Some(page.to_owned())
    })
    .await
}

/// Waits until every tile of the part is up, or one is not.
async fn state(page: &str, outage: Outage, up: bool, launcher: &mut Process) {
    let waited_for = format!(
        "the page to say that {outage:?} is {}",
        if up { "over" } else { "there" }
    );
    eventually(&waited_for, async || {
        launcher.assert_runs();
        let answer = reqwest::get(format!("{page}api/v1/health")).await.ok()?;
        let health: Value = answer.json().await.ok()?;
        let parts = health["parts"].as_array()?;
        let mut tiles = parts
            .iter()
            .filter(|part| part["kind"] == outage.seen_as())
            .peekable();
        tiles.peek()?;
        (tiles.all(|part| part["state"] == "up") == up).then_some(())
    })
    .await;
}

async fn eventually_ended(process: &mut Process, after: Duration) {
    tokio::time::sleep(after).await;
    eventually("the burst to end", async || process.ended()).await;
}
