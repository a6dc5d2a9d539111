//! `--merge-key` and the tool `merge`: the newest version of each row, once.

use crate::world::{Kind, World, some};
use comptoir_batch::import::{Existing, ImportError, ImportRequest, IncrementalRequest};
use comptoir_batch::merge::MergeError;
use comptoir_lake::{LakeError, published};
use comptoir_model::file_format::{FileFormat, ParquetCodec, TextCompression};
use comptoir_model::incremental::IncrementalMode;

fn merging(world: &World, key: &str) -> ImportRequest {
    let mut request = world.request("t", 2);
    request.existing = Existing::MergeBy(key.to_owned());
    request.incremental = Some(IncrementalRequest {
        mode: IncrementalMode::LastModified,
        column: "changed".to_owned(),
        last_value: None,
    });
    request
}

const TABLE: &str =
    "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, note VARCHAR(50), changed DATETIME)";

/// Twelve rows of 2024-01, by day.
async fn twelve_rows(world: &World) {
    world.sql(TABLE).await;
    let rows: Vec<_> = (1..=12)
        .map(|id| format!("({id}, 'first', '2024-01-{id:02} 00:00:00')"))
        .collect();
    world
        .sql(&format!("INSERT INTO t VALUES {}", rows.join(",")))
        .await;
}

async fn notes(world: &World) -> Vec<(String, String)> {
    let rows = world.rows().await.into_iter();
    rows.map(|row| (row[0].clone().unwrap(), row[1].clone().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rows_take_the_places_of_their_old_versions() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            twelve_rows(world).await;
            let request = merging(world, "ID");
            assert_eq!(world.import(&request).await.unwrap().rows, 12);
            // Changed at times that the next run reads: from the last one's start on.
            let ago = "NOW() - INTERVAL 1 SECOND";
            world
                .sql(&format!(
                    "UPDATE t SET note = 'second', changed = {ago} WHERE id IN (2, 10)"
                ))
                .await;
            world
                .sql(&format!("INSERT INTO t VALUES (13, 'new', {ago})"))
                .await;
            let mut given = request.clone();
            given.incremental.as_mut().unwrap().last_value = Some("2024-02-01 00:00:00".to_owned());
            assert_eq!(world.import(&given).await.unwrap().rows, 3);
            let notes = notes(world).await;
            let ids: Vec<u32> = notes.iter().map(|(id, _)| id.parse().unwrap()).collect();
            assert_eq!(ids, (1..=13).collect::<Vec<_>>(), "sorted as numbers");
            let changed: Vec<_> = notes.iter().filter(|(_, note)| note == "second").collect();
            assert_eq!(changed.len(), 2);
            let run = published::open(&world.lake, &world.target)
                .await
                .unwrap()
                .unwrap();
            let report = comptoir_batch::verify::verify(&run, String::new())
                .await
                .unwrap();
            assert!(report.is_right(), "{report}");
            assert_eq!(run.manifest().parts[0].name, "part-r-00000");
            // And it goes on from there, also where there is nothing new.
            assert_eq!(world.import(&given).await.unwrap().rows, 3);
            assert_eq!(world.rows().await.len(), 13);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_merged_is_refused_and_nothing_changes() {
    World::with(Kind::MariaDb, async |world: &World| {
        twelve_rows(world).await;
        world.import(&merging(world, "id")).await.unwrap();
        world
            .sql("UPDATE t SET note = 'second', changed = '2024-03-01 00:00:00'")
            .await;
        let mut request = merging(world, "id");
        request.incremental.as_mut().unwrap().last_value = Some("2024-02-01 00:00:00".to_owned());
        let mut unknown = request.clone();
        unknown.existing = Existing::MergeBy("nobody".to_owned());
        let mut parquet = request.clone();
        parquet.files = FileFormat::Parquet {
            codec: ParquetCodec::default(),
        };
        let mut other = request.clone();
        other.format.field = b'|';
        let mut compressed = request.clone();
        compressed.files = FileFormat::Text {
            compression: TextCompression::Gzip,
        };
        for (request, part) in [
            (unknown, "no column `nobody` to merge by"),
            (parquet, "can't be merged in `*.parquet` files"),
            (other, "the columns, the delimiters or the files"),
            (compressed, "the columns, the delimiters or the files"),
        ] {
            let error = world.import(&request).await.unwrap_err();
            assert!(matches!(error, ImportError::Merge(_)), "{error}");
            let error = error.to_string();
            assert!(error.contains(part) && error.contains("hint: "), "{error}");
        }
        assert!(notes(world).await.iter().all(|(_, note)| note == "first"));
        world
            .sql("ALTER TABLE t DROP PRIMARY KEY, MODIFY id INT NULL")
            .await;
        world.sql("UPDATE t SET id = NULL WHERE id = 3").await;
        request.split.column = Some("id".to_owned());
        let error = world.import(&request).await.unwrap_err().to_string();
        assert!(error.contains("NULL in the merge key"), "{error}");
        assert_eq!(world.rows().await.len(), 12);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_merges_two_imports_into_a_third() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.numbered_table(12).await;
        let mut request = world.request("t", 2);
        request.target = world.root.join("old").unwrap();
        request.files = FileFormat::Text {
            compression: TextCompression::Zstd,
        };
        world.import(&request).await.unwrap();
        world
            .sql("DELETE FROM t WHERE id < 12; UPDATE t SET note = 'newer'")
            .await;
        world.sql("INSERT INTO t VALUES (100, 'hundred')").await;
        request.target = world.root.join("new").unwrap();
        world.import(&request).await.unwrap();
        let [old, new] = ["old", "new"].map(|name| format!("{}/{name}", world.root));
        let lake = format!("--lake={}", world.lake_url);
        let merge = |target: &str| {
            let line = [
                "merge",
                "--new-data",
                &new,
                "--onto",
                &old,
                "--target-dir",
                target,
                "--merge-key",
                "id",
                "--jar-file",
                "t.jar",
                "--class-name",
                "t",
                &lake,
            ];
            world.program(&line).output().unwrap()
        };
        let output = merge(world.target.as_str());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            said.starts_with("merged 12 and 2 rows into 13 in "),
            "{said}"
        );
        let run = published::open(&world.lake, &world.target)
            .await
            .unwrap()
            .unwrap();
        let report = comptoir_batch::verify::verify(&run, String::new())
            .await
            .unwrap();
        assert!(report.is_right(), "{report}");
        let bytes = run.read_part(0).await.unwrap();
        let text = zstd::decode_all(&bytes[..]).unwrap();
        let lines: Vec<_> = std::str::from_utf8(&text).unwrap().lines().collect();
        assert_eq!(lines[11..], ["12,newer", "100,hundred"]);
        let output = merge(world.target.as_str());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains("exists already"),
            "{said}"
        );
        let output = merge(&old);
        assert!(!output.status.success());
    })
    .await;
}

/// Two crons at once: what the later one has merged was made from what the earlier one replaced.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_merges_at_once_none_loses_what_the_other_has_published() {
    World::with(Kind::MariaDb, async |world: &World| {
        twelve_rows(world).await;
        let request = merging(world, "id");
        world.import(&request).await.unwrap();
        world
            .sql("INSERT INTO t VALUES (13, 'new', NOW() - INTERVAL 1 SECOND)")
            .await;
        let mut given = request.clone();
        given.incremental.as_mut().unwrap().last_value = Some("2024-02-01 00:00:00".to_owned());
        let (one, other) = tokio::join!(world.import(&given), world.import(&given));
        let failures = [one, other].into_iter().filter_map(Result::err);
        for error in failures {
            let lake = match error {
                ImportError::Lake(error) | ImportError::Merge(MergeError::Lake(error)) => error,
                error => panic!("{error}"),
            };
            assert!(
                matches!(
                    lake,
                    LakeError::Fenced { .. }
                        | LakeError::NotFound { .. }
                        | LakeError::WriterClosed { .. }
                ),
                "{lake}"
            );
        }
        let rows = world.rows().await;
        assert_eq!(rows.len(), 13);
        assert_eq!(rows[12][..2], some(&["13", "new"]));
    })
    .await;
}
