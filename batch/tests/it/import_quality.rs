//! Quality rules while rows are imported: kept back, told, or nothing published.

use crate::world::{Kind, World, on_every_database};
use comptoir_batch::cli::Exit;
use comptoir_batch::import::{
    Existing, ImportError, ImportRequest, IncrementalRequest, Validation,
};
use comptoir_batch::quality::Rules;
use comptoir_batch::verify::{SourceCheck, check_source, verify};
use comptoir_lake::published;
use comptoir_model::file_format::{FileFormat, ParquetCodec};
use comptoir_model::incremental::IncrementalMode;
use comptoir_model::manifest::Manifest;
use comptoir_model::quality::RuleResult;
use comptoir_model::text_format::{ColumnKind, TextFormat};

on_every_database! {
    a_row_that_breaks_a_rule_is_set_aside_and_can_be_read
    a_rule_that_fails_publishes_nothing
    of_added_rows_each_run_is_held_against_the_rules
    of_added_rows_each_run_sets_its_own_aside
}

/// Five orders, each with something wrong but the first.
const ORDERS: &str = "\
    CREATE TABLE customers (id INT PRIMARY KEY);
    INSERT INTO customers VALUES (1), (2);
    CREATE TABLE orders (id INT PRIMARY KEY, number INT, price DECIMAL(10,2), size VARCHAR(20), customer INT, day DATE);
    INSERT INTO orders VALUES
        (1, 10, 5.00, 'Small', 1, '2003-01-06'),
        (2, NULL, 5.00, 'Small', 1, '2003-01-06'),
        (3, 11, -0.01, 'Small', 1, '2003-01-06'),
        (4, 12, 5.00, 'a, b\\\\c', 1, '2003-01-06'),
        (5, 13, 5.00, 'Small', 3, '2003-01-06')";

/// One for each kind of rule over single rows, in the order of the rows that break them.
const CHECKS: [&str; 4] = [
    "check = \"not-null\"\ncolumn = \"number\"",
    "check = \"range\"\ncolumn = \"price\"\nmin = 0",
    "check = \"set\"\ncolumn = \"size\"\nvalues = [\"Small\", \"Large\"]",
    "check = \"reference\"\ncolumn = \"customer\"\nreferences = \"customers.id\"",
];

fn rule(lines: &str, action: &str) -> String {
    format!("[[rule]]\ntable = \"orders\"\n{lines}\naction = \"{action}\"\n")
}

fn with_rules(world: &World, mappers: u32, text: &str) -> ImportRequest {
    let mut request = world.request("orders", mappers);
    let rules = Rules::parse("quality.toml", text).unwrap();
    request.quality = rules.for_import_of("orders").unwrap();
    request
}

/// The fields of all rows that were set aside.
async fn set_aside(world: &World, manifest: &Manifest) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    for file in &manifest.quarantine {
        let path = world.target.join(&file.name).unwrap();
        let bytes = world.lake.read(&path).await.unwrap();
        let kinds = vec![ColumnKind::Text; 1 + manifest.columns.len()];
        for row in TextFormat::lossless().decode(&bytes, &kinds) {
            let text = |value: Option<Vec<u8>>| value.map(|text| String::from_utf8(text).unwrap());
            rows.push(row.unwrap().into_iter().map(text).collect());
        }
    }
    rows
}

async fn ids(world: &World) -> Vec<String> {
    let rows = world.rows().await.into_iter();
    let mut ids: Vec<_> = rows.map(|row| row[0].clone().unwrap()).collect();
    ids.sort();
    ids
}

async fn a_row_that_breaks_a_rule_is_set_aside_and_can_be_read(world: &World) {
    world
        .sql(&ORDERS.replace(
            "\\\\",
            if world.kind == Kind::Sqlite {
                "\\"
            } else {
                "\\\\"
            },
        ))
        .await;
    let rules: String = CHECKS.map(|check| rule(check, "quarantine")).concat();
    let mut request = with_rules(world, 3, &rules);
    request.validation = Validation::ReadBack;
    let report = world.import(&request).await.unwrap();
    assert_eq!((report.rows, report.quarantined_rows), (1, 4));
    assert!(report.to_string().ends_with("; 4 set aside"), "{report}");
    assert_eq!(report.broken_rules.len(), 4);
    assert_eq!(ids(world).await, ["1"]);

    let (manifest, _) = world.published().await;
    assert_eq!(manifest.quarantined_rows(), 4);
    let mut rows = set_aside(world, &manifest).await;
    rows.sort_by(|one, other| one[1].cmp(&other[1]));
    let names: Vec<_> = rows.iter().map(|row| row[0].clone().unwrap()).collect();
    assert_eq!(
        names,
        [
            "number is not null",
            "price is at least 0",
            "size is one of Small, Large",
            "customer is in customers.id"
        ]
    );
    assert_eq!(rows[0][2], None);
    assert_eq!(rows[2][4].as_deref(), Some("a, b\\c"));
    let told: Vec<_> = manifest.quality.iter().map(ToString::to_string).collect();
    assert_eq!(
        told[1],
        "`price is at least 0` (column `price`): 1 row breaks it: -0.01 (id=3)"
    );
}

async fn a_rule_that_fails_publishes_nothing(world: &World) {
    world.sql(ORDERS).await;
    for (check, example) in CHECKS
        .iter()
        .zip(["NULL (id=2)", "-0.01 (id=3)", "a, b\\", "3 (id=5)"])
    {
        let request = with_rules(world, 2, &rule(check, "fail"));
        let error = world.import(&request).await.unwrap_err();
        assert!(matches!(error, ImportError::Quality(_)), "{error}");
        assert_eq!(error.exit(), Exit::Invalid);
        let said = error.to_string();
        assert!(
            said.contains(&format!("1 row breaks it: {example}")) && said.contains("\nhint: "),
            "{said}"
        );
        assert!(world.lake.stat(&world.target).await.unwrap().is_none());
    }
    world.import(&world.request("orders", 2)).await.unwrap();
    let request = with_rules(world, 2, &rule(CHECKS[0], "fail"));
    world.import(&request).await.unwrap_err();
    assert_eq!(ids(world).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_equal_values_one_stays_whichever_worker_reads_it() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.sql("CREATE TABLE orders (id INT PRIMARY KEY, number INT); INSERT INTO orders VALUES (1, 7), (2, 8), (3, 7), (4, 7), (5, NULL), (6, NULL)").await;
        let unique = "check = \"unique\"\ncolumn = \"number\"";
        let request = with_rules(world, 4, &rule(unique, "quarantine"));
        let report = world.import(&request).await.unwrap();
        assert_eq!((report.rows, report.quarantined_rows), (4, 2));
        let numbers = world.rows().await.into_iter().map(|row| row[1].clone());
        let mut numbers: Vec<_> = numbers.flatten().collect();
        numbers.sort();
        assert_eq!(numbers, ["7", "8"]);
    })
    .await;
}

/// One value is remembered, and there are five.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_remembers_too_little_says_so_and_does_not_pass() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.sql(ORDERS).await;
        for check in ["check = \"unique\"\ncolumn = \"id\"", CHECKS[3]] {
            let text = |action| format!("values_max = 1\n{}", rule(check, action));
            let error = world
                .import(&with_rules(world, 2, &text("fail")))
                .await
                .unwrap_err();
            let said = error.to_string();
            assert!(
                said.contains("could not be checked to the end") && said.contains("values_max"),
                "{said}"
            );
            let report = world
                .import(&with_rules(world, 2, &text("quarantine")))
                .await
                .unwrap();
            let [rule] = report.broken_rules.as_slice() else {
                panic!("{:?}", report.broken_rules);
            };
            assert!(
                matches!(rule.result, RuleResult::Undecided { .. }),
                "{rule}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_the_last_run_and_the_newest_date_are_held_against_rules() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.sql(ORDERS).await;
        let share = rule("check = \"row-count\"\nmin_percent = 80", "fail");
        let request = with_rules(world, 2, &share);
        world.import(&request).await.unwrap();
        world.sql("DELETE FROM orders WHERE id = 1").await;
        world.import(&request).await.unwrap();
        world.sql("DELETE FROM orders WHERE id = 2").await;
        let error = world.import(&request).await.unwrap_err().to_string();
        assert!(error.contains("3 rows, 4 in the run before"), "{error}");
        assert_eq!(ids(world).await.len(), 4);

        let fresh = rule(
            "check = \"freshness\"\ncolumn = \"day\"\nmax_age = \"24h\"",
            "fail",
        );
        let request = with_rules(world, 2, &fresh);
        let error = world.import(&request).await.unwrap_err().to_string();
        assert!(
            error.contains("(column `day`): the newest is 2003-01-06"),
            "{error}"
        );
        world
            .sql("UPDATE orders SET day = UTC_DATE() + INTERVAL 1 DAY WHERE id = 3")
            .await;
        world.import(&request).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_is_verified_and_counts_for_the_source() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.sql(ORDERS).await;
        let mut request = with_rules(world, 2, &rule(CHECKS[1], "quarantine"));
        request.files = FileFormat::Parquet {
            codec: ParquetCodec::Zstd,
        };
        world.import(&request).await.unwrap();
        let run = published::open(&world.lake, &world.target)
            .await
            .unwrap()
            .unwrap();
        let mut report = verify(&run, String::new()).await.unwrap();
        let mut database = world.writer().await;
        check_source(&mut database, run.manifest(), &mut report)
            .await
            .unwrap();
        assert_eq!(report.differences, []);
        assert!(
            matches!(report.source, Some(SourceCheck::Count { .. })),
            "{report}"
        );

        let [file] = run.manifest().quarantine.as_slice() else {
            panic!("{:?}", run.manifest().quarantine);
        };
        let path = run.location().join(&file.name).unwrap();
        world
            .lake
            .delete(&path, comptoir_lake::Recursive::No)
            .await
            .unwrap();
        let report = verify(&run, String::new()).await.unwrap();
        assert_eq!(report.differences.len(), 1, "{report}");
    })
    .await;
}

#[test]
fn rules_that_do_not_fit_are_refused_before_anything_is_done() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(World::with(Kind::MariaDb, async |world: &World| {
        world.sql(ORDERS).await;
        let file = world.directory.path().join("quality.toml");
        let flags = world.flags();
        let import = |table: &str, text: &str| {
            std::fs::write(&file, text).unwrap();
            let mut arguments = vec![
                "import",
                "--table",
                table,
                "-m",
                "1",
                "--quality",
                "quality.toml",
            ];
            arguments.extend(flags.iter().map(String::as_str));
            let output = world.program(&arguments).output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            (output.status.code(), stderr)
        };
        for (table, text, code, said) in [
            (
                "customers",
                rule(CHECKS[0], "fail"),
                2,
                "has no rule for `customers`, only for `orders`",
            ),
            (
                "orders",
                rule("check = \"unique\"\ncolumn = \"nope\"", "fail"),
                2,
                "has no column `nope`",
            ),
            ("orders", "[[rule]]\n".to_owned(), 2, "quality.toml:1"),
            (
                "orders",
                rule(CHECKS[0], "fail"),
                5,
                "because of 1 quality rule",
            ),
        ] {
            let (found, stderr) = import(table, &text);
            assert_eq!(found, Some(code), "{stderr}");
            assert!(
                stderr.contains(said) && stderr.contains("hint: "),
                "{stderr}"
            );
            assert!(world.lake.stat(&world.target).await.unwrap().is_none());
        }
        let (code, stderr) = import("orders", &rule(CHECKS[0], "quarantine"));
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.contains("_quarantine-m-*"), "{stderr}");
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_table_of_all_has_its_own_rules_of_one_file() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.sql(ORDERS).await;
        let file = world.directory.path().join("quality.toml");
        let warehouse = format!("--warehouse-dir={}", world.root);
        let flags = world.flags().into_iter();
        let flags: Vec<_> = flags
            .filter(|flag| !flag.starts_with("--target-dir"))
            .collect();
        let import = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let mut arguments = vec!["import-all-tables", &warehouse, "--quality=quality.toml"];
            arguments.extend(flags.iter().map(String::as_str));
            let output = world.program(&arguments).output().unwrap();
            let text = |bytes| String::from_utf8(bytes).unwrap();
            (
                output.status.code(),
                text(output.stdout),
                text(output.stderr),
            )
        };
        let strange = rule(CHECKS[0], "fail").replace("orders", "order");
        let (code, _, stderr) = import(&strange);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(
            stderr.contains("quality.toml:1: a rule for `order`"),
            "{stderr}"
        );
        let (code, stdout, stderr) = import(&rule(CHECKS[0], "fail"));
        assert_eq!(code, Some(5), "{stderr}");
        assert!(
            stdout.contains("/customers (run") && !stdout.contains("/orders"),
            "{stdout}"
        );
        assert!(stderr.contains("`number is not null`"), "{stderr}");
    })
    .await;
}

async fn of_added_rows_each_run_is_held_against_the_rules(world: &World) {
    let file = world.directory.path().join("quality.toml");
    let run = |check: &str, action: &str| {
        let rules = format!("[[rule]]\ntable = \"t\"\n{check}\naction = \"{action}\"\n");
        std::fs::write(&file, rules).unwrap();
        let output = world
            .program(&["import", "--table=t", "--incremental=append"])
            .arg("--check-column=id")
            .arg(format!("--quality={}", file.display()))
            .args(world.flags())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap(), said)
    };
    let not_null = "check = \"not-null\"\ncolumn = \"note\"";
    world.numbered_table(3).await;
    assert_eq!(run(not_null, "fail").0, 0);
    world
        .sql("INSERT INTO t VALUES (4, 'four'), (5, NULL)")
        .await;
    let (code, said) = run(not_null, "fail");
    assert_eq!(code, i32::from(Exit::Invalid.code()), "{said}");
    assert!(said.contains("`note is not null`"), "{said}");
    assert_eq!(ids(world).await, ["1", "2", "3"]);
    let (code, said) = run("check = \"unique\"\ncolumn = \"id\"", "fail");
    assert_eq!(code, i32::from(Exit::Usage.code()), "{said}");
    assert!(said.contains("quality.toml:1: "), "{said}");
    world.sql("UPDATE t SET note = 'five' WHERE id = 5").await;
    assert_eq!(run(not_null, "fail").0, 0);
    assert_eq!(ids(world).await, ["1", "2", "3", "4", "5"]);
}

/// The numbers of the rows that were set aside, in the order of the runs.
async fn ids_set_aside(world: &World, manifest: &Manifest) -> Vec<String> {
    let rows = set_aside(world, manifest).await.into_iter();
    rows.map(|row| row[1].clone().unwrap()).collect()
}

async fn of_added_rows_each_run_sets_its_own_aside(world: &World) {
    world.numbered_table(3).await;
    let mut request = world.request("t", 2);
    request.existing = Existing::Append;
    request.validation = Validation::ReadBack;
    request.incremental = Some(IncrementalRequest {
        mode: IncrementalMode::Append,
        column: "id".to_owned(),
        last_value: None,
    });
    let not_null =
        "[[rule]]\ntable = \"t\"\ncheck = \"not-null\"\ncolumn = \"note\"\naction = \"quarantine\"";
    request.quality = Rules::parse("quality.toml", not_null).unwrap();
    world.sql("UPDATE t SET note = NULL WHERE id = 2").await;
    let mut told = Vec::new();
    // The last run reads nothing but what it sets aside.
    for added in ["", "(4, 'four'), (5, NULL)", "(6, NULL)"] {
        if !added.is_empty() {
            world.sql(&format!("INSERT INTO t VALUES {added}")).await;
        }
        let report = world.import(&request).await.unwrap();
        told.push((report.rows, report.quarantined_rows));
    }
    assert_eq!(told, [(2, 1), (1, 1), (0, 1)]);
    let nothing = world.import(&request).await.unwrap();
    assert_eq!((nothing.rows, nothing.quarantined_rows), (0, 0));

    let run = published::open(&world.lake, &world.target).await;
    let run = run.unwrap().unwrap();
    let manifest = run.manifest();
    assert_eq!(manifest.quarantined_rows(), 3);
    assert_eq!(ids_set_aside(world, manifest).await, ["2", "5", "6"]);
    assert_eq!(ids(world).await, ["1", "3", "4"]);
    let report = verify(&run, String::new()).await.unwrap();
    assert!(report.is_right(), "{report}");

    // The runs before are described no more by a manifest of other columns, and lose nothing.
    world
        .sql("ALTER TABLE t ADD COLUMN more INT; INSERT INTO t VALUES (7, NULL, 7)")
        .await;
    world.import(&request).await.unwrap();
    let run = published::open(&world.lake, &world.target).await;
    let run = run.unwrap().unwrap();
    assert_eq!(ids_set_aside(world, run.manifest()).await, ["7"]);
    let others = run.manifest().appended.others.iter();
    assert_eq!(
        others
            .filter(|other| other.name.starts_with("_quarantine"))
            .count(),
        3
    );
    let report = verify(&run, String::new()).await.unwrap();
    assert!(report.is_right(), "{report}");
}
