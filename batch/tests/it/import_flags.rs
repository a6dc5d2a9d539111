//! Command lines as they stand in crontabs, and what is wrong with some of them.

use crate::world::{Kind, World, some};
use comptoir_batch::import::{MaxRate, SplitMethod, Validation};
use comptoir_config::clock;
use comptoir_lake::published;
use std::num::NonZeroU64;
use std::process::Output;
use std::time::Duration;

/// Lines of Sqoop's users, unchanged but for the places and the program's name.
const CRONTAB: &[&str] = &[
    "sqoop import --connect '$JDBC?zeroDateTimeBehavior=convertToNull&useSSL=false' $LOGIN --table t --target-dir $DIR/1 --delete-target-dir -m 1",
    r"sqoop import --connect $JDBC $LOGIN --table t --fields-terminated-by '\t' --lines-terminated-by '\n' --null-string '\\N' --null-non-string '\\N' --target-dir $DIR/2 --num-mappers 4",
    "sqoop import -Dmapreduce.job.queuename=etl -Dorg.apache.sqoop.splitter.allow_text_splitter=true --connect $JDBC $LOGIN --table codes --split-by code --warehouse-dir $DIR/3 -m 2",
    r#"sqoop import --connect $JDBC $LOGIN --query "SELECT t.id, t.note FROM t WHERE t.id > 2 AND \$CONDITIONS" --split-by t.id --boundary-query "SELECT MIN(id), MAX(id) FROM t" --target-dir $DIR/4 -m 3"#,
    r#"sqoop import --connect $JDBC $LOGIN --table t --columns "id,note" --where "id > 10 OR note = 'row 1'" --direct --fetch-size 1000 --target-dir $DIR/5"#,
    "sqoop import --options-file $OPTIONS --target-dir $DIR/6",
    r#"sqoop import --connect $JDBC $LOGIN --table t --hive-drop-import-delims --map-column-java id=String --outdir /tmp/java --bindir /tmp/java --target-dir $DIR/7 --enclosed-by '\"' --escaped-by '\\'"#,
    "sqoop import-all-tables --connect $JDBC $LOGIN --exclude-tables codes --warehouse-dir $DIR/8 --autoreset-to-one-mapper",
    r#"sqoop eval --connect $JDBC $LOGIN --query "SELECT COUNT(*) FROM t""#,
    "sqoop list-tables --connect $JDBC $LOGIN",
    "sqoop import -connect $JDBC $LOGIN -table t -target-dir $DIR/11 --mysql-delimiters --validate --split-by id --split-limit 5",
    "sqoop import --connect $JDBC $LOGIN --table t --incremental append --check-column id --last-value 5 --target-dir $DIR/12 -m 2 --as-avrodatafile --compression-codec org.apache.hadoop.io.compress.SnappyCodec",
    "sqoop import --connect $JDBC $LOGIN --table t --where 'id <= 3' --as-parquetfile --append --target-dir $DIR/13 -m 1",
    "sqoop import --connect $JDBC $LOGIN --table t --where 'id > 18' --as-parquetfile --append --target-dir $DIR/13 -m 1",
    "sqoop job --create nightly -- import --connect $JDBC $LOGIN --table t --target-dir $DIR/14 --delete-target-dir -m 1",
    "sqoop job --exec nightly",
];

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_real_crontabs_run_unchanged() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(20).await;
        world
            .sql("CREATE TABLE codes (code VARCHAR(9)); INSERT INTO codes VALUES ('a'), ('b'), (NULL)")
            .await;
        let password_file = world.password_file.as_ref().unwrap().display().to_string();
        let jdbc = format!("jdbc:{}", world.source.url);
        let options = world.directory.path().join("options");
        let text = format!(
            "# nightly\n--connect\n{jdbc}\n--username\ncomptoir\n\n--password-file\n{password_file}\n--table\nt\n-m\n2\n"
        );
        std::fs::write(&options, text).unwrap();
        for line in CRONTAB {
            let line = line
                .replace("sqoop ", &format!("{} ", env!("CARGO_BIN_EXE_comptoir-batch")))
                .replace("$JDBC", &jdbc)
                .replace("$LOGIN", &format!("--username comptoir --password-file {password_file}"))
                .replace("$DIR", world.root.as_str())
                .replace("$OPTIONS", &options.display().to_string());
            let mut shell = std::process::Command::new("sh");
            // The environment is that of the program in a world of its own.
            for (name, value) in world.program(&[]).get_envs() {
                match value {
                    Some(value) => shell.env(name, value),
                    None => shell.env_remove(name),
                };
            }
            let shell = shell.args(["-c", &line]).env("COMPTOIR_LAKE_URL", &world.lake_url);
            let output = shell.current_dir(world.directory.path()).output().unwrap();
            assert!(output.status.success(), "{line}\n{}", text_of(&output.stderr));
        }
        let rows = |name: &str| {
            let target = world.root.join(name).unwrap();
            async move {
                let run = published::open(&world.lake, &target).await.unwrap().unwrap();
                run.manifest().rows()
            }
        };
        for (name, count) in [("1", 20), ("2", 20), ("4", 18), ("5", 11), ("6", 20), ("7", 20), ("11", 20), ("12", 15), ("13", 5), ("14", 20)] {
            assert_eq!(rows(name).await, count, "{name}");
        }
        let everything = world.root.join("8").unwrap();
        let tables = world.lake.list(&everything).await.unwrap();
        let names: Vec<_> = tables.iter().map(comptoir_lake::Entry::name).collect();
        assert_eq!(names, [".comptoir", "t"]);
    })
    .await;
}

fn import(world: &World, more: &[&str]) -> (i32, String) {
    let flags = world.flags();
    let mut arguments = vec!["import"];
    arguments.extend(flags.iter().map(String::as_str));
    arguments.extend(more);
    let Output { status, stderr, .. } = world.program(&arguments).output().unwrap();
    (status.code().unwrap(), text_of(&stderr))
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_with_a_hint_and_nothing_is_published() {
    for kind in [Kind::MariaDb, Kind::MySql] {
        World::with(kind, async |world: &World| {
            world.numbered_table(20).await;
            for (flags, exit, part) in [
                (
                    &["--table=t", "--columns=id,nope"][..],
                    1,
                    "no column `nope`",
                ),
                (&["--table=t", "--split-by=noet"], 1, "did you mean `note`"),
                (&["--table=t", "--where=nope = 1"], 1, "nope"),
                (
                    &["--table=t", "--map-column-java=note=Integer"],
                    1,
                    "can't be read as Integer",
                ),
                (
                    &["--table=t", "--map-column-java=nope=String"],
                    1,
                    "no column `nope`",
                ),
                (
                    &["--table=t", "--boundary-query=SELECT 'a', 'b'"],
                    1,
                    "the bound `a` is no integer",
                ),
                (
                    &["--query=SELECT nope FROM t WHERE $CONDITIONS", "-m1"],
                    1,
                    "nope",
                ),
                (
                    &["--table=t", "--as-sequencefile"],
                    2,
                    "--as-sequencefile can't be honoured",
                ),
                (
                    &["--table=t", "--sqoop-compat", "--as-sequencefile"],
                    1,
                    "--as-sequencefile",
                ),
                (&["--table=t", "--password-alias=x"], 2, "--password-file"),
            ] {
                let (code, stderr) = import(world, flags);
                assert_eq!(code, exit, "{flags:?}: {stderr}");
                assert!(stderr.contains(part), "{flags:?}: {stderr}");
                assert!(
                    world.lake.stat(&world.target).await.unwrap().is_none(),
                    "{flags:?}"
                );
            }
            let (code, stderr) = import(world, &["--table=t"]);
            assert_eq!(code, 0, "{stderr}");
            let (code, stderr) = import(world, &["--table=t"]);
            assert_eq!(code, 1, "{stderr}");
            assert!(
                stderr.contains("exists already") && stderr.contains("--delete-target-dir"),
                "{stderr}"
            );
            let (code, stderr) = import(world, &["--table=t", "--delete-target-dir"]);
            assert_eq!(code, 0, "{stderr}");
        })
        .await;
    }
}

/// The count takes the first hundred calls, the import what is left.
#[tokio::test(flavor = "multi_thread")]
async fn validation_publishes_nothing_that_the_server_counts_otherwise() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(100).await;
        let query = "--query=SELECT id FROM t WHERE (@calls := COALESCE(@calls, 0) + 1) <= 150 AND $CONDITIONS";
        let (code, stderr) = import(world, &[query, "-m1", "--validate"]);
        assert_eq!(code, 5, "{stderr}");
        assert!(stderr.contains("the server counts 100 rows, and "), "{stderr}");
        assert!(world.lake.stat(&world.target).await.unwrap().is_none());
        let (code, stderr) = import(world, &["--table=t", "--validate"]);
        assert_eq!(code, 0, "{stderr}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_and_many_columns_are_read() {
    for kind in [Kind::MariaDb, Kind::MySql, Kind::Sqlite] {
        World::with(kind, async |world: &World| {
            let many: Vec<_> = (0..998).map(|n| format!("c{n} INT")).collect();
            let many = many.join(", ");
            world
                .sql(&format!(
                    "CREATE TABLE t (`$CONDITIONS` INT PRIMARY KEY, `a b` INT, {many})"
                ))
                .await;
            world
                .sql("INSERT INTO t (`$CONDITIONS`, `a b`) VALUES (1, 2), (3, 4)")
                .await;
            assert_eq!(world.import(&world.request("t", 2)).await.unwrap().rows, 2);
            let rows = world.rows().await;
            assert_eq!(rows[0].len(), 1000);
            assert_eq!(rows[1][0].as_deref(), Some("3"));
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_quotes_and_spaces_are_names() {
    for kind in [Kind::MariaDb, Kind::MySql, Kind::Sqlite] {
        World::with(kind, async |world: &World| {
            let table = "it's \"a\" `t`";
            world
                .sql(
                    "CREATE TABLE `it's \"a\" ``t``` (`o'clock` INT PRIMARY KEY, `say \"hi\"` INT, `a ``b``` INT);
                     INSERT INTO `it's \"a\" ``t``` VALUES (1, 2, 3), (4, 5, 6), (7, 8, 9)",
                )
                .await;
            for method in [SplitMethod::Sqoop, SplitMethod::Balanced] {
                let mut request = world.request(table, 2);
                request.split.method = method;
                request.validation = Validation::ReadBack;
                assert_eq!(world.import(&request).await.unwrap().rows, 3);
                assert_eq!(world.rows().await[2], some(&["7", "8", "9"]));
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_and_never_said_again() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(3).await;
        let flags = world.flags().into_iter();
        let flags: Vec<_> = flags
            .filter(|flag| !flag.starts_with("--password"))
            .collect();
        let mut arguments = vec!["import", "--table=t", "--password=hunter2", "--verbose"];
        arguments.extend(flags.iter().map(String::as_str));
        let output = world.program(&arguments).output().unwrap();
        let said = format!("{}{}", text_of(&output.stdout), text_of(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("refuses user `comptoir`\nhint: check"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
        assert!(world.lake.stat(&world.target).await.unwrap().is_none());
    })
    .await;
}

/// It can't be faster than that; how slow it is says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn all_workers_together_keep_to_the_rate() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(1000).await;
        let rate = |amount| NonZeroU64::new(amount).unwrap();
        // A thousand rows of at least ten bytes, but for the burst that is free.
        for max_rate in [MaxRate::Rows(rate(400)), MaxRate::Bytes(rate(4000))] {
            let mut request = world.request("t", 4);
            request.max_rate = Some(max_rate);
            let start = clock::instant();
            assert_eq!(world.import(&request).await.unwrap().rows, 1000);
            assert!(start.elapsed() >= Duration::from_millis(2250), "{max_rate}");
        }
        let (code, stderr) = import(world, &["--table=t", "--max-rate=20"]);
        assert_eq!(code, 2, "{stderr}");
        assert!(
            stderr.contains("20MB/s") && stderr.contains("5000rows/s"),
            "{stderr}"
        );
    })
    .await;
}

/// `SQLite` keeps any bytes as text.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_arrive_as_they_are() {
    World::with(Kind::Sqlite, async |world: &World| {
        world
            .sql("CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO t VALUES (1, CAST(x'66ff' AS TEXT))")
            .await;
        world.import(&world.request("t", 1)).await.unwrap();
        let run = published::open(&world.lake, &world.target).await.unwrap().unwrap();
        assert_eq!(run.read_part(0).await.unwrap(), &b"1,f\xff\n"[..]);
    })
    .await;
}
