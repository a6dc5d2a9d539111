//! `--append`: parts beside those that are there, all or none.

use crate::import_crash::{kill_after, kills};
use crate::world::{Kind, World, on_every_database, some};
use comptoir_batch::import::{Existing, IncrementalRequest, Selection};
use comptoir_batch::verify::{self, Report, SourceCheck};
use comptoir_config::clock;
use comptoir_lake::{Create, EntryKind, LakeError, published};
use comptoir_model::incremental::IncrementalMode;
use std::process::Stdio;

on_every_database! {
    parts_are_added_and_read_together
    a_killed_import_adds_all_its_rows_or_none
    several_runs_are_held_against_what_each_of_them_read
}

async fn parts_are_added_and_read_together(world: &World) {
    world.numbered_table(4).await;
    let mut request = world.request("t", 2);
    request.existing = Existing::Append;
    for _ in 0..2 {
        let report = world.import(&request).await.unwrap();
        assert_eq!((report.rows, report.parts), (4, 2));
    }
    let (manifest, parts) = world.published().await;
    let names: Vec<_> = manifest
        .parts
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "part-m-00000",
            "part-m-00001",
            "part-m-00002",
            "part-m-00003"
        ]
    );
    assert_eq!(manifest.rows(), 8);
    assert_eq!(parts[2], parts[0]);
    assert_eq!(parts[3][1], some(&["4", "row 4"]));
    // Who replaces it replaces everything.
    world.import(&world.request("t", 1)).await.unwrap();
    assert_eq!(world.rows().await.len(), 4);
}

/// What `verify --against-source` finds.
async fn against_source(world: &World) -> Report {
    let run = published::open(&world.lake, &world.target).await;
    let run = run.unwrap().unwrap();
    let mut report = verify::verify(&run, String::new()).await.unwrap();
    let mut database = world.writer().await;
    let checked = verify::check_source(&mut database, run.manifest(), &mut report).await;
    checked.unwrap();
    database.close().await;
    report
}

async fn several_runs_are_held_against_what_each_of_them_read(world: &World) {
    world.numbered_table(6).await;
    let mut request = world.request("t", 1);
    request.existing = Existing::Append;
    for condition in ["id <= 2", "id = 3", "id BETWEEN 3 AND 6"] {
        request.selection = Selection::Table {
            name: "t".to_owned(),
            columns: None,
            filter: Some(condition.to_owned()),
        };
        world.import(&request).await.unwrap();
    }
    // And the rows of one job, run by run.
    request.selection = world.request("t", 1).selection;
    request.incremental = Some(IncrementalRequest {
        mode: IncrementalMode::Append,
        column: "id".to_owned(),
        last_value: Some("0".to_owned()),
    });
    world.import(&request).await.unwrap();
    world.sql("INSERT INTO t VALUES (7, 'seven')").await;
    request.incremental.as_mut().unwrap().last_value = None;
    world.import(&request).await.unwrap();
    let report = against_source(world).await;
    assert!(report.is_right(), "{report}");
    // Two, one and four; and the seven of the job.
    assert_eq!(
        (report.rows, report.source),
        (14, Some(SourceCheck::Checksum))
    );
    world.sql("UPDATE t SET note = 'other' WHERE id = 1").await;
    let report = against_source(world).await;
    assert!(!report.is_right(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sqoop_left_is_kept_and_said_to_be_unknown() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(3).await;
        let foreign = world.target.join("part-m-00004").unwrap();
        let mut writer = (world.lake.create(&foreign, Create::Exclusive).await).unwrap();
        writer.write("1,by sqoop\n".into()).await.unwrap();
        writer.close().await.unwrap();
        let mut request = world.request("t", 1);
        request.existing = Existing::Append;
        world.import(&request).await.unwrap();
        let run = published::open(&world.lake, &world.target)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(run.manifest().parts[0].name, "part-m-00005");
        let error = run.read_rows(0).await.unwrap_err();
        assert!(matches!(error, LakeError::OtherParts { .. }), "{error}");
        let report = async || verify::verify(&run, String::new()).await.unwrap();
        let right = report().await.to_string();
        assert!(
            right.contains("of 1 more, which the manifest does not describe"),
            "{right}"
        );
        let mut writer = (world.lake.create(&foreign, Create::Overwrite).await).unwrap();
        writer.write("2,by sqoop\n".into()).await.unwrap();
        writer.close().await.unwrap();
        let wrong = report().await.to_string();
        assert!(wrong.contains("part-m-00004 has the SHA-256"), "{wrong}");
    })
    .await;
}

const ROWS: u32 = 1_000;

async fn a_killed_import_adds_all_its_rows_or_none(world: &World) {
    world.numbered_table(ROWS).await;
    let started = clock::instant();
    assert!(import(world).status().unwrap().success());
    let whole = started.elapsed();
    let mut imports = 1;
    for _ in 0..kills() {
        let delay = whole.mul_f64(f64::from(clock::random_u32()) / f64::from(u32::MAX));
        kill_after(import(world), delay);
        let rows = world.rows().await.len();
        let found = rows / ROWS as usize;
        assert_eq!(rows, found * ROWS as usize, "a part of an import");
        assert!(
            (imports..=imports + 1).contains(&found),
            "{found} imports after {imports}, killed after {delay:?} of {whole:?}"
        );
        imports = found;
    }
    assert!(import(world).status().unwrap().success());
    assert_eq!(world.rows().await.len(), (imports + 1) * ROWS as usize);
    let beside = world.root.join(".comptoir").unwrap().join("sales").unwrap();
    for directory in [&world.target, &beside] {
        for entry in world.lake.list(directory).await.unwrap() {
            let name = entry.name().to_owned();
            let kept = ["_manifest-", "part-m-", "lock"]
                .iter()
                .any(|kept| name.starts_with(kept));
            assert!(kept && entry.kind == EntryKind::File, "{name} is left");
        }
    }
}

fn import(world: &World) -> std::process::Command {
    let flags = world.flags();
    let mut arguments = vec!["import", "--table", "t", "-m", "4", "--append"];
    arguments.extend(flags.iter().map(String::as_str));
    let mut command = world.program(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}
