//! Reading what was published.

use crate::place::{Place, on_both};
use crate::publication::{NOW, publish};
use comptoir_lake::publish::Publication;
use comptoir_lake::{LakeError, LakePath, Result, published};
use comptoir_model::api::PartInfo;
use comptoir_model::file_format::FileFormat;
use comptoir_model::ids::RunId;
use comptoir_model::manifest::{
    Appended, Column, MANIFEST_VERSION, Manifest, SourceInfo, SourceRows,
};
use comptoir_model::text_format::{ColumnKind, TextFormat};
use sha2::{Digest, Sha256};

on_both!(
    finds_nothing_where_nothing_was_published,
    reads_rows_checked_and_counted,
    keeps_reading_a_run_that_was_replaced,
    refuses_what_was_not_published_by_us,
    refuses_a_manifest_from_the_future,
    refuses_to_decode_ambiguous_rows_but_hands_out_the_bytes,
    names_the_part_that_was_changed,
    names_the_part_that_is_missing,
);

const ROWS: usize = 50;

/// The parts of a run, recognisably its own.
pub(crate) fn parts_of(run: &RunId) -> Vec<(String, String)> {
    (0..2)
        .map(|part| {
            let rows: Vec<_> = (0..ROWS)
                .map(|row| {
                    format!(
                        "{run},{part}-{row}
"
                    )
                })
                .collect();
            (format!("part-m-{part:05}"), rows.concat())
        })
        .collect()
}

pub(crate) fn manifest(run: &RunId) -> Manifest {
    let part = |(name, content): (String, String)| PartInfo {
        name,
        rows: ROWS as u64,
        bytes: content.len() as u64,
        sha256: hex::encode(Sha256::digest(content)),
        checksum: None,
    };
    let column = |name: &str| Column {
        name: name.to_owned(),
        sql_type: "varchar(50)".to_owned(),
        kind: ColumnKind::Text,
        canonical: None,
    };
    Manifest {
        version: MANIFEST_VERSION,
        run: run.clone(),
        source: SourceInfo {
            url: "sqlite:erp.db".to_owned(),
            table: "sales".to_owned(),
            rows: SourceRows::All,
            server: "SQLite 3".to_owned(),
        },
        imported_at: NOW,
        files: FileFormat::default(),
        format: TextFormat::sqoop_default(),
        columns: vec![column("run"), column("row")],
        parts: parts_of(run).into_iter().map(part).collect(),
        ambiguous_rows: 0,
        lossy_nulls: 0,
        snapshot: None,
        quarantine: Vec::new(),
        quality: Vec::new(),
        appended: Appended::default(),
        incremental: None,
        arguments: Vec::new(),
    }
}

/// The run a reader sees, all of its parts read and checked to be its own.
pub(crate) async fn read_run(place: &Place, target: &LakePath) -> Result<Option<String>> {
    let Some((run, parts)) = published::read_all(&place.lake, target).await? else {
        return Ok(None);
    };
    let id = &run.manifest().run;
    for ((name, expected), content) in parts_of(id).into_iter().zip(&parts) {
        assert_eq!(*content, expected, "{name} of {id}");
    }
    assert_eq!(parts.len(), parts_of(id).len());
    Ok(Some(id.to_string()))
}

pub(crate) async fn expect_run(place: &Place, target: &LakePath, expected: &str) {
    let run = read_run(place, target).await.unwrap();
    assert_eq!(run.as_deref(), Some(expected), "{target}");
}

async fn publish_changed(place: &Place, target: &LakePath, change: impl FnOnce(&mut Manifest)) {
    let run = RunId::parse("a").unwrap();
    let publication = Publication::begin(&place.lake, target, run.clone())
        .await
        .unwrap();
    for (name, content) in parts_of(&run) {
        let mut writer = publication.create_part(&name).await.unwrap();
        writer.write(content.into()).await.unwrap();
        writer.close().await.unwrap();
    }
    let mut manifest = manifest(&run);
    change(&mut manifest);
    publication.commit(&manifest, NOW).await.unwrap();
}

async fn finds_nothing_where_nothing_was_published(place: &Place) {
    let nothing = published::open(&place.lake, &place.path("a/sales"))
        .await
        .unwrap();
    assert!(nothing.is_none());
    assert!(
        published::open(&place.lake, &LakePath::root())
            .await
            .is_err()
    );
}

async fn reads_rows_checked_and_counted(place: &Place) {
    let target = place.path("sales");
    publish(place, &target, "a").await.unwrap();
    let run = published::open(&place.lake, &target)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(*run.location(), target);
    let rows = run.read_rows(1).await.unwrap();
    assert_eq!(rows.len(), ROWS);
    assert_eq!(rows[49], [Some(b"a".to_vec()), Some(b"1-49".to_vec())]);
    assert!(run.read_part(2).await.is_err());

    let miscounted = place.path("miscounted");
    publish_changed(place, &miscounted, |manifest| manifest.parts[0].rows += 1).await;
    let run = published::open(&place.lake, &miscounted)
        .await
        .unwrap()
        .unwrap();
    let error = run.read_rows(0).await.unwrap_err().to_string();
    assert!(error.contains("50 rows, its manifest says 51"), "{error}");
}

async fn keeps_reading_a_run_that_was_replaced(place: &Place) {
    let target = place.path("sales");
    publish(place, &target, "a").await.unwrap();
    let run = published::open(&place.lake, &target)
        .await
        .unwrap()
        .unwrap();
    assert!(run.still_current().await.unwrap());
    publish(place, &target, "b").await.unwrap();
    assert!(!run.still_current().await.unwrap());
    for (index, (_, expected)) in parts_of(&run.manifest().run).into_iter().enumerate() {
        assert_eq!(run.read_part(index).await.unwrap(), expected);
    }
}

async fn refuses_what_was_not_published_by_us(place: &Place) {
    place
        .write(&place.path("sales/part-m-00000"), "sqoop's")
        .await;
    let error = published::open(&place.lake, &place.path("sales"))
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::Unpublished { .. }));
    assert!(
        error.to_string().contains("not published by comptoir"),
        "{error}"
    );
}

async fn refuses_a_manifest_from_the_future(place: &Place) {
    let target = place.path("sales");
    publish(place, &target, "a").await.unwrap();
    let manifest = target.join("_manifest-2").unwrap();
    let version = MANIFEST_VERSION + 1;
    let text = format!(r#"{{"version": {version}, "rows": "elsewhere"}}"#);
    place.write(&manifest, &text).await;
    let error = published::open(&place.lake, &target).await.unwrap_err();
    assert!(matches!(error, LakeError::NewerManifest { .. }), "{error}");
    // It is replaced like anything else.
    publish(place, &target, "b").await.unwrap();
    expect_run(place, &target, "b").await;
}

async fn refuses_to_decode_ambiguous_rows_but_hands_out_the_bytes(place: &Place) {
    let target = place.path("sales");
    publish_changed(place, &target, |manifest| manifest.ambiguous_rows = 3).await;
    let run = published::open(&place.lake, &target)
        .await
        .unwrap()
        .unwrap();
    let error = run.read_rows(0).await.unwrap_err();
    assert!(matches!(error, LakeError::AmbiguousRows { rows: 3, .. }));
    assert!(error.to_string().contains(r"--escaped-by '\\'"), "{error}");
    assert!(!run.read_part(0).await.unwrap().is_empty());
}

async fn names_the_part_that_was_changed(place: &Place) {
    let target = place.path("sales");
    publish(place, &target, "a").await.unwrap();
    let part = target.join("part-m-00001").unwrap();
    let changed = String::from_utf8(place.lake.read(&part).await.unwrap().to_vec()).unwrap();
    place.write(&part, &changed.replacen('a', "b", 1)).await;
    let error = read_run(place, &target).await.unwrap_err();
    assert!(
        matches!(&error, LakeError::Corrupt { path, .. } if *path == part),
        "{error}"
    );

    place.write(&part, "short").await;
    let error = published::open(&place.lake, &target).await.unwrap_err();
    assert!(
        matches!(&error, LakeError::Corrupt { path, .. } if *path == part),
        "{error}"
    );
}

async fn names_the_part_that_is_missing(place: &Place) {
    let target = place.path("sales");
    publish(place, &target, "a").await.unwrap();
    let part = target.join("part-m-00000").unwrap();
    place
        .lake
        .delete(&part, comptoir_lake::Recursive::No)
        .await
        .unwrap();
    let error = published::open(&place.lake, &target).await.unwrap_err();
    assert!(
        matches!(&error, LakeError::Corrupt { path, .. } if *path == part),
        "{error}"
    );
}
