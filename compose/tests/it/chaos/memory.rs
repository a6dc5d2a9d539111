//! What the whole platform needs while it runs.

use super::is_long;
use super::world::World;
use comptoir_config::clock;
use std::time::Duration;

const MIB: u64 = 1024 * 1024;
const RSS_MAX: u64 = 400 * MIB;
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Ten minutes of it are a part of `compose/test long`; here it is a look at the same.
#[tokio::test]
async fn the_launcher_stays_small_under_events() {
    let world = World::embedded();
    let runs_for = Duration::from_secs(if is_long() { 600 } else { 10 });
    let up = ["up", "--port", "0", "--no-browser", "--rate", "50"];
    let mut launcher = world.start("comptoir", &up);
    let (began, mut most) = (clock::instant(), 0);
    while began.elapsed() < runs_for {
        tokio::time::sleep(LOOK_EVERY).await;
        launcher.assert_runs();
        most = most.max(rss(launcher.pid()));
        assert!(
            most < RSS_MAX,
            "{} MiB after {:?}",
            most / MIB,
            began.elapsed()
        );
    }
    eprintln!("at most {} MiB in {runs_for:?} at 50 events/s", most / MIB);
    assert!(launcher.end().await.success(), "{}", launcher.said());
}

/// What stays in memory, in bytes.
fn rss(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kib * 1024
}
