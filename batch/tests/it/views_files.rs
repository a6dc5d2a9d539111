//! CSV and Parquet files of the lake as sources, and CSV as a result.

use crate::world::{Kind, World, on_every_database};
use serde_json::json;

on_every_database! {
    files_are_read_with_the_types_that_they_have
}

fn view(source: &str, sql: &str) -> String {
    format!("-- description: A test\n-- source f: {source}\n\n{sql}")
}

async fn files_are_read_with_the_types_that_they_have(world: &World) {
    world.write_views_settings("");
    let root = world.root.to_string();
    let head = "sku,Name,price,since,at,ok,code\r\n";
    let one = "1,\"a, \"\"b\"\"\r\nc\",1.5,2024-02-29,2024-02-29T10:00:00Z,true,007\r\n";
    let two = "2,,-12.25,,,,\r\n";
    world
        .give("prices/2024/a.csv", &format!("\u{feff}{head}{one}"))
        .await;
    world
        .give("prices/2025/b.csv", &format!("{head}{two}"))
        .await;
    // Files that are not complete are no data.
    world.give("prices/2025/_b.csv", "broken").await;
    let sql = "SELECT sku, name, price, since, at, ok, code FROM f ORDER BY sku";
    world.write_view("prices", &view(&format!("csv {root}/prices/*/*.csv"), sql));
    let run = world
        .batch_well(&["views", "run", "prices", "--json"])
        .json();
    assert_eq!(run[0]["sources"][0]["rows"], 2);
    let expected = [
        json!({"sku": 1, "name": "a, \"b\"\r\nc", "price": "1.50", "since": "2024-02-29",
               "at": "2024-02-29T10:00:00Z", "ok": true, "code": "007"}),
        json!({"sku": 2, "name": null, "price": "-12.25", "since": null, "at": null, "ok": null,
               "code": null}),
    ];
    let rows = world.view_rows("prices").await;
    let rows: Vec<_> = rows.into_iter().map(serde_json::Value::Object).collect();
    assert_eq!(rows, expected);

    // What a view made as Parquet is a file as any other.
    let again = "SELECT * FROM f ORDER BY sku";
    world.write_view(
        "again",
        &view(&format!("parquet {root}/gold/prices/*.parquet"), again),
    );
    world.batch_well(&["views", "run", "again"]);
    let rows = world.view_rows("again").await;
    let rows: Vec<_> = rows.into_iter().map(serde_json::Value::Object).collect();
    assert_eq!(rows, expected);

    // Nothing has changed until a file has.
    let unchanged = world.batch_well(&["views", "run", "prices", "--if-changed"]);
    assert_eq!(unchanged.stdout, "");
    world
        .give("prices/2025/b.csv", &format!("{head}3,,-12.25,,,,\r\n"))
        .await;
    let changed = world.batch_well(&["views", "run", "prices", "--if-changed"]);
    assert_eq!(changed.stdout.lines().count(), 1, "{}", changed.stdout);
    assert_eq!(world.view_rows("prices").await[1]["sku"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_can_not_be_read_is_named_with_its_line() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.write_views_settings("");
        let root = &world.root;
        let csv = format!("csv {root}/f/*.csv");
        let typed = format!("{csv} (a BIGINT, b DECIMAL(5, 2))");
        for (text, source, expected) in [
            ("a,b\n1,2\n3\n", &csv, "x.csv:3: it has 1 fields"),
            ("a,a\n1,2\n", &csv, "x.csv:1: `a` can't be the name"),
            ("", &csv, "x.csv:1: there is no line with the names"),
            ("a,c\n1,2\n", &typed, "x.csv:1: there is no column `b`"),
            ("a,b\n1,2\n\"x\ny\",3\n", &typed, "x.csv:3: "),
            (
                "a,b\n1,2\n3,4.567\n",
                &typed,
                "column b: `4.567` is not a decimal",
            ),
        ] {
            world.give("f/x.csv", text).await;
            world.write_view("bad", &view(source, "SELECT a, b FROM f"));
            let run = world.batch(&["views", "run", "bad"]);
            assert_eq!(run.code, 1, "{text}: {}", run.stderr);
            assert!(run.stderr.contains(expected), "{text}: {}", run.stderr);
        }
        let nothing = view("csv /nowhere/*.csv", "SELECT 1 AS a FROM f");
        world.write_view("bad", &nothing);
        let run = world.batch(&["views", "run", "bad"]);
        assert!(
            run.stderr
                .contains("no file of the lake matches /nowhere/*.csv"),
            "{}",
            run.stderr
        );
        world.give("f/x.parquet", "no parquet").await;
        world.write_view(
            "bad",
            &view(
                &format!("parquet {root}/f/*.parquet"),
                "SELECT 1 AS a FROM f",
            ),
        );
        let run = world.batch(&["views", "run", "bad"]);
        assert!(run.stderr.contains("x.parquet"), "{}", run.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_as_csv_is_read_back_as_it_was_written() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.write_views_settings("");
        world.give("f/x.csv", "n,note\n1,\"a\"\"b\nc\"\n2,\n").await;
        let csv = view(
            &format!("csv {}/f/*.csv", world.root),
            "SELECT n, note FROM f ORDER BY n",
        );
        world.write_view(
            "out",
            &csv.replace("\n\n", "\n-- output: csv gold/out_files\n\n"),
        );
        world.batch_well(&["views", "run", "out"]);
        let target = world.root.join("gold").unwrap().join("out_files").unwrap();
        let bytes = world
            .lake
            .read(&target.join("part-00000.csv").unwrap())
            .await
            .unwrap();
        assert_eq!(bytes, "n,note\r\n1,\"a\"\"b\nc\"\r\n2,\r\n".as_bytes());
        world.batch_well(&["verify", target.as_str()]);
        let back = view(
            &format!("csv {target}/*.csv"),
            "SELECT n, note FROM f ORDER BY n",
        );
        world.write_view("back", &back);
        world.batch_well(&["views", "run", "back"]);
        assert_eq!(world.view_rows("back").await, world.view_rows("out").await);
    })
    .await;
}
