//! Every format of the parts: written, read back by other readers, held against the source.

use crate::world::{Kind, World, on_every_database};
use comptoir_batch::encode::{Conversion, OnLossy, SqoopDecimals, TypeMapping};
use comptoir_batch::import::{ImportError, ImportRequest, Selection, Validation};
use comptoir_batch::verify::{self, Difference, DriftPolicy, Report, SourceCheck};
use comptoir_config::clock;
use comptoir_lake::publish::Publication;
use comptoir_lake::{LakeError, Recursive, published};
use comptoir_model::file_format::{AvroCodec, FileFormat, ParquetCodec, TextCompression};
use comptoir_model::ids::RunId;

const FORMATS: [FileFormat; 9] = [
    FileFormat::Text {
        compression: TextCompression::None,
    },
    FileFormat::Text {
        compression: TextCompression::Gzip,
    },
    FileFormat::Text {
        compression: TextCompression::Bzip2,
    },
    FileFormat::Text {
        compression: TextCompression::Zstd,
    },
    FileFormat::Text {
        compression: TextCompression::Snappy,
    },
    FileFormat::Avro {
        codec: AvroCodec::Null,
    },
    FileFormat::Avro {
        codec: AvroCodec::Snappy,
    },
    FileFormat::Parquet {
        codec: ParquetCodec::Zstd,
    },
    FileFormat::Parquet {
        codec: ParquetCodec::Snappy,
    },
];

const PARQUET: FileFormat = FORMATS[7];

/// Each type of the servers, at its ends and in between; a table without NULL in its key.
const TYPES: &str = "CREATE TABLE t (
    id INT NOT NULL PRIMARY KEY, c_tiny TINYINT, c_bool TINYINT(1), c_small SMALLINT UNSIGNED,
    c_zero INT(8) UNSIGNED ZEROFILL, c_big BIGINT, c_ubig BIGINT UNSIGNED, c_dec65 DECIMAL(65,30),
    c_dec10 DECIMAL(10,2), c_float FLOAT, c_double DOUBLE, c_bit1 BIT(1), c_bit64 BIT(64),
    c_char CHAR(10), c_text TEXT, c_blob BLOB, c_date DATE, c_datetime DATETIME(6),
    c_stamp TIMESTAMP NULL, c_time TIME(6), c_year YEAR, c_enum ENUM('small','with,comma'),
    c_json JSON)";

const VALUES: &str = r#"INSERT INTO t VALUES
    (1, -128, -2, 65535, 7, -9223372036854775808, 18446744073709551615,
     -99999999999999999999999999999999999.999999999999999999999999999999, -0.50, 1e-10, 1e23,
     b'1', b'1111111111111111111111111111111111111111111111111111111111111111', 'abc',
     'a,b\\c\n"q" 🚲', x'0001feff', '0001-01-01', '9999-12-31 23:59:59.999999',
     '2038-01-19 03:14:07', '23:59:59.999999', 1901, 'with,comma', '{"k": [1, null]}'),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, b'0', b'0', '', '', '', '1582-10-10',
     '1000-01-01 00:00:00.5', '1970-01-02 00:00:01', '00:00:00', 2155, 'small', '[]')"#;

/// What `SQLite` has of them.
const SQLITE: &str = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, c_text TEXT, c_real REAL,
     c_blob BLOB, c_when DATETIME, c_price DECIMAL(10,2), c_yes BOOLEAN);
     INSERT INTO t VALUES (1, 'a,b', 0.1, x'00ff', '2003-02-24 12:34:56', 9.5, 1),
     (2, NULL, NULL, NULL, NULL, NULL, NULL), (3, '', -1e300, x'', '1970-01-01 00:00:00', 10, 0)";

async fn tables(world: &World) {
    if world.kind == Kind::Sqlite {
        world.sql(SQLITE).await;
    } else {
        world.sql(TYPES).await;
        world.sql(VALUES).await;
    }
}

fn request(world: &World, files: FileFormat) -> ImportRequest {
    ImportRequest {
        files,
        ..world.request("t", 2)
    }
}

/// What `verify --against-source` finds.
async fn verified(world: &World) -> Report {
    let run = published::open(&world.lake, &world.target).await;
    let run = run.unwrap().expect("a published run");
    let location = world.lake.url_of(&world.target);
    let mut report = verify::verify(&run, location).await.unwrap();
    let mut database = world.writer().await;
    let checked = verify::check_source(&mut database, run.manifest(), &mut report).await;
    checked.unwrap();
    database.close().await;
    report
}

async fn every_format_holds_what_the_source_holds(world: &World) {
    tables(world).await;
    let mut checksums = Vec::new();
    for files in FORMATS {
        world.import(&request(world, files)).await.unwrap();
        let report = verified(world).await;
        assert!(report.is_right(), "{files:?}: {report}");
        assert_eq!(report.source, Some(SourceCheck::Checksum), "{files:?}");
        assert_eq!(report.rows, 3);
        let run = published::open(&world.lake, &world.target).await.unwrap();
        let run = run.expect("a published run");
        let names = run.manifest().parts.iter().map(|part| part.name.clone());
        for name in names {
            assert!(name.ends_with(files.extension()), "{name}");
        }
        checksums.push(run.manifest().checksum());
    }
    // Whatever the compression, the rows are the same.
    assert!(checksums[..5].iter().all(|one| *one == checksums[0]));
    assert!(checksums[5..].iter().all(|one| *one == checksums[5]));
}

async fn some_rows_are_verified_against_the_same_rows(world: &World) {
    tables(world).await;
    let selections = [
        Selection::Table {
            name: "t".to_owned(),
            columns: Some(vec!["c_text".to_owned(), "id".to_owned()]),
            filter: Some("id = 1 OR id = 3".to_owned()),
        },
        Selection::Query("SELECT id, c_text FROM t WHERE id > 1 AND $CONDITIONS;".to_owned()),
    ];
    for (round, selection) in selections.into_iter().enumerate() {
        let mut request = request(world, PARQUET);
        request.split.column = Some("id".to_owned());
        request.selection = selection;
        assert_eq!(world.import(&request).await.unwrap().rows, 2);
        let report = verified(world).await;
        assert!(report.is_right(), "{:?}: {report}", request.selection);
        assert_eq!(report.source, Some(SourceCheck::Checksum));
        let alter = format!("UPDATE t SET c_text = 'altered {round}' WHERE id = 3");
        world.sql(&alter).await;
        assert!(!verified(world).await.is_right(), "{:?}", request.selection);
    }
}

async fn the_types_of_sqoop_are_verified_as_well(world: &World) {
    tables(world).await;
    if world.kind != Kind::Sqlite {
        // Java has no long for it.
        world.sql("UPDATE t SET c_ubig = 7").await;
    }
    for decimals in [SqoopDecimals::Text, SqoopDecimals::Logical] {
        for files in &FORMATS[5..] {
            let conversion = Conversion {
                mapping: TypeMapping::Sqoop { decimals },
                on_lossy: OnLossy::Refuse,
            };
            let request = ImportRequest {
                conversion,
                ..request(world, *files)
            };
            world.import(&request).await.unwrap();
            let report = verified(world).await;
            assert!(report.is_right(), "{files:?}: {report}");
            assert_eq!(report.source, Some(SourceCheck::Checksum));
        }
    }
}

async fn a_row_that_changed_in_the_source_is_a_difference(world: &World) {
    tables(world).await;
    world.import(&request(world, PARQUET)).await.unwrap();
    world
        .sql("UPDATE t SET c_text = 'other' WHERE id = 3")
        .await;
    let report = verified(world).await;
    let said = report.to_string();
    assert!(said.contains("as many rows with other values"), "{said}");
    world.sql("DELETE FROM t WHERE id = 2").await;
    let said = verified(world).await.to_string();
    assert!(
        said.contains("the source has 2 rows, the import 3"),
        "{said}"
    );
    world.sql("ALTER TABLE t DROP COLUMN c_text").await;
    let said = verified(world).await.to_string();
    assert!(said.contains("removed `c_text`"), "{said}");
}

async fn validation_reads_every_format_back(world: &World) {
    tables(world).await;
    for files in FORMATS {
        let request = ImportRequest {
            validation: Validation::ReadBack,
            ..request(world, files)
        };
        let report = world.import(&request).await.unwrap();
        assert_eq!(report.rows, 3, "{files:?}");
    }
}

async fn other_columns_than_the_last_run_had_are_refused_or_added(world: &World) {
    tables(world).await;
    let with = |schema_drift| ImportRequest {
        schema_drift,
        ..request(world, PARQUET)
    };
    world.import(&with(DriftPolicy::Fail)).await.unwrap();
    world.sql("ALTER TABLE t ADD COLUMN note VARCHAR(50)").await;
    let error = world.import(&with(DriftPolicy::Fail)).await.unwrap_err();
    assert!(matches!(error, ImportError::SchemaDrift(_)), "{error}");
    let said = error.to_string();
    assert!(
        said.to_lowercase().contains("added `note` varchar(50)"),
        "{said}"
    );
    world.import(&with(DriftPolicy::Add)).await.unwrap();
    world.sql("ALTER TABLE t DROP COLUMN note").await;
    let error = world.import(&with(DriftPolicy::Add)).await.unwrap_err();
    assert!(error.to_string().contains("removed `note`"), "{error}");
    world.import(&with(DriftPolicy::Ignore)).await.unwrap();
}

on_every_database! {
    every_format_holds_what_the_source_holds
    some_rows_are_verified_against_the_same_rows
    validation_reads_every_format_back
    other_columns_than_the_last_run_had_are_refused_or_added
    the_types_of_sqoop_are_verified_as_well
    a_row_that_changed_in_the_source_is_a_difference
}

/// Flags that lead the program to a format.
fn with<'a>(flags: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    let mut line = vec!["import", "--table", "t", "-m", "1", "--delete-target-dir"];
    line.extend(flags.iter().map(String::as_str));
    line.extend(more);
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_parquet_cannot_hold_is_refused_kept_or_counted() {
    World::with(Kind::MariaDb, async |world| {
        world
            .sql("CREATE TABLE t (id INT PRIMARY KEY, d DATE); INSERT INTO t VALUES (1, '2024-05-06')")
            .await;
        world
            .sql("SET sql_mode = ''; INSERT INTO t VALUES (2, '0000-00-00')")
            .await;
        let flags = world.flags();
        let refused = world.program(&with(&flags, &["--as-parquetfile"])).output();
        let refused = refused.unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(
            said.contains("`0000-00-00` of the column `d` (date)") && said.contains("--on-lossy"),
            "{said}"
        );
        assert!(published::open(&world.lake, &world.target).await.unwrap().is_none());

        for (what, nulls, source) in [
            ("text", 0, SourceCheck::Checksum),
            (
                "null",
                1,
                SourceCheck::Count {
                    reason: "1 values became NULL".to_owned(),
                },
            ),
        ] {
            let line = with(&flags, &["--as-parquetfile", "--on-lossy", what]);
            let imported = world.program(&line).output().unwrap();
            let said = String::from_utf8_lossy(&imported.stderr).into_owned();
            assert!(imported.status.success(), "{said}");
            let run = published::open(&world.lake, &world.target).await.unwrap();
            assert_eq!(run.expect("a published run").manifest().lossy_nulls, nulls);
            let report = verified(world).await;
            assert!(report.is_right(), "{report}");
            assert_eq!(report.source, Some(source));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_what_was_altered_and_exits_with_5() {
    World::with(Kind::Sqlite, async |world| {
        tables(world).await;
        let flags = world.flags();
        let verify = |more: &[&str]| {
            let mut line = vec!["verify".to_owned(), world.target.to_string()];
            let flags = flags
                .iter()
                .filter(|flag| !flag.starts_with("--target-dir"));
            line.extend(flags.cloned());
            line.extend(more.iter().map(|flag| (*flag).to_owned()));
            let line: Vec<_> = line.iter().map(String::as_str).collect();
            let done = world.program(&line).output().unwrap();
            let said = [done.stdout, done.stderr].concat();
            (
                done.status.code(),
                String::from_utf8_lossy(&said).into_owned(),
            )
        };
        for files in FORMATS {
            world.import(&request(world, files)).await.unwrap();
            let (code, said) = verify(&["--against-source"]);
            assert_eq!(code, Some(0), "{said}");
            assert!(
                said.contains("the source has the same rows and checksum"),
                "{said}"
            );

            let name = format!("part-m-00000{}", files.extension());
            let part = world.directory.path().join("lake");
            let part = part
                .join(world.target.as_str().trim_start_matches('/'))
                .join(&name);
            let mut bytes = std::fs::read(&part).unwrap();
            let last = bytes.len() / 2;
            bytes[last] ^= 1;
            std::fs::write(&part, &bytes).unwrap();
            let (code, said) = verify(&[]);
            assert_eq!(code, Some(5), "{said}");
            assert!(said.contains(&format!("{name} has the SHA-256")), "{said}");

            bytes.pop();
            std::fs::write(&part, &bytes).unwrap();
            let (code, said) = verify(&[]);
            assert_eq!(code, Some(5), "{said}");
            assert!(said.contains(&name) && said.contains("bytes"), "{said}");
        }
        world
            .lake
            .delete(&world.target, Recursive::Yes)
            .await
            .unwrap();
        let (code, said) = verify(&[]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("holds no import"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_plain_text_refuses_other_files() {
    World::with(Kind::Sqlite, async |world| {
        tables(world).await;
        for files in &FORMATS[1..] {
            world.import(&request(world, *files)).await.unwrap();
            let run = published::open(&world.lake, &world.target).await.unwrap();
            let error = run
                .expect("a published run")
                .read_rows(0)
                .await
                .unwrap_err();
            assert!(matches!(error, LakeError::NotText { .. }), "{error}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_otherwise_than_said_is_found_before_it_is_published() {
    World::with(Kind::Sqlite, async |world| {
        tables(world).await;
        world.import(&request(world, FORMATS[0])).await.unwrap();
        let run = published::open(&world.lake, &world.target).await.unwrap();
        let manifest = run.expect("a published run").manifest().clone();
        let id = RunId::new(clock::now(), clock::random_u32());
        let publication = Publication::begin(&world.lake, &world.target, id)
            .await
            .unwrap();
        for part in &manifest.parts {
            let mut writer = publication.create_part(&part.name).await.unwrap();
            writer
                .write("9,x,1,,2003-02-24 00:00:00.0,1.00,true\n".into())
                .await
                .unwrap();
            writer.close().await.unwrap();
        }
        let differences = verify::verify_written(&publication, &manifest)
            .await
            .unwrap();
        let is_of_rows = |difference: &Difference| {
            matches!(
                difference,
                Difference::Checksum { .. } | Difference::Rows { .. }
            )
        };
        assert!(differences.iter().any(is_of_rows), "{differences:?}");
        publication.abandon().await.unwrap();
    })
    .await;
}
