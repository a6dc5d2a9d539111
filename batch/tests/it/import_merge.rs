//! `--merge-key` and the tool `merge`: the newest version of each row, once.

use crate::world::{Kind, World, some};
use bytes::Bytes;
use comptoir_batch::import::{Existing, ImportError, ImportRequest, IncrementalRequest};
use comptoir_batch::merge::MergeError;
use comptoir_batch::quality::Rules;
use comptoir_lake::{LakeError, LakePath, published};
use comptoir_model::file_format::{AvroCodec, FileFormat, ParquetCodec, TextCompression};
use comptoir_model::incremental::IncrementalMode;
use comptoir_model::manifest::Manifest;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

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

/// Of every way in which values lie in such files.
const TYPES: &str = "CREATE TABLE t (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, flag BIT(1), small TINYINT, \
    price DECIMAL(9,2), sum DECIMAL(18,4), huge DECIMAL(40,10), ratio FLOAT, exact DOUBLE, day DATE, \
    hour TIME(3), changed DATETIME(6), note VARCHAR(50), raw VARBINARY(9))";

fn values(id: u64, note: &str, changed: &str) -> String {
    if id.is_multiple_of(5) {
        return format!(
            "({id}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, {changed}, NULL, NULL)"
        );
    }
    let sign = if id.is_multiple_of(2) { "-" } else { "" };
    format!(
        "({id}, b'{}', {sign}{}, {sign}{id}.07, {sign}{id}.5, {sign}12345678901234567890{id}.25, {sign}0.5, {id}.125, \
         '2024-02-29', '23:59:59.5', {changed}, '{note} é', x'00ff{:02x}')",
        id % 2,
        id % 100,
        id % 256
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_avro_and_parquet_files_are_merged_with_all_their_values() {
    let formats = [
        FileFormat::Avro {
            codec: AvroCodec::Deflate,
        },
        FileFormat::Parquet {
            codec: ParquetCodec::Zstd,
        },
    ];
    for files in formats {
        World::with(Kind::MariaDb, async |world: &World| {
            world.sql(TYPES).await;
            let rows = (1..=300).map(|id| values(id, "first", "'2024-01-01 00:00:00.25'"));
            let rows: Vec<_> = rows.collect();
            world
                .sql(&format!("INSERT INTO t VALUES {}", rows.join(",")))
                .await;
            let mut request = merging(world, "id");
            request.files = files;
            assert_eq!(world.import(&request).await.unwrap().rows, 300);
            let newest = u64::MAX;
            let now = "NOW(6) - INTERVAL 1 SECOND";
            let changed = [2, 10, 299, newest]
                .map(|id| values(id, "second", now))
                .join(",");
            world.sql(&format!("REPLACE INTO t VALUES {changed}")).await;
            request.incremental.as_mut().unwrap().last_value =
                Some("2024-02-01 00:00:00".to_owned());
            assert_eq!(world.import(&request).await.unwrap().rows, 4);
            let (merged, merged_file) = the_only_part(world, &world.target).await;
            assert_eq!(
                merged.parts[0].name,
                format!("part-r-00000{}", files.extension())
            );
            // Beside an import of the whole table: the same rows, and a file of the same schema.
            let mut whole = world.request("t", 1);
            whole.target = world.root.join("whole").unwrap();
            whole.files = files;
            world.import(&whole).await.unwrap();
            let (expected, expected_file) = the_only_part(world, &whole.target).await;
            assert_eq!(merged.rows(), 301);
            assert_eq!(merged.checksum(), expected.checksum());
            let (keys, schema) = keys_and_schema(files, merged_file);
            let sorted: Vec<_> = (1..=300).chain([newest]).map(|id| id.to_string()).collect();
            assert_eq!(keys, sorted, "as numbers");
            assert_eq!(schema, keys_and_schema(files, expected_file).1);
        })
        .await;
    }
}

/// Its manifest, after all of it was verified, and its bytes.
async fn the_only_part(world: &World, target: &LakePath) -> (Manifest, Bytes) {
    let run = published::open(&world.lake, target).await.unwrap().unwrap();
    let report = comptoir_batch::verify::verify(&run, String::new())
        .await
        .unwrap();
    assert!(report.is_right(), "{report}");
    assert_eq!(run.manifest().parts.len(), 1);
    (run.manifest().clone(), run.read_part(0).await.unwrap())
}

/// By readers that are not ours.
fn keys_and_schema(files: FileFormat, bytes: Bytes) -> (Vec<String>, String) {
    if let FileFormat::Parquet { .. } = files {
        let reader = SerializedFileReader::new(bytes).unwrap();
        let schema = format!("{:?}", reader.metadata().file_metadata().schema());
        let rows = reader.get_row_iter(None).unwrap();
        let keys = rows.map(|row| row.unwrap().get_ulong(0).unwrap().to_string());
        return (keys.collect(), schema);
    }
    let reader = apache_avro::Reader::new(&bytes[..]).unwrap();
    let schema = serde_json::to_string(reader.writer_schema()).unwrap();
    let key = |record| {
        let apache_avro::types::Value::Record(fields) = record else {
            panic!("no record");
        };
        let apache_avro::types::Value::Union(_, key) = &fields[0].1 else {
            panic!("no union");
        };
        let apache_avro::types::Value::Decimal(number) = &**key else {
            panic!("{key:?}");
        };
        num_bigint::BigInt::from(number.clone()).to_string()
    };
    (reader.map(|record| key(record.unwrap())).collect(), schema)
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
            (parquet, "the columns, the delimiters or the files"),
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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_goes_with_a_merge() {
    World::with(Kind::MariaDb, async |world: &World| {
        twelve_rows(world).await;
        world.sql("UPDATE t SET note = NULL WHERE id = 3").await;
        let mut request = merging(world, "id");
        let not_null =
            "[[rule]]\ntable = \"t\"\ncheck = \"not-null\"\ncolumn = \"note\"\naction = \"quarantine\"";
        request.quality = Rules::parse("quality.toml", not_null).unwrap();
        world.import(&request).await.unwrap();
        let ago = "NOW() - INTERVAL 1 SECOND";
        world
            .sql(&format!(
                "INSERT INTO t VALUES (13, NULL, {ago}), (14, 'new', {ago})"
            ))
            .await;
        request.incremental.as_mut().unwrap().last_value = Some("2024-02-01 00:00:00".to_owned());
        let report = world.import(&request).await.unwrap();
        assert_eq!((report.rows, report.quarantined_rows), (1, 1));
        assert_eq!(aside(world, &world.target).await, ["13", "3"]);

        let older = world.root.join("older").unwrap();
        let mut whole = request.clone();
        (whole.target, whole.existing, whole.incremental) =
            (older.clone(), Existing::Refuse, None);
        world.import(&whole).await.unwrap();
        let third = world.root.join("third").unwrap();
        let arguments = [
            format!("--new-data={}", world.target),
            format!("--onto={older}"),
            format!("--target-dir={third}"),
            format!("--lake={}", world.lake_url),
            "--merge-key=id".to_owned(),
        ];
        let output = world.program(&["merge"]).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        // Of the older one each of the two parts had one.
        assert_eq!(aside(world, &third).await, ["13", "3", "3", "13"]);
    })
    .await;
}

/// The keys of the rows that were set aside, of an import that has all it says it has.
async fn aside(world: &World, target: &LakePath) -> Vec<String> {
    let run = published::open(&world.lake, target).await.unwrap().unwrap();
    let report = comptoir_batch::verify::verify(&run, String::new()).await;
    let report = report.unwrap();
    assert!(report.is_right(), "{report}");
    let mut keys = Vec::new();
    for file in &run.manifest().quarantine {
        let mut reader = run.open_quarantine(file).await.unwrap();
        let chunk = reader.next_chunk().await.unwrap().unwrap();
        let text = std::str::from_utf8(&chunk).unwrap();
        let key = |line: &str| line.split(',').nth(1).unwrap().to_owned();
        keys.extend(text.lines().map(key));
    }
    keys
}
