//! A batch counts once, wholly, or not at all.

use crate::records::{Log, batch, progress};
use crate::world::{Kind, TABLES, World, at, cut_off, on_every_database, partition};
use comptoir_database::Retry;
use comptoir_model::ids::Offset;
use comptoir_model::merge::Span;
use comptoir_warehouse::{Committed, Limits, ViewsWriter};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

on_every_database! {
    an_owner_that_wakes_up_changes_nothing
    a_call_that_ends_anywhere_leaves_all_or_nothing
    a_lock_that_is_held_is_worth_another_try
    gaps_are_recorded_with_their_batch
    progress_does_not_go_back_in_time
}

fn log(records: u64) -> Log {
    Log::random(&mut ChaCha8Rng::seed_from_u64(7), records)
}

async fn an_owner_that_wakes_up_changes_nothing(world: &World) {
    let log = log(90);
    let (mut paused, mut second) = (world.writer().await, world.writer().await);
    let position = paused.position(&partition(0), at(0)).await.unwrap();
    let taken_over = second.position(&partition(0), at(1)).await.unwrap();
    assert_eq!(position, taken_over);
    let id = position.partition;
    log.commit(&mut second, id, 0..40).await.unwrap();
    second.seal(at(2)).await.unwrap();
    log.commit(&mut second, id, 40..60).await.unwrap();
    let before = world.dump(TABLES).await;
    for offsets in [0..30, 0..40, 0..90, 20..90, 70..90] {
        let outcome = log.commit(&mut paused, id, offsets.clone()).await.unwrap();
        let given_up = Committed::GivenUp { found: Offset(60) };
        assert_eq!(outcome, given_up, "{offsets:?}");
    }
    assert_eq!(world.dump(TABLES).await, before);
    // And whoever stands where the row stands goes on.
    let outcome = log.commit(&mut paused, id, 60..90).await.unwrap();
    assert!(matches!(outcome, Committed::Applied { generation } if generation.0 == 2));
}

/// Drops the commit after each number of steps: as a process that ends, or a caller's time limit.
async fn a_call_that_ends_anywhere_leaves_all_or_nothing(world: &World) {
    let log = log(400);
    let mut writer = world.writer().await;
    let id = writer
        .position(&partition(0), at(0))
        .await
        .unwrap()
        .partition;
    let (mut start, mut steps, mut lost_late) = (0, 1, 0);
    while start + 20 <= log.len() && steps < 200 {
        let before = world.dump(TABLES).await;
        let offsets = start..start + 20;
        let tally = log.tally(offsets.clone());
        let done = {
            let batch = batch(id, offsets.clone(), &tally);
            let done = cut_off(writer.commit(&batch), steps).await;
            done.map(|done| done.unwrap())
        };
        steps += 1;
        let position = writer.position(&partition(0), at(0)).await.unwrap();
        if position.next == Offset(offsets.start) {
            assert_eq!(done, None);
            assert_eq!(world.dump(TABLES).await, before);
            continue;
        }
        assert_eq!(position.next, Offset(offsets.end));
        lost_late += u32::from(done.is_none());
        start = offsets.end;
        if done.is_some() {
            break;
        }
    }
    println!("{steps} steps, {lost_late} commits whose answer was lost");
    assert!(steps > 3, "the commit was never interrupted");
    let counted = log.tally(0..start);
    let rows = world.warehouse.generations().await.unwrap();
    assert_eq!(&rows[0].control, counted.control());
}

async fn a_lock_that_is_held_is_worth_another_try(world: &World) {
    let log = log(20);
    let limits = Limits {
        statement: Duration::from_secs(1),
        ..Limits::default()
    };
    let mut writer = ViewsWriter::open(&world.another(limits), "a test")
        .await
        .unwrap();
    let id = writer
        .position(&partition(0), at(0))
        .await
        .unwrap()
        .partition;
    let before = world.dump(TABLES).await;
    let mut holder = world.database().await;
    let statements = match world.kind {
        Kind::Sqlite => ["BEGIN IMMEDIATE", "UPDATE offsets SET updated_at_ms = 0"],
        _ => ["BEGIN", "UPDATE offsets SET updated_at_ms = 0"],
    };
    for statement in statements {
        holder.execute("locking", statement).await.unwrap();
    }
    let error = log.commit(&mut writer, id, 0..20).await.unwrap_err();
    assert_eq!(error.retry(), Retry::CanHelp, "{error}");
    holder.execute("unlocking", "ROLLBACK").await.unwrap();
    assert_eq!(world.dump(TABLES).await, before);
    let outcome = log.commit(&mut writer, id, 0..20).await.unwrap();
    assert!(matches!(outcome, Committed::Applied { .. }));
}

async fn gaps_are_recorded_with_their_batch(world: &World) {
    let mut writer = world.writer().await;
    let id = writer
        .position(&partition(0), at(0))
        .await
        .unwrap()
        .partition;
    let span = |start, end| Span::new(Offset(start), Offset(end)).unwrap();
    let log = log(0);
    let tally = log.tally(0..0);
    let mut batch = batch(id, 0..1000, &tally);
    let (lost, blind) = ([span(0, 900)], [span(900, 1100), span(2, 3)]);
    (batch.lost, batch.blind) = (&lost, &blind);
    writer.commit(&batch).await.unwrap();
    let position = writer.position(&partition(0), at(0)).await.unwrap();
    assert_eq!(position.next, Offset(1000));
    assert_eq!(position.gaps.lost, [span(0, 900)]);
    assert_eq!(position.gaps.blind, [span(2, 3), span(900, 1100)]);
    // A batch without records is no reason for a row anywhere else.
    for table in ["buckets", "minutes", "tops", "recent", "dead_letters"] {
        let rows = world.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(rows, 0, "{table}");
    }
}

async fn progress_does_not_go_back_in_time(world: &World) {
    let mut writer = world.writer().await;
    let id = writer
        .position(&partition(0), at(0))
        .await
        .unwrap()
        .partition;
    let mut said = progress(10);
    said.checked_at = at(20);
    writer.note_progress(&[(id, said)]).await.unwrap();
    let mut late = progress(5);
    late.checked_at = at(19);
    writer.note_progress(&[(id, late)]).await.unwrap();
    let log_end = "SELECT log_end FROM progress";
    assert_eq!(world.number(log_end).await, 10);
    said.log_end = Offset(11);
    said.fresh_through = None;
    writer.note_progress(&[(id, said)]).await.unwrap();
    assert_eq!(world.number(log_end).await, 11);
}
