//! Publishing: crashes between any two steps, late and concurrent publishers, old data.

use crate::place::{Place, on_both};
use crate::published::{expect_run, manifest, parts_of, read_run};
use comptoir_lake::publish::{Checkpoint, Point, Publication, Published};
use comptoir_lake::{EntryKind, LakeError, LakePath, Recursive, Result};
use comptoir_model::ids::RunId;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use tokio::sync::oneshot;

on_both!(
    publishes_into_nothing_and_over_itself,
    replaces_what_another_program_left,
    keeps_replaced_data_for_a_day_and_its_name_for_longer,
    an_abandoned_run_leaves_nothing,
    refuses_a_run_whose_parts_are_not_what_its_manifest_says,
    a_publisher_that_was_overtaken_changes_nothing,
    of_concurrent_publishers_some_win_and_the_rest_say_so,
    a_crash_where_there_was_nothing_leaves_nothing_or_the_new_run,
    a_crash_over_an_old_run_leaves_the_old_or_the_new_one,
    a_crash_over_foreign_files_leaves_them_or_the_new_run,
    readers_see_only_complete_runs_in_their_order,
);

pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// One whole import.
pub(crate) async fn publish(place: &Place, target: &LakePath, run: &str) -> Result<Published> {
    publish_at(place, target, run, NOW, Arc::new(|_: &Point| Ok(()))).await
}

async fn publish_at(
    place: &Place,
    target: &LakePath,
    run: &str,
    now: Timestamp,
    checkpoint: Checkpoint,
) -> Result<Published> {
    let run = RunId::parse(run).unwrap();
    let publication = Publication::begin_with(&place.lake, target, run.clone(), checkpoint).await?;
    write_parts(&publication).await?;
    publication.commit(&manifest(&run), now).await
}

pub(crate) async fn write_parts(publication: &Publication) -> Result<()> {
    for (name, content) in parts_of(publication.run()) {
        let mut writer = publication.create_part(&name).await?;
        writer.write(content.into()).await?;
        writer.close().await?;
    }
    Ok(())
}

fn beside(target: &LakePath) -> LakePath {
    let (parent, name) = (target.parent().unwrap(), target.file_name().unwrap());
    parent.join(".comptoir").unwrap().join(name).unwrap()
}

/// Nothing but what tells late publishers off.
pub(crate) async fn assert_clean(place: &Place, target: &LakePath) {
    for name in place.names(&beside(target)).await {
        let kept = ["old-", "replaced-"]
            .iter()
            .any(|kept| name.starts_with(kept));
        assert!(kept || name == "lock", "{name} is left beside {target}");
    }
}

async fn publishes_into_nothing_and_over_itself(place: &Place) {
    let target = place.path("sqoop/sales");
    for (run, number) in [("a", 1), ("b", 2), ("c", 3)] {
        let published = publish(place, &target, run).await.unwrap();
        assert_eq!(published.number, number);
        expect_run(place, &target, run).await;
        assert_clean(place, &target).await;
    }
    let published = ["_SUCCESS", "_manifest-1", "part-m-00000", "part-m-00001"];
    assert_eq!(place.names(&target).await, published);
    let kept = place.names(&beside(&target)).await;
    let kept: Vec<_> = kept.iter().filter(|name| *name != "lock").collect();
    assert_eq!(
        kept,
        ["old-1", "old-2", "old-3", "replaced-2", "replaced-3"]
    );
}

async fn replaces_what_another_program_left(place: &Place) {
    let target = place.path("sales");
    place
        .write(&place.path("sales/part-m-00000"), "sqoop's")
        .await;
    publish(place, &target, "a").await.unwrap();
    expect_run(place, &target, "a").await;
    let old = beside(&target)
        .join("old-1")
        .unwrap()
        .join("part-m-00000")
        .unwrap();
    assert_eq!(place.lake.read(&old).await.unwrap(), "sqoop's");
}

async fn keeps_replaced_data_for_a_day_and_its_name_for_longer(place: &Place) {
    let target = place.path("sales");
    let publish_after = |run: &'static str, hours| {
        let now = NOW + SignedDuration::from_hours(hours);
        publish_at(place, &target, run, now, Arc::new(|_: &Point| Ok(())))
    };
    publish_after("a", 0).await.unwrap();
    publish_after("b", 1).await.unwrap();
    let old = beside(&target).join("old-2").unwrap();
    publish_after("c", 24).await.unwrap();
    assert_eq!(place.names(&old).await.len(), 4);
    publish_after("d", 25).await.unwrap();
    assert!(place.names(&old).await.is_empty());
    let marker = place.lake.stat(&old).await.unwrap().unwrap();
    assert_eq!(marker.kind, EntryKind::Directory);
    // Of b, replaced an hour ago, and c.
    for number in ["old-3", "old-4"] {
        assert_eq!(
            place
                .names(&beside(&target).join(number).unwrap())
                .await
                .len(),
            4
        );
    }
}

async fn an_abandoned_run_leaves_nothing(place: &Place) {
    let target = place.path("sales");
    let run = RunId::parse("a").unwrap();
    let publication = Publication::begin(&place.lake, &target, run).await.unwrap();
    write_parts(&publication).await.unwrap();
    publication.abandon().await.unwrap();
    assert_clean(place, &target).await;
    assert_eq!(read_run(place, &target).await.unwrap(), None);
}

async fn refuses_a_run_whose_parts_are_not_what_its_manifest_says(place: &Place) {
    let target = place.path("sales");
    let run = RunId::parse("a").unwrap();
    let publication = Publication::begin(&place.lake, &target, run.clone())
        .await
        .unwrap();
    for (name, _) in parts_of(&run) {
        publication
            .create_part(&name)
            .await
            .unwrap()
            .close()
            .await
            .unwrap();
    }
    let error = publication.commit(&manifest(&run), NOW).await.unwrap_err();
    assert!(matches!(error, LakeError::Corrupt { .. }), "{error}");
    assert_eq!(read_run(place, &target).await.unwrap(), None);
}

async fn a_publisher_that_was_overtaken_changes_nothing(place: &Place) {
    let target = place.path("sales");
    let slow = RunId::parse("slow").unwrap();
    let publication = Publication::begin(&place.lake, &target, slow.clone())
        .await
        .unwrap();
    write_parts(&publication).await.unwrap();
    publish(place, &target, "fast").await.unwrap();

    let error = publication.commit(&manifest(&slow), NOW).await.unwrap_err();
    assert!(
        matches!(&error, LakeError::Fenced { path } if *path == target),
        "{error}"
    );
    expect_run(place, &target, "fast").await;
    publish(place, &target, "next").await.unwrap();
    assert_clean(place, &target).await;
}

async fn of_concurrent_publishers_some_win_and_the_rest_say_so(place: &Place) {
    let target = place.path("sales");
    let names: Vec<String> = (0..4).map(|number| format!("run-{number}")).collect();
    let results = join_all(names.iter().map(|run| publish(place, &target, run))).await;
    let mut winners = Vec::new();
    for (run, result) in names.iter().zip(results) {
        match result {
            Ok(_) => winners.push(run.clone()),
            // Fenced at the end, or swept while writing.
            Err(
                LakeError::Fenced { .. }
                | LakeError::NotFound { .. }
                | LakeError::WriterClosed { .. },
            ) => {}
            Err(error) => panic!("{run}: {error}"),
        }
    }
    let current = read_run(place, &target)
        .await
        .unwrap()
        .expect("somebody wins");
    assert!(winners.contains(&current), "{current} of {winners:?}");
    publish(place, &target, "next").await.unwrap();
    assert_clean(place, &target).await;
}

/// Crashes at the `step`th checkpoint, and at all that follow.
pub(crate) fn crash_at(step: usize) -> Checkpoint {
    let passed = AtomicUsize::new(0);
    Arc::new(move |point| {
        if passed.fetch_add(1, Ordering::Relaxed) < step {
            Ok(())
        } else {
            Err(LakeError::Failed {
                path: LakePath::root(),
                reason: format!("crash before {point:?}"),
            })
        }
    })
}

/// More than a publication has.
pub(crate) const CHECKPOINTS: usize = 16;

/// What lies in the target before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Nothing,
    Run,
    Foreign,
}

async fn a_crash_where_there_was_nothing_leaves_nothing_or_the_new_run(place: &Place) {
    crash_everywhere(place, Before::Nothing).await;
}

async fn a_crash_over_an_old_run_leaves_the_old_or_the_new_one(place: &Place) {
    crash_everywhere(place, Before::Run).await;
}

async fn a_crash_over_foreign_files_leaves_them_or_the_new_run(place: &Place) {
    crash_everywhere(place, Before::Foreign).await;
}

async fn crash_everywhere(place: &Place, before: Before) {
    let runs = (0..CHECKPOINTS).map(|step| crash_once(place, before, step));
    let crashed = join_all(runs).await;
    let crashes = crashed.iter().take_while(|crashed| **crashed).count();
    assert!(
        crashed[crashes..].iter().all(|crashed| !crashed),
        "{crashed:?}"
    );
    // Create, manifest, _SUCCESS, intent, two moves or a mark and a move, delete the intent, end.
    assert!((8..CHECKPOINTS).contains(&crashes), "{crashes}");
}

/// Whether the publication crashed before it was through.
async fn crash_once(place: &Place, before: Before, step: usize) -> bool {
    let target = place.path(&format!("{step}/sales"));
    match before {
        Before::Nothing => {}
        Before::Run => drop(publish(place, &target, "old").await.unwrap()),
        Before::Foreign => {
            let part = target.join("part-m-00000").unwrap();
            place.write(&part, "sqoop's").await;
        }
    }
    let crash = || publish_at(place, &target, "new", NOW, crash_at(step));
    let crashed = crash().await.is_err();
    let after = assert_old_or_new(place, before, &target, "new").await;
    assert!(crashed || after == Seen::New, "{after:?} without a crash");

    // The next run crashes as well, the one after that gets through.
    let next = publish_at(place, &target, "next", NOW, crash_at(step)).await;
    if next.is_ok() {
        expect_run(place, &target, "next").await;
    } else if read_run_of(place, &target).await.as_deref() != Some("next") {
        let second = assert_old_or_new(place, before, &target, "new").await;
        assert!(second == Seen::New || after == Seen::Old, "back to old");
    }
    publish(place, &target, "last").await.unwrap();
    expect_run(place, &target, "last").await;
    assert_clean(place, &target).await;
    crashed
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Old,
    New,
}

async fn read_run_of(place: &Place, target: &LakePath) -> Option<String> {
    read_run(place, target).await.ok().flatten()
}

async fn assert_old_or_new(place: &Place, before: Before, target: &LakePath, new: &str) -> Seen {
    match (before, read_run(place, target).await) {
        (_, Ok(Some(run))) if run == new => Seen::New,
        (Before::Nothing, Ok(None)) | (Before::Foreign, Err(LakeError::Unpublished { .. })) => {
            Seen::Old
        }
        (Before::Run, Ok(Some(run))) if run == "old" => Seen::Old,
        (_, read) => panic!("{before:?}: a reader sees {read:?}"),
    }
}

async fn readers_see_only_complete_runs_in_their_order(place: &Place) {
    let target = place.path("sales");
    let order = |number: usize| format!("run-{number:03}");
    publish(place, &target, &order(0)).await.unwrap();
    let done = AtomicUsize::new(0);
    let publishing = async {
        for number in 1..=12 {
            publish(place, &target, &order(number)).await.unwrap();
        }
        done.store(1, Ordering::Relaxed);
    };
    let reading = async {
        let mut last = order(0);
        let mut reads = 0;
        while done.load(Ordering::Relaxed) == 0 {
            // Checked for lengths, hashes, and that all parts are of one run.
            let run = read_run(place, &target)
                .await
                .unwrap()
                .expect("a run was published before");
            assert!(run >= last, "{run} after {last}");
            last = run;
            reads += 1;
        }
        assert!(reads > 6, "{reads}");
    };
    tokio::join!(publishing, reading);
    expect_run(place, &target, &order(12)).await;
}

/// On a local directory a publisher holds a lock while it decides; on HDFS it can be paused
/// anywhere, and others pass it by.
#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_wakes_up_late_on_hdfs_changes_nothing() {
    Place::hdfs()
        .run(async |place: &Place| {
            let paused = join_all((0..CHECKPOINTS).map(|step| wake_up_late(place, step))).await;
            let pauses = paused.iter().take_while(|paused| **paused).count();
            assert!((8..CHECKPOINTS).contains(&pauses), "{pauses}");
        })
        .await;
}

/// Whether there was such a step to pause before.
async fn wake_up_late(place: &Place, step: usize) -> bool {
    let target = place.path(&format!("{step}/sales"));
    publish(place, &target, "old").await.unwrap();

    let (asleep, falls_asleep) = oneshot::channel();
    let (wake, wakes_up) = mpsc::channel::<()>();
    let (asleep, wakes_up) = (Mutex::new(Some(asleep)), Mutex::new(wakes_up));
    let passed = AtomicUsize::new(0);
    let decided = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&decided);
    let checkpoint: Checkpoint = Arc::new(move |point| {
        if passed.fetch_add(1, Ordering::Relaxed) == step {
            let asleep = asleep.lock().unwrap().take().unwrap();
            asleep.send(()).unwrap();
            tokio::task::block_in_place(|| wakes_up.lock().unwrap().recv()).unwrap();
        } else if matches!(point, Point::WriteIntent(2)) {
            seen.store(1, Ordering::Relaxed);
        }
        Ok(())
    });
    let (lake, at) = (place.lake.clone(), target.clone());
    let late = tokio::spawn(async move {
        let run = RunId::parse("late").unwrap();
        let publication = Publication::begin_with(&lake, &at, run.clone(), checkpoint).await?;
        write_parts(&publication).await?;
        publication.commit(&manifest(&run), NOW).await
    });
    if falls_asleep.await.is_err() {
        late.await.unwrap().unwrap();
        return false;
    }
    let was_decided = decided.load(Ordering::Relaxed) == 1;
    publish(place, &target, "fast").await.unwrap();
    wake.send(()).unwrap();
    match (late.await.unwrap(), was_decided) {
        // Its intent stood, so the faster one completed it first.
        (Ok(published), true) => assert_eq!(published.number, 2),
        (Err(LakeError::Fenced { .. }), false) => {}
        // It had not begun: it is no late publisher, but the next.
        (Ok(published), false) if step == 0 => assert_eq!(published.number, 3),
        (late, _) => panic!("step {step}, decided: {was_decided}: {late:?}"),
    }
    let current = if step == 0 { "late" } else { "fast" };
    expect_run(place, &target, current).await;
    publish(place, &target, "next").await.unwrap();
    assert_clean(place, &target).await;
    place
        .lake
        .delete(&beside(&target), Recursive::Yes)
        .await
        .unwrap();
    true
}
