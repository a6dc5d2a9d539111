//! Adding to a target: crashes between any two steps, racing publishers, parts of other programs.

use crate::place::{Place, on_both};
use crate::publication::{CHECKPOINTS, assert_clean, crash_at, publish, write_parts};
use crate::published::{manifest, parts_of};
use comptoir_lake::publish::{Base, Checkpoint, KEEP_MANIFESTS, Point, Publication, Published};
use comptoir_lake::{LakeError, LakePath, Result, published};
use comptoir_model::api::PartInfo;
use comptoir_model::ids::RunId;
use comptoir_model::incremental::{IncrementalMode, IncrementalState, Start};
use futures::future::join_all;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use tokio::sync::oneshot;

on_both!(
    adds_to_nothing_and_to_itself,
    goes_on_after_what_sqoop_left_and_says_what_it_knows_of_it,
    other_columns_leave_the_parts_before_undescribed,
    a_run_that_went_on_from_another_state_is_fenced,
    of_racing_publishers_each_is_added_once_or_says_that_it_was_not,
    a_crash_where_there_was_nothing_adds_all_or_nothing,
    a_crash_on_top_of_a_run_adds_all_or_nothing,
    a_crash_on_top_of_foreign_parts_adds_all_or_nothing,
    who_replaces_a_target_that_was_added_to_replaces_all_of_it,
);

async fn append_at(
    place: &Place,
    target: &LakePath,
    run: &str,
    checkpoint: Checkpoint,
) -> Result<Published> {
    let run = RunId::parse(run).unwrap();
    let publication = Publication::begin_with(&place.lake, target, run.clone(), checkpoint).await?;
    write_parts(&publication).await?;
    let aside = "_quarantine-m-00001";
    let mut writer = publication.create_part(aside).await?;
    writer.write(run.to_string().into()).await?;
    writer.close().await?;
    let mut manifest = manifest(&run);
    manifest.quarantine.push(PartInfo {
        name: aside.to_owned(),
        rows: 1,
        bytes: run.as_str().len() as u64,
        sha256: hex::encode(Sha256::digest(run.as_str())),
        checksum: None,
    });
    publication.append(&manifest, &Base::Any).await
}

async fn append(place: &Place, target: &LakePath, run: &str) -> Result<Published> {
    append_at(place, target, run, Arc::new(|_: &Point| Ok(()))).await
}

/// The runs that a reader finds, in the order of the parts, each complete and there once.
async fn runs(place: &Place, target: &LakePath) -> Result<Vec<String>> {
    let Some((found, parts)) = published::read_all(&place.lake, target).await? else {
        return Ok(Vec::new());
    };
    let mut counts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut order = Vec::new();
    for (info, bytes) in found.manifest().parts.iter().zip(&parts) {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let run = text.split(',').next().unwrap().to_owned();
        assert_eq!(text.lines().count() as u64, info.rows, "{}", info.name);
        if !counts.contains_key(&run) {
            order.push(run.clone());
        }
        counts.entry(run).or_default().push(text);
    }
    for (run, texts) in counts {
        let own = parts_of(&RunId::parse(&run).unwrap());
        let own: Vec<_> = own.into_iter().map(|(_, content)| content).collect();
        assert_eq!(texts, own, "{run} in {target}");
    }
    Ok(order)
}

/// The runs whose rows were set aside, in the order of the files that the manifest names.
async fn set_aside(place: &Place, target: &LakePath) -> Vec<String> {
    let found = published::open(&place.lake, target).await.unwrap().unwrap();
    let mut runs = Vec::new();
    for file in &found.manifest().quarantine {
        let mut reader = found.open_quarantine(file).await.unwrap();
        let run = reader.next_chunk().await.unwrap().unwrap();
        runs.push(String::from_utf8(run.to_vec()).unwrap());
    }
    runs
}

/// Nothing waits in the target any more, and nothing lies beside it.
async fn assert_tidy(place: &Place, target: &LakePath) {
    assert_clean(place, target).await;
    let found = published::open(&place.lake, target).await.unwrap().unwrap();
    let aside = &found.manifest().quarantine;
    for name in place.names(target).await {
        let known = ["_manifest-", "_SUCCESS", "part-m-"];
        assert!(
            known.iter().any(|known| name.starts_with(known))
                || aside.iter().any(|file| file.name == name),
            "{name}"
        );
    }
}

async fn adds_to_nothing_and_to_itself(place: &Place) {
    let target = place.path("sqoop/sales");
    for (run, number) in [("a", 1), ("b", 2), ("c", 3)] {
        let published = append(place, &target, run).await.unwrap();
        assert_eq!(published.number, number);
    }
    assert_eq!(runs(place, &target).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(set_aside(place, &target).await, ["a", "b", "c"]);
    assert_tidy(place, &target).await;
    let names = place.names(&target).await;
    let parts: Vec<_> = names
        .iter()
        .filter(|name| name.starts_with("part"))
        .collect();
    assert_eq!(parts.len(), 6);
    assert_eq!(*parts[5], "part-m-00005");
    // As Sqoop, which puts that file only where it made the directory.
    assert!(!names.contains(&"_SUCCESS".to_owned()));
}

async fn goes_on_after_what_sqoop_left_and_says_what_it_knows_of_it(place: &Place) {
    let target = place.path("sales");
    place
        .write(&place.path("sales/part-m-00007"), "1,sqoop's\n")
        .await;
    place.write(&place.path("sales/_SUCCESS"), "").await;
    append(place, &target, "a").await.unwrap();
    let run = published::open(&place.lake, &target)
        .await
        .unwrap()
        .unwrap();
    let manifest = run.manifest();
    let [other] = &manifest.appended.others[..] else {
        panic!("{:?}", manifest.appended.others);
    };
    assert_eq!(
        (other.name.as_str(), other.bytes, other.rows),
        ("part-m-00007", 10, None)
    );
    assert_eq!(manifest.parts[0].name, "part-m-00008");
    assert_eq!(runs(place, &target).await.unwrap(), ["a"]);
    let error = run.read_rows(0).await.unwrap_err();
    assert!(
        matches!(&error, LakeError::OtherParts { part, .. } if part == "part-m-00007"),
        "{error}"
    );

    // Another one that came since.
    place
        .write(&place.path("sales/part-m-00010"), "2,sqoop's\n")
        .await;
    append(place, &target, "b").await.unwrap();
    let run = published::open(&place.lake, &target)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(run.manifest().appended.others.len(), 2);
    assert_eq!(run.manifest().parts[2].name, "part-m-00011");
}

async fn other_columns_leave_the_parts_before_undescribed(place: &Place) {
    let target = place.path("sales");
    publish(place, &target, "a").await.unwrap();
    let run = RunId::parse("b").unwrap();
    let publication = Publication::begin(&place.lake, &target, run.clone())
        .await
        .unwrap();
    write_parts(&publication).await.unwrap();
    let mut other = manifest(&run);
    other.columns[1].name.push_str(" and more");
    publication.append(&other, &Base::Any).await.unwrap();
    let found = published::open(&place.lake, &target)
        .await
        .unwrap()
        .unwrap();
    let others: Vec<_> = (found.manifest().appended.others.iter())
        .map(|part| (part.name.as_str(), part.rows))
        .collect();
    assert_eq!(
        others,
        [("part-m-00000", Some(50)), ("part-m-00001", Some(50))]
    );
    assert_eq!(found.manifest().parts.len(), 2);
}

fn state_of(run: &RunId) -> IncrementalState {
    IncrementalState {
        run: run.clone(),
        mode: IncrementalMode::Append,
        column: "id".to_owned(),
        ceiling: "7".to_owned(),
        start: Start::After("7".to_owned()),
        gaps: Vec::new(),
        overlap: Vec::new(),
    }
}

async fn a_run_that_went_on_from_another_state_is_fenced(place: &Place) {
    let target = place.path("sales");
    let append_from = async |run: &str, base: Option<&str>| {
        let run = RunId::parse(run).unwrap();
        let publication = Publication::begin(&place.lake, &target, run.clone()).await?;
        write_parts(&publication).await?;
        let mut manifest = manifest(&run);
        manifest.incremental = Some(state_of(&run));
        let base = Base::State(base.map(|run| RunId::parse(run).unwrap()));
        publication.append(&manifest, &base).await
    };
    append_from("a", None).await.unwrap();
    // One that has no state carries on the one that is there.
    append(place, &target, "plain").await.unwrap();
    append_from("b", Some("a")).await.unwrap();
    for stale in [None, Some("a")] {
        let error = append_from("late", stale).await.unwrap_err();
        assert!(matches!(error, LakeError::Fenced { .. }), "{error}");
    }
    assert_eq!(runs(place, &target).await.unwrap(), ["a", "plain", "b"]);
    assert_tidy(place, &target).await;
}

async fn of_racing_publishers_each_is_added_once_or_says_that_it_was_not(place: &Place) {
    let target = place.path("sales");
    publish(place, &target, "old").await.unwrap();
    let names: Vec<String> = (0..5).map(|number| format!("run-{number}")).collect();
    let results = join_all(names.iter().map(|run| append(place, &target, run))).await;
    let mut added = vec!["old".to_owned()];
    for (run, result) in names.iter().zip(results) {
        match result {
            Ok(_) => added.push(run.clone()),
            // Swept at the end, or while writing.
            Err(
                LakeError::Fenced { .. }
                | LakeError::NotFound { .. }
                | LakeError::WriterClosed { .. },
            ) => {}
            Err(error) => panic!("{run}: {error}"),
        }
    }
    assert!(added.len() > 1, "nobody was added");
    let mut found = runs(place, &target).await.unwrap();
    found.sort();
    added.sort();
    assert_eq!(found, added);
    append(place, &target, "next").await.unwrap();
    assert_eq!(runs(place, &target).await.unwrap().len(), added.len() + 1);
    assert_tidy(place, &target).await;
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Nothing,
    Run,
    Foreign,
}

async fn a_crash_where_there_was_nothing_adds_all_or_nothing(place: &Place) {
    crash_everywhere(place, Before::Nothing).await;
}

async fn a_crash_on_top_of_a_run_adds_all_or_nothing(place: &Place) {
    crash_everywhere(place, Before::Run).await;
}

async fn a_crash_on_top_of_foreign_parts_adds_all_or_nothing(place: &Place) {
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
    // Create, two parts and what was set aside in, plan, decide, two names, two steps to sweep the
    // directory, end.
    assert_eq!(crashes, 11);
}

/// Whether the publication crashed before it was through.
async fn crash_once(place: &Place, before: Before, step: usize) -> bool {
    let target = place.path(&format!("{step}/sales"));
    let mut expected = Vec::new();
    match before {
        Before::Nothing => {}
        Before::Run => {
            publish(place, &target, "old").await.unwrap();
            expected.push("old".to_owned());
        }
        Before::Foreign => {
            let part = target.join("part-m-00000").unwrap();
            place.write(&part, "sqoop's").await;
        }
    }
    let mut crashed = false;
    for run in ["new", "next"] {
        let ended = append_at(place, &target, run, crash_at(step)).await;
        let seen = match runs(place, &target).await {
            Err(LakeError::Unpublished { .. }) if before == Before::Foreign => Vec::new(),
            seen => seen.unwrap(),
        };
        let with_it = [&expected[..], &[run.to_owned()]].concat();
        assert!(
            seen == with_it || ended.is_err() && seen == expected,
            "{before:?} {step} {run}: {seen:?} after {ended:?}"
        );
        expected = seen;
        crashed |= ended.is_err();
    }
    append(place, &target, "last").await.unwrap();
    expected.push("last".to_owned());
    assert_eq!(
        runs(place, &target).await.unwrap(),
        expected,
        "{before:?} {step}"
    );
    // `publish` sets no row aside.
    expected.retain(|run| run != "old");
    assert_eq!(
        set_aside(place, &target).await,
        expected,
        "{before:?} {step}"
    );
    assert_tidy(place, &target).await;
    crashed
}

async fn who_replaces_a_target_that_was_added_to_replaces_all_of_it(place: &Place) {
    let target = place.path("sales");
    append(place, &target, "a").await.unwrap();
    append_at(place, &target, "b", crash_at(7))
        .await
        .unwrap_err();
    assert_eq!(runs(place, &target).await.unwrap(), ["a", "b"]);
    publish(place, &target, "c").await.unwrap();
    assert_eq!(runs(place, &target).await.unwrap(), ["c"]);
    assert_tidy(place, &target).await;
}

/// On HDFS nothing keeps publishers apart: one can be paused anywhere while another adds parts or
/// replaces the target.
#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_wakes_up_late_on_hdfs_is_added_whole_or_says_so() {
    Place::hdfs()
        .run(async |place: &Place| {
            for other in [Other::Appends, Other::Replaces] {
                let paused =
                    join_all((0..CHECKPOINTS).map(|step| wake_up_late(place, step, other))).await;
                let pauses = paused.iter().take_while(|paused| **paused).count();
                assert_eq!(pauses, 10, "{other:?}");
            }
        })
        .await;
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Other {
    Appends,
    Replaces,
}

/// Whether there was such a step to pause before.
async fn wake_up_late(place: &Place, step: usize, other: Other) -> bool {
    let target = place.path(&format!("{other:?}-{step}/sales"));
    publish(place, &target, "old").await.unwrap();
    let (asleep, falls_asleep) = oneshot::channel();
    let (wake, wakes_up) = mpsc::channel::<()>();
    let (asleep, wakes_up) = (Mutex::new(Some(asleep)), Mutex::new(wakes_up));
    let passed = AtomicUsize::new(0);
    let checkpoint: Checkpoint = Arc::new(move |_| {
        if passed.fetch_add(1, Ordering::Relaxed) == step {
            let asleep = asleep.lock().unwrap().take().unwrap();
            asleep.send(()).unwrap();
            tokio::task::block_in_place(|| wakes_up.lock().unwrap().recv()).unwrap();
        }
        Ok(())
    });
    let (lake, at) = (place.lake.clone(), target.clone());
    let late = tokio::spawn(async move {
        let run = RunId::parse("late").unwrap();
        let publication = Publication::begin_with(&lake, &at, run.clone(), checkpoint).await?;
        write_parts(&publication).await?;
        publication.append(&manifest(&run), &Base::Any).await
    });
    if falls_asleep.await.is_err() {
        late.await.unwrap().unwrap();
        return false;
    }
    let before = runs(place, &target).await.unwrap();
    match other {
        Other::Appends => append(place, &target, "fast").await.unwrap(),
        Other::Replaces => publish(place, &target, "fast").await.unwrap(),
    };
    wake.send(()).unwrap();
    let late = late.await.unwrap();
    let found = runs(place, &target).await.unwrap();
    let was_decided = before.contains(&"late".to_owned());
    let expected = match (other, &late) {
        // Paused before it had begun, it is the next one.
        (Other::Appends, Ok(_)) if step == 0 => vec!["old", "fast", "late"],
        (Other::Replaces, Ok(_)) if step == 0 => vec!["fast", "late"],
        (Other::Appends, Ok(_)) if was_decided => vec!["old", "late", "fast"],
        (Other::Appends, Err(LakeError::Fenced { .. })) if !was_decided => vec!["old", "fast"],
        (Other::Replaces, Ok(_)) if was_decided => vec!["fast"],
        (Other::Replaces, Err(LakeError::Fenced { .. })) if !was_decided => vec!["fast"],
        _ => panic!("{other:?} at step {step}, decided: {was_decided}: {late:?}, {found:?}"),
    };
    assert_eq!(found, expected, "{other:?} at step {step}");
    append(place, &target, "next").await.unwrap();
    assert_tidy(place, &target).await;
    true
}

/// On a local directory alone: it is many runs, and the names do not depend on the backend.
#[tokio::test(flavor = "multi_thread")]
async fn the_newest_manifests_stay_and_name_every_part() {
    Place::local()
        .run(async |place: &Place| {
            let target = place.path("sqoop/sales");
            let beyond = 3;
            let expected: Vec<_> = (0..KEEP_MANIFESTS + beyond)
                .map(|run| format!("run{run:03}"))
                .collect();
            for run in &expected {
                append(place, &target, run).await.unwrap();
            }
            let names = place.names(&target).await;
            let manifests: BTreeSet<u64> = names
                .iter()
                .filter_map(|name| name.strip_prefix("_manifest-")?.parse().ok())
                .collect();
            let kept: BTreeSet<_> = (beyond + 1..=KEEP_MANIFESTS + beyond).collect();
            assert_eq!(manifests, kept);
            assert_eq!(runs(place, &target).await.unwrap(), expected);
        })
        .await;
}
