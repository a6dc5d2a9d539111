//! What is in the source is in the archive, byte for byte.

use crate::world::{DEADLINE, Running, World, append, on_both, opened};
use comptoir_logship::archive::records::EndCause;
use comptoir_logship::ship::Rotation;
use comptoir_model::api::logs::ShipState;
use std::fs;
use std::io::Write;

on_both!(
    archives_every_byte_also_of_unfinished_lines,
    bytes_that_wait_to_be_made_durable_are_so_at_the_end,
    goes_on_after_a_restart_where_it_was,
    a_rotated_log_is_shipped_to_its_end,
    what_rotated_while_nobody_shipped_is_shipped_too,
    the_rest_of_a_truncated_log_comes_from_its_copy,
    a_log_that_is_deleted_loses_nothing_while_it_is_open,
    bytes_that_are_gone_become_a_gap_record,
    a_large_log_becomes_many_pieces,
);

async fn archives_every_byte_also_of_unfinished_lines(world: &World) {
    world.append("one\ntwo \u{1f980}");
    let shipper = world.ship().await;
    world.holds(&["one\ntwo \u{1f980}"]).await;
    let mut log = opened(&world.log());
    log.write_all(b" \xff\0\r\nthree").unwrap();
    let expected = b"one\ntwo \xf0\x9f\xa6\x80 \xff\0\r\nthree";
    let lives = world.archived(|lives| lives[0].1 == expected).await;
    assert_eq!(lives.len(), 1);
    let lines: u64 = lives[0].0.pieces.iter().map(|(_, end)| end.lines).sum();
    assert_eq!(lines, 2);
    shipper.stop().await.unwrap();
}

async fn bytes_that_wait_to_be_made_durable_are_so_at_the_end(world: &World) {
    let mut request = world.request();
    request.limits.piece_age = DEADLINE;
    request.limits.sync_every = DEADLINE;
    let mut shipper = Running::start(request, world.lake.clone()).await;
    // The first ones wait for nothing.
    world.append("one\n");
    shipper.until(|source| source.bytes == 4).await;
    world.append("two\n");
    let source = shipper.until(|source| source.position == 8).await;
    assert_eq!((source.bytes, source.lag_bytes), (4, 4));
    shipper.stop().await.unwrap();
    world.holds(&["one\ntwo\n"]).await;
}

async fn goes_on_after_a_restart_where_it_was(world: &World) {
    let mut expected = String::new();
    for number in 0..3 {
        let text = format!("before start {number}\n");
        world.append(&text);
        let mut shipper = world.ship().await;
        let while_running = format!("after start {number}\n");
        world.append(&while_running);
        expected = expected + &text + &while_running;
        let length = expected.len() as u64;
        shipper.until(|source| source.bytes == length).await;
        shipper.stop().await.unwrap();
        // Stopping closes: nothing waits for the next start.
        let lives = world.holds(&[&expected]).await;
        assert_eq!(lives[0].0.gaps, []);
    }
}

async fn a_rotated_log_is_shipped_to_its_end(world: &World) {
    world.append("first\n");
    let shipper = world.ship().await;
    world.holds(&["first\n"]).await;
    let mut old = opened(&world.log());
    fs::rename(world.log(), world.sibling(1)).unwrap();
    world.append("second\n");
    // A writer that has not noticed yet.
    old.write_all(b"late\n").unwrap();
    let lives = world.holds(&["first\nlate\n", "second\n"]).await;
    assert!(lives.iter().all(|(life, _)| life.gaps.is_empty()));
    let lives = world.archived(|lives| lives[0].0.end.is_some()).await;
    assert_eq!(lives[0].0.end.as_ref().unwrap().cause, EndCause::Rotated);
    // Also later than it was done with.
    old.write_all(b"very late\n").unwrap();
    world
        .holds(&["first\nlate\n", "second\n", "very late\n"])
        .await;
    shipper.stop().await.unwrap();
}

async fn what_rotated_while_nobody_shipped_is_shipped_too(world: &World) {
    world.append("first\n");
    let shipper = world.ship().await;
    world.holds(&["first\n"]).await;
    shipper.stop().await.unwrap();
    world.append("rest of first\n");
    fs::rename(world.log(), world.sibling(2)).unwrap();
    append(&world.sibling(1), "never seen\n");
    world.append("third\n");
    let shipper = world.ship().await;
    let texts = ["first\nrest of first\n", "never seen\n", "third\n"];
    let lives = world.holds(&texts).await;
    let order: Vec<_> = lives.iter().map(|(_, bytes)| &bytes[..]).collect();
    assert_eq!(order, texts.map(str::as_bytes));
    shipper.stop().await.unwrap();
    assert!(lives.iter().all(|(life, _)| life.gaps.is_empty()));
}

async fn the_rest_of_a_truncated_log_comes_from_its_copy(world: &World) {
    world.append("first, long enough to be told from others\n");
    let shipper = world.ship().await;
    world
        .holds(&["first, long enough to be told from others\n"])
        .await;
    shipper.stop().await.unwrap();
    world.append("not shipped when it was cut\n");
    fs::copy(world.log(), world.sibling(1)).unwrap();
    fs::write(world.log(), "").unwrap();
    world.append("new\n");
    let shipper = world.ship().await;
    let first = "first, long enough to be told from others\nnot shipped when it was cut\n";
    let lives = world.holds(&[first, "new\n"]).await;
    assert!(lives.iter().all(|(life, _)| life.gaps.is_empty()));
    // Again, while it runs.
    fs::rename(world.sibling(1), world.sibling(2)).unwrap();
    fs::copy(world.log(), world.sibling(1)).unwrap();
    fs::write(world.log(), "").unwrap();
    world.append("newer\n");
    let lives = world.holds(&[first, "new\n", "newer\n"]).await;
    assert!(lives.iter().all(|(life, _)| life.gaps.is_empty()));
    shipper.stop().await.unwrap();
}

async fn a_log_that_is_deleted_loses_nothing_while_it_is_open(world: &World) {
    world.append("first\n");
    let shipper = world.ship().await;
    world.holds(&["first\n"]).await;
    let mut old = opened(&world.log());
    fs::remove_file(world.log()).unwrap();
    old.write_all(b"written after it was deleted\n").unwrap();
    world.append("second\n");
    let texts = ["first\nwritten after it was deleted\n", "second\n"];
    world.holds(&texts).await;
    let lives = world.archived(|lives| lives[0].0.end.is_some()).await;
    assert_eq!(lives[0].0.end.as_ref().unwrap().cause, EndCause::Deleted);
    assert_eq!(lives[0].0.gaps, []);
    shipper.stop().await.unwrap();
}

async fn bytes_that_are_gone_become_a_gap_record(world: &World) {
    world.append("shipped\n");
    let mut shipper = world.ship().await;
    shipper.until(|source| source.bytes == 8).await;
    shipper.stop().await.unwrap();
    world.append("never seen by anybody\n");
    fs::remove_file(world.log()).unwrap();
    world.append("another file, which may get the same inode number\n");
    let mut shipper = world.ship().await;
    let lives = world
        .holds(&[
            "shipped\n",
            "another file, which may get the same inode number\n",
        ])
        .await;
    let gap = &lives[0].0.gaps[0];
    assert_eq!((gap.from, gap.to), (8, None));
    let source = shipper.until(|source| source.gaps == 1).await;
    assert_eq!((source.bytes, source.lines), (58, 2));
    shipper.stop().await.unwrap();
}

async fn a_large_log_becomes_many_pieces(world: &World) {
    let line = "x".repeat(1000) + "\n";
    let text = line.repeat(700);
    world.append(&text);
    let mut request = world.request();
    request.sources[0].rotation = Some(Rotation {
        bytes: 100_000,
        keep: 2,
    });
    let shipper = Running::start(request, world.lake.clone()).await;
    let lives = world.holds(&[&text]).await;
    assert!(lives[0].0.pieces.len() > 10, "{:?}", lives[0].0.pieces);
    // It is larger than it may be, and all of it is archived: it was rotated.
    world.append("after the rotation\n");
    world.holds(&[&text, "after the rotation\n"]).await;
    assert_eq!(fs::read_to_string(world.sibling(1)).unwrap(), text);
    shipper.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_has_nothing_to_ship_leaves_no_records() {
    World::local()
        .run(async |world| {
            let names = async || {
                let directory = world.target_dir.join("app.log").unwrap();
                let entries = world.lake.list(&directory).await.unwrap_or_default();
                let names = entries.iter().map(|entry| entry.name().to_owned());
                names.collect::<Vec<_>>()
            };
            let idle = async |bytes: u64| {
                let before = names().await;
                let mut shipper = world.ship().await;
                shipper
                    .until(|source| source.state != ShipState::Recovering && source.bytes == bytes)
                    .await;
                shipper.stop().await.unwrap();
                assert_eq!(names().await, before);
            };
            idle(0).await;
            world.append("one\n");
            let mut shipper = world.ship().await;
            shipper.until(|source| source.bytes == 4).await;
            shipper.stop().await.unwrap();
            idle(4).await;
            // It wakes up when there is something.
            let mut shipper = world.ship().await;
            shipper
                .until(|source| source.state == ShipState::Shipping)
                .await;
            world.append("two\n");
            shipper.until(|source| source.bytes == 8).await;
            shipper.stop().await.unwrap();
            world.holds(&["one\ntwo\n"]).await;
        })
        .await;
}

/// Of any bytes: ends of lines of Windows, NULs, UTF-16, a line that is longer than a piece.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_text_is_archived_as_it_stands() {
    World::local()
        .run(async |world| {
            let is_long = std::env::var_os("COMPTOIR_TEST_KILLS").is_some();
            let mut bytes = b"windows\r\n\r\n\0\0\xff\xfe".to_vec();
            bytes.extend(
                "UTF-16 \u{1f980}\n"
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes),
            );
            // No two parts of it are alike.
            let line = (0..if is_long { 25_000_000_u32 } else { 250_000 }).map(|n| n | 0x0101_0101);
            bytes.extend(
                line.flat_map(u32::to_le_bytes)
                    .filter(|byte| *byte != b'\n'),
            );
            bytes.extend(b"\nwithout an end");
            let mut log = opened(&world.log());
            let mut shipper = world.ship().await;
            for part in bytes.chunks(10_000_001) {
                log.write_all(part).unwrap();
            }
            let length = bytes.len() as u64;
            shipper.until(|source| source.bytes == length).await;
            shipper.stop().await.unwrap();
            let lives = world.archived(|lives| lives.len() == 1).await;
            assert!(lives[0].1 == bytes, "the archived bytes differ");
        })
        .await;
}
