//! The program: what it says, and how it ends.

use crate::load_support::{csv_file, query, sample_file};
use crate::world::{Kind, World, some};
use std::process::Output;

async fn on_sqlite(test: impl AsyncFnOnce(&World)) {
    World::with(Kind::Sqlite, test).await;
}

fn run(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = world.program(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn says_the_encoding_the_types_and_the_count() {
    on_sqlite(async |world| {
        let sample = sample_file();
        let connect = format!("--connect={}", world.source.url);
        let flags = [
            "load",
            sample.to_str().unwrap(),
            &connect,
            "--table=sales",
            "--erp-tables",
        ];
        let (code, stdout, _) = run(world, &flags);
        assert_eq!(code, Some(0));
        let said = [
            "(UTF-8, detected)",
            "DECIMAL(10,2)",
            "2826 rows loaded into `sales`",
            "300 orders",
        ];
        for part in said {
            assert!(stdout.contains(part), "{part}: {stdout}");
        }
        let primary: Vec<_> = stdout
            .lines()
            .filter(|line| line.contains("PRIMARY KEY"))
            .collect();
        assert!(
            primary[0].trim_start().starts_with("id ") && primary.len() == 1,
            "{stdout}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn today_is_the_last_day_where_asked_for() {
    on_sqlite(async |world| {
        let sample = sample_file();
        let connect = format!("--connect={}", world.source.url);
        let today = || {
            comptoir_config::clock::now()
                .strftime("%Y-%m-%d")
                .to_string()
        };
        let before = today();
        let flags = [
            "load",
            sample.to_str().unwrap(),
            &connect,
            "--shift-dates-to=today",
        ];
        assert_eq!(run(world, &flags).0, Some(0));
        let last = query(world, "SELECT MAX(ORDERDATE) FROM sales").await;
        assert!(
            last == [some(&[&before])] || last == [some(&[&today()])],
            "{last:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_ends_with_1_and_leaves_nothing() {
    on_sqlite(async |world| {
        let rows = "1,2/1/2024\n".repeat(20) + "1,2/30/2024\n";
        let file = csv_file(world, "a.csv", format!("n,day\n{rows}"));
        let connect = format!("--connect={}", world.source.url);
        let (code, stdout, stderr) = run(world, &["load", file.to_str().unwrap(), &connect]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        assert!(
            stderr.contains("a.csv, line 22, column day: `2/30/2024`"),
            "{stderr}"
        );
        assert!(
            stderr.contains("hint:") && stderr.contains("--bad-rows"),
            "{stderr}"
        );
        let (code, ..) = run(world, &["load", "/nowhere.csv", "--connect=sqlite:made.db"]);
        assert_eq!(code, Some(1));
        assert!(!world.directory.path().join("made.db").exists());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_line_ends_with_2() {
    on_sqlite(async |world| {
        let file = csv_file(world, "a.csv", "id,price\n1,2\n");
        let file = file.to_str().unwrap();
        let connect = format!("--connect={}", world.source.url);
        for (flags, says) in [
            (vec!["--encoding=EBCDIC"], "is not an encoding"),
            (vec!["--types=price=MONEY"], "is not a type"),
            (vec!["--types=cost=INT"], "has no column `cost`"),
            (vec!["--key=code"], "has no column `code`"),
            (vec!["--shift-dates-to=tomorrow"], "neither `today`"),
            (vec![], "--key id"),
        ] {
            let arguments = [vec!["load", file, &connect, "--table=t"], flags.clone()].concat();
            let (code, _, stderr) = run(world, &arguments);
            assert_eq!(code, Some(2), "{flags:?} {stderr}");
            assert!(stderr.contains(says), "{flags:?} {stderr}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_ends_with_6() {
    on_sqlite(async |world| {
        let file = csv_file(world, "a.csv", "price\n2\n");
        // Nothing listens on the discard port.
        let (code, _, stderr) = run(
            world,
            &[
                "load",
                file.to_str().unwrap(),
                "--connect=mysql://127.0.0.1:9/erp",
                "--username=x",
            ],
        );
        assert_eq!(code, Some(6), "{stderr}");
        assert!(stderr.contains("127.0.0.1:9"), "{stderr}");
    })
    .await;
}
