//! kill -9 behind every step of shipping and sealing that leaves something in the lake.

use crate::kills::random;
use crate::sealing::{eager, hourly, hurried};
use crate::world::{DEADLINE, Running, World, on_both, request};
use crate::writer::{Rotation, Writer};
use comptoir_config::fault::KILL_AT;
use comptoir_lake::{Lake, LakeOptions, LakePath};
use comptoir_logship::fault::FaultPoint;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

on_both!(nothing_is_lost_whichever_step_it_was_killed_behind);

async fn nothing_is_lost_whichever_step_it_was_killed_behind(world: &World) {
    let mut random = random();
    let mut writer = Writer::new(&world.log(), "every file begins alike\n");
    for point in FaultPoint::ALL {
        match point {
            // There has to be a piece that somebody left open,
            FaultPoint::PieceRecovered | FaultPoint::RecoveredPieceNamed => {
                is_killed_at(FaultPoint::Synced, world, &mut writer, &mut random).await;
            }
            // or a file that is gone, though all of it was archived.
            FaultPoint::GapWritten => writer.vanish(),
            _ => {}
        }
        is_killed_at(*point, world, &mut writer, &mut random).await;
        let shipper = Running::start(hourly(eager(world)), world.lake.clone()).await;
        writer.comes_through(world, point.name()).await;
        shipper.stop().await.unwrap();
    }
}

/// Ships in a process of its own, while the log is written and rotated, until that process kills
/// itself.
async fn is_killed_at(
    point: FaultPoint,
    world: &World,
    writer: &mut Writer,
    random: &mut ChaCha8Rng,
) {
    let times = match point {
        // They come again and again.
        FaultPoint::Copied | FaultPoint::Synced | FaultPoint::Swept => random.random_range(1..5),
        _ => 1,
    };
    let mut shipper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fault_points::the_process_that_is_killed"])
        .args(["--ignored", "--nocapture"])
        .env(KILL_AT, format!("{}:{times}", point.name()))
        .env(DIRECTORY, world.directory.path())
        .env(LAKE, &world.lake_url)
        .env(TARGET_DIR, world.target_dir.as_str())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let killing = async {
        loop {
            writer.write(random.random_range(1..10), random);
            if random.random_range(0..60) == 0 {
                writer.rotate(Rotation::ALL[random.random_range(0..3)], random);
            }
            if let Some(status) = shipper.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let killed = tokio::time::timeout(DEADLINE, killing).await;
    let Ok(status) = killed else {
        shipper.kill().unwrap();
        panic!("it never came to {}", point.name());
    };
    let killed = rustix::process::Signal::KILL.as_raw();
    assert_eq!(status.signal(), Some(killed), "{}: {status}", point.name());
}

const DIRECTORY: &str = "LOGSHIP_TEST_DIRECTORY";
const LAKE: &str = "LOGSHIP_TEST_LAKE";
const TARGET_DIR: &str = "LOGSHIP_TEST_TARGET_DIR";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is no test: it is the process that the others kill"]
async fn the_process_that_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let lake = Lake::open(&std::env::var(LAKE).unwrap(), LakeOptions::default()).unwrap();
    let target_dir: LakePath = std::env::var(TARGET_DIR).unwrap().parse().unwrap();
    let request = hourly(hurried(request(&PathBuf::from(directory), &target_dir)));
    Running::start(request, lake).await.ended().await.unwrap();
}
