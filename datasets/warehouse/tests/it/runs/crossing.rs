//! Runs that overlap, end half-way, or are cut off at every step.

use super::batch::{Archive, begun, load, loaded, prune_all, sweep_all};
use crate::cache::Cache;
use crate::records::Log;
use crate::totals::check;
use crate::world::{TABLES, World, at, cut_off, on_every_database, partition};
use comptoir_model::live::QuarterHour;
use comptoir_model::merge::Refusal;
use comptoir_warehouse::{BatchRun, LiveReader, Loaded, RunVersion, Switched, ViewsWriter};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

on_every_database! {
    a_newer_run_wins_and_the_older_one_is_refused_by_name
    a_run_that_was_swept_neither_takes_rows_nor_becomes_current
    a_switch_that_ends_anywhere_is_all_or_nothing
    a_run_costs_what_changed
    news_are_added_once_and_only_to_what_they_are_counted_from
}

/// One partition with `records` committed and sealed, all of them archived.
async fn world_of(world: &World, records: u64) -> (Archive, ViewsWriter) {
    let log = Log::random(&mut ChaCha8Rng::seed_from_u64(3), 200);
    let mut archive = Archive::new(vec![log]);
    let mut writer = world.writer().await;
    grow(&mut archive, &mut writer, 0..records).await;
    (archive, writer)
}

async fn grow(archive: &mut Archive, writer: &mut ViewsWriter, offsets: std::ops::Range<u64>) {
    let position = writer.position(&partition(0), at(0)).await.unwrap();
    let end = offsets.end;
    let committed = archive.logs[0].commit(writer, position.partition, offsets);
    committed.await.unwrap();
    writer.seal(at(1)).await.unwrap();
    archive.next[0] = end;
}

async fn look(world: &World, archive: &Archive) {
    let mut cache = Cache::default();
    let mut reader = LiveReader::new(&world.warehouse);
    let change = cache.read(&mut reader, 0, 0).await;
    check(&cache, &change, &archive.logs, 0);
}

async fn a_newer_run_wins_and_the_older_one_is_refused_by_name(world: &World) {
    let (mut archive, mut writer) = world_of(world, 50).await;
    let older = loaded(world, &archive).await;
    grow(&mut archive, &mut writer, 50..120).await;
    let newer = loaded(world, &archive).await;
    assert!(older.id() < newer.id());
    let version = RunVersion(1);
    assert_eq!(
        newer.switch(at(4)).await.unwrap(),
        Switched::Done { version }
    );
    look(world, &archive).await;
    let refused = older.switch(at(5)).await.unwrap();
    let Switched::Refused(refusal @ Refusal::GoesBack { .. }) = &refused else {
        panic!("{refused:?}")
    };
    let text = refusal.to_string();
    assert!(text.contains("partition 0 of stream-1 up to offset 50, the current one up to 120"));
    // The same that came first stays current, and says so again.
    assert_eq!(
        newer.switch(at(6)).await.unwrap(),
        Switched::Done { version }
    );
    prune_all(world).await;
    look(world, &archive).await;
    older.give_up(&text, at(6)).await.unwrap();
    sweep_all(world, QuarterHour(0)).await;
    look(world, &archive).await;
    let kept = format!(
        "SELECT COUNT(*) FROM view_sums WHERE run_id = {}",
        older.id()
    );
    assert_eq!(world.number(&kept).await, 0);
}

async fn a_run_that_was_swept_neither_takes_rows_nor_becomes_current(world: &World) {
    let (archive, _writer) = world_of(world, 60).await;
    let run = loaded(world, &archive).await;
    assert_eq!(world.warehouse.abandon_runs(at(3), at(9)).await.unwrap(), 0);
    assert_eq!(world.warehouse.abandon_runs(at(4), at(9)).await.unwrap(), 1);
    let before = world.dump(TABLES).await;
    let plan = archive.plan(&world.warehouse.batch_facts().await.unwrap());
    let quarter = *plan.quarters.first().unwrap();
    let late = load(&run, &archive, &plan, quarter).await.unwrap();
    assert_eq!(late, Loaded::Closed);
    let switched = run.switch(at(10)).await.unwrap();
    assert_eq!(switched, Switched::Refused(Refusal::Swept));
    run.give_up("late", at(10)).await.unwrap();
    assert_eq!(world.dump(TABLES).await, before);
    sweep_all(world, QuarterHour(0)).await;
    for table in ["view_sums", "view_sketches", "view_tops", "view_blocks"] {
        let rows = world.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(rows, 0, "{table}");
    }
    look(world, &archive).await;
}

async fn a_switch_that_ends_anywhere_is_all_or_nothing(world: &World) {
    let (mut archive, mut writer) = world_of(world, 20).await;
    let (mut steps, mut end, mut lost_late) = (1, 20, 0);
    loop {
        let run = loaded(world, &archive).await;
        let before = world.dump(&["view_current"]).await;
        let done = cut_off(run.switch(at(4)), steps).await;
        look(world, &archive).await;
        let again = run.switch(at(5)).await.unwrap();
        assert!(matches!(again, Switched::Done { .. }), "{again:?}");
        let moved = world.dump(&["view_current"]).await;
        assert_ne!(moved, before);
        lost_late += u32::from(done.is_none());
        steps += 1;
        // A server that answers before anybody waits for it leaves nothing to cut off.
        let was_interrupted = lost_late > 2;
        if (done.is_some() && was_interrupted) || end + 5 > archive.logs[0].len() {
            break;
        }
        if done.is_some() {
            steps = 1;
        }
        grow(&mut archive, &mut writer, end..end + 5).await;
        end += 5;
    }
    println!("{lost_late} switches cut off");
    assert!(lost_late > 2, "the switch was hardly ever interrupted");
}

async fn a_run_costs_what_changed(world: &World) {
    let (mut archive, mut writer) = world_of(world, 150).await;
    let first = loaded(world, &archive).await;
    first.switch(at(4)).await.unwrap();
    grow(&mut archive, &mut writer, 150..152).await;
    let second: BatchRun = loaded(world, &archive).await;
    second.switch(at(5)).await.unwrap();
    let blocks = "SELECT COUNT(*) FROM view_blocks WHERE run_id =";
    let of_first = world.number(&format!("{blocks} {}", first.id())).await;
    let of_second = world.number(&format!("{blocks} {}", second.id())).await;
    assert!(of_first > 10 && (1..=2).contains(&of_second));
    look(world, &archive).await;
    sweep_all(world, QuarterHour(0)).await;
    prune_all(world).await;
    look(world, &archive).await;
    let left = world.number(&format!("{blocks} {}", first.id())).await;
    assert_eq!(left, of_first - of_second);
}

async fn news_are_added_once_and_only_to_what_they_are_counted_from(world: &World) {
    let (mut archive, mut writer) = world_of(world, 60).await;
    let first = loaded(world, &archive).await;
    first.switch(at(4)).await.unwrap();
    archive.whole_from = QuarterHour(i64::MAX);
    grow(&mut archive, &mut writer, 60..120).await;
    let plan = archive.plan(&world.warehouse.batch_facts().await.unwrap());
    let overtaken = begun(world, &plan).await;
    let second = loaded(world, &archive).await;
    for quarter in &plan.quarters {
        // As after an answer that was lost.
        let again = load(&second, &archive, &plan, *quarter).await.unwrap();
        assert_eq!(again, Loaded::Done);
    }
    second.switch(at(5)).await.unwrap();
    look_by_quarters(world, &archive).await;
    let quarter = *plan.quarters.first().unwrap();
    let late = load(&overtaken, &archive, &plan, quarter).await.unwrap();
    assert_eq!(late, Loaded::Overtaken);
    // And on top of what was added.
    grow(&mut archive, &mut writer, 120..180).await;
    let third = loaded(world, &archive).await;
    third.switch(at(6)).await.unwrap();
    look_by_quarters(world, &archive).await;
    prune_all(world).await;
    sweep_all(world, QuarterHour(i64::MAX / 15)).await;
    look_by_quarters(world, &archive).await;
    let report = world.warehouse.reconcile(at(7)).await.unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
}

/// Minutes are not kept of what news are added to.
async fn look_by_quarters(world: &World, archive: &Archive) {
    let mut cache = Cache::default();
    let mut reader = LiveReader::new(&world.warehouse);
    let last = at(0).as_second() / 900 + 100;
    let change = cache.read(&mut reader, 0, last).await;
    check(&cache, &change, &archive.logs, 0);
}
