//! Rotation in every way, fast and while nobody ships: lost, doubled and altered lines are counted.

use crate::kills::{number, random};
use crate::world::{DEADLINE, World, append, on_both, said};
use crate::writer::{Rotation, Writer};
use comptoir_logship::archive::ArchivedLife;
use comptoir_model::api::logs::ShipState;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

on_both!(
    no_line_is_lost_or_doubled_by_rotation_at_high_rates,
    many_rotations_while_nobody_ships_are_shipped_in_order,
    what_was_compressed_while_nobody_shipped_is_shipped_as_it_was,
);

/// So many lines are written in each way of rotation.
fn lines() -> usize {
    let kills = number("COMPTOIR_TEST_KILLS").unwrap_or(10);
    usize::try_from(kills).unwrap() * 2_000
}

async fn no_line_is_lost_or_doubled_by_rotation_at_high_rates(world: &World) {
    let mut random = random();
    let mut writer = Writer::new(&world.log(), "every file begins alike\n");
    let shipper = world.ship().await;
    for rotation in Rotation::ALL {
        let end = writer.lines() + lines();
        while writer.lines() < end {
            for _ in 0..20 {
                writer.write(100, &mut random);
                // 50,000 lines a second.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            writer.rotate(rotation, &mut random);
        }
    }
    writer.is_archived(world).await;
    shipper.stop().await.unwrap();
}

async fn many_rotations_while_nobody_ships_are_shipped_in_order(world: &World) {
    let mut random = random();
    let mut writer = Writer::new(&world.log(), "");
    for rotations in [2, 5] {
        for rotation in [Rotation::Rename, Rotation::CopyTruncate] {
            let mut shipper = world.ship().await;
            writer.write(50, &mut random);
            shipper
                .until(|source| source.state == ShipState::Shipping && source.bytes > 0)
                .await;
            shipper.stop().await.unwrap();
            for _ in 0..rotations {
                writer.write(50, &mut random);
                writer.rotate(rotation, &mut random);
            }
        }
    }
    writer.write(1, &mut random);
    let shipper = world.ship().await;
    let lives = writer.is_archived(world).await;
    assert!(
        is_in_order(&lives),
        "the lives are not in the order of the lines"
    );
    shipper.stop().await.unwrap();
}

fn is_in_order(lives: &[(ArchivedLife, Vec<u8>)]) -> bool {
    lives.is_sorted_by(|(_, one), (_, other)| one.get(..9) <= other.get(..9))
}

async fn what_was_compressed_while_nobody_shipped_is_shipped_as_it_was(world: &World) {
    let mut random = random();
    let mut writer = Writer::new(&world.log(), "every file begins alike\n");
    writer.write(50, &mut random);
    let mut shipper = world.ship().await;
    shipper
        .until(|source| source.bytes > 0 && source.lag_bytes == 0)
        .await;
    shipper.stop().await.unwrap();
    for _ in 0..4 {
        // The rest of what was begun, and files that nobody saw.
        writer.write(50, &mut random);
        writer.rotate(Rotation::Rename, &mut random);
    }
    for number in 2..=4 {
        writer.compress(number);
    }
    let mut shipper = world.ship().await;
    let lives = writer.is_archived(world).await;
    let whole: u64 = lives.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    // What is archived already is compressed while it is followed, and while it is not.
    writer.compress(1);
    shipper
        .until(|source| source.bytes == whole && source.lag_bytes == 0)
        .await;
    shipper.stop().await.unwrap();
    for _ in 0..2 {
        writer.write(1, &mut random);
        writer.rotate(Rotation::Rename, &mut random);
    }
    writer.compress(2);
    writer.write(1, &mut random);
    let shipper = world.ship().await;
    writer.is_archived(world).await;
    shipper.stop().await.unwrap();
}

/// The disk gives the number of a deleted file to the next one at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_inode_number_that_is_used_again_is_another_file() {
    World::local()
        .run(async |world| {
            let first = "every file begins alike\nfirst\n";
            let mut expected = vec![first.to_owned()];
            world.append(first);
            for round in 0..3 {
                let mut shipper = world.ship().await;
                let length: u64 = expected.iter().map(|text| text.len() as u64).sum();
                shipper.until(|source| source.bytes == length).await;
                // Its life is over in one round, and goes on in another.
                if round == 1 {
                    fs::rename(world.log(), world.sibling(1)).unwrap();
                    world
                        .archived(|lives| lives.iter().all(|(life, _)| life.end.is_some()))
                        .await;
                    shipper.stop().await.unwrap();
                    fs::rename(world.sibling(1), world.log()).unwrap();
                } else {
                    shipper.stop().await.unwrap();
                }
                let inode = fs::metadata(world.log()).unwrap().ino();
                fs::remove_file(world.log()).unwrap();
                let text = format!("every file begins alike\nand the next one is longer {round}\n");
                world.append(&text);
                let again = fs::metadata(world.log()).unwrap().ino();
                if inode != again {
                    // Not on this file system: then it is a plain deletion.
                    assert_ne!(fs::metadata(world.log()).unwrap().len(), 0);
                }
                expected.push(text);
            }
            let shipper = world.ship().await;
            let texts: Vec<&str> = expected.iter().map(String::as_str).collect();
            world.holds(&texts).await;
            shipper.stop().await.unwrap();
        })
        .await;
}

/// Waits until the pieces, open ones too, have so many bytes.
async fn has_in_pieces(world: &World, bytes: u64) {
    let directory = world.target_dir.join("app.log").unwrap();
    let waiting = async {
        loop {
            let entries = world.lake.list(&directory).await.unwrap_or_default();
            let pieces = entries
                .iter()
                .filter(|entry| entry.name().contains("piece-"));
            if pieces.map(|entry| entry.length).sum::<u64>() == bytes {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(waited.is_ok(), "the pieces never had {bytes} bytes");
}

/// The kernel keeps 16,384 events for who does not fetch them.
#[tokio::test(flavor = "multi_thread")]
async fn hints_that_the_kernel_dropped_lose_nothing() {
    World::local()
        .run(async |world| {
            let mut random = random();
            let mut writer = Writer::new(&world.log(), "");
            writer.write(10, &mut random);
            let mut shipper = world.spawn();
            let pid = Pid::from_child(&shipper);
            has_in_pieces(world, writer.bytes()).await;
            kill_process(pid, Signal::STOP).unwrap();
            let other = |name: &str| world.directory.path().join("log").join(name);
            for _ in 0..10_000 {
                append(&other("one"), "x");
                append(&other("two"), "x");
            }
            for _ in 0..3 {
                writer.write(10, &mut random);
                writer.rotate(Rotation::Rename, &mut random);
            }
            writer.write(10, &mut random);
            kill_process(pid, Signal::CONT).unwrap();
            has_in_pieces(world, writer.bytes()).await;
            kill_process(pid, Signal::TERM).unwrap();
            let lines: Vec<String> = said(&mut shipper).collect();
            assert!(shipper.wait().unwrap().success(), "{lines:?}");
            writer.is_archived(world).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_replaced_by_a_directory_or_a_link_is_followed_again() {
    World::local()
        .run(async |world| {
            world.append("first\n");
            let mut shipper = world.ship().await;
            shipper.until(|source| source.bytes == 6).await;
            fs::rename(world.log(), world.sibling(1)).unwrap();
            fs::create_dir(world.log()).unwrap();
            append(&world.sibling(1), "late\n");
            shipper.until(|source| source.bytes == 11).await;
            fs::remove_dir(world.log()).unwrap();
            let target = world.directory.path().join("elsewhere");
            append(&target, "behind a link\n");
            std::os::unix::fs::symlink(&target, world.log()).unwrap();
            shipper.until(|source| source.bytes == 25).await;
            append(&target, "and more\n");
            fs::remove_file(world.log()).unwrap();
            world.append("a file again\n");
            let texts = [
                "first\nlate\n",
                "behind a link\nand more\n",
                "a file again\n",
            ];
            let lives = world.holds(&texts).await;
            assert!(lives.iter().all(|(life, _)| life.gaps.is_empty()));
            shipper.stop().await.unwrap();
        })
        .await;
}

/// A state directory that takes nothing costs no more than the bounds of gap records.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_that_takes_nothing_loses_nothing() {
    World::local()
        .run(async |world| {
            let mut random = random();
            append(
                &world.directory.path().join("state"),
                "a file in its place\n",
            );
            let mut writer = Writer::new(&world.log(), "");
            for _ in 0..3 {
                let mut shipper = world.ship().await;
                writer.write(20, &mut random);
                writer.rotate(Rotation::Rename, &mut random);
                shipper
                    .until(|source| source.bytes > 0 && source.lag_bytes == 0)
                    .await;
                shipper.stop().await.unwrap();
                writer.write(20, &mut random);
                writer.rotate(Rotation::CopyTruncate, &mut random);
            }
            let shipper = world.ship().await;
            writer.is_archived(world).await;
            shipper.stop().await.unwrap();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_may_not_be_read_for_a_time_is_waited_for_and_said() {
    World::local()
        .run(async |world| {
            world.append("first\n");
            let mut shipper = world.ship().await;
            shipper.until(|source| source.bytes == 6).await;
            // Nobody may: a link to itself is refused to the superuser too.
            fs::rename(world.log(), world.sibling(1)).unwrap();
            std::os::unix::fs::symlink(world.log(), world.log()).unwrap();
            let source = shipper.until(|source| source.problem.is_some()).await;
            assert_eq!(source.state, ShipState::WaitingForSource);
            assert!(source.problem.unwrap().contains("hint: can this user read"));
            append(&world.sibling(1), "late\n");
            fs::remove_file(world.log()).unwrap();
            world.append("second\n");
            world.holds(&["first\nlate\n", "second\n"]).await;
            let source = shipper.until(|source| source.problem.is_none()).await;
            assert!(source.last_error.is_some());
            // Trying again left no records of each try.
            let directory = world.target_dir.join("app.log").unwrap();
            let entries = world.lake.list(&directory).await.unwrap();
            let owners = entries
                .iter()
                .filter(|entry| entry.name().starts_with("owner-"));
            assert_eq!(owners.count(), 1);
            tokio::time::timeout(DEADLINE, shipper.stop())
                .await
                .unwrap()
                .unwrap();
        })
        .await;
}
