//! `views run`: what is published, and what stays when something fails.

use crate::world::{Kind, World, on_every_database};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobOutcome, JobStart};

on_every_database! {
    a_view_that_fails_keeps_its_last_result_and_the_others_go_on
    a_view_that_runs_already_is_left_alone
}

const COUNT: &str = "-- description: How many rows\n-- source sales: import sales\n\n\
                     SELECT COUNT(*) AS line_count FROM sales";

/// A source that is a small table, which costs less than the sample.
async fn small_table(world: &World) {
    world.write_views_settings("");
    world
        .sql("CREATE TABLE sales (id INT NOT NULL PRIMARY KEY, amount DECIMAL(10,2), day DATE)")
        .await;
    world
        .sql("INSERT INTO sales VALUES (1, '0.10', '2024-02-29'), (2, '0.20', NULL), (3, NULL, NULL)")
        .await;
    world.import_sales(&[]);
}

async fn a_view_that_fails_keeps_its_last_result_and_the_others_go_on(world: &World) {
    small_table(world).await;
    world.write_view("a_count", COUNT);
    world.write_view(
        "reader",
        "-- description: Reads another\n-- source a_count: view a_count\n\nSELECT line_count * 2 AS twice FROM a_count",
    );
    world.write_view("other", &COUNT.replace("COUNT(*)", "MAX(id)"));
    let names = ["views", "run", "a_count", "reader", "other"];
    let run = world.batch_well(&names);
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.stdout);
    assert_eq!(world.view_rows("reader").await[0]["twice"], 6);
    let good = world.view_result("a_count").await.unwrap();
    assert_eq!(world.gold("a_count").await, Some((good.run.to_string(), 1)));

    world.write_view("a_count", &COUNT.replace("COUNT(*)", "COUNT(nothing)"));
    let failed = world.batch(&names);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    assert!(
        failed.stdout.starts_with("other: 1 rows"),
        "{}",
        failed.stdout
    );
    for expected in [
        "a_count: own/a_count.sql: ",
        "nothing",
        "reader: skipped, because the view `a_count`",
    ] {
        let stderr = failed
            .stderr
            .replace(&format!("{}/", world.directory.path().display()), "");
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
    assert_eq!(world.view_result("a_count").await.unwrap(), good);
    assert_eq!(world.gold("a_count").await, Some((good.run.to_string(), 1)));
    let ls = world.batch_well(&["views", "ls", "--json"]).json();
    let of = |name: &str| ls.iter().find(|line| line["view"] == name).unwrap();
    assert_eq!(of("a_count")["last_outcome"], "failed");
    assert_eq!(of("a_count")["run"], good.run.as_str());
    assert!(of("a_count")["age_s"].as_i64().unwrap() >= 0);
    assert_eq!(of("reader")["last_outcome"], "skipped");
    assert_eq!(of("other")["last_outcome"], "done");
    assert!(of("history")["last_outcome"].is_null());
}

async fn a_view_that_runs_already_is_left_alone(world: &World) {
    small_table(world).await;
    world.write_view("a_count", COUNT);
    let warehouse = world.warehouse();
    warehouse.migrate().await.unwrap();
    let job = JobName::parse("view.a_count").unwrap();
    let since = "2026-11-20T02:15:00Z".parse().unwrap();
    let held = warehouse
        .start_job(&job, "elsewhere", 7, since)
        .await
        .unwrap();
    let second = world.batch(&["views", "run", "a_count"]);
    assert_eq!(second.code, 4, "{}", second.stderr);
    assert!(
        second.stderr.contains("process 7 on elsewhere"),
        "{}",
        second.stderr
    );
    assert!(world.gold("a_count").await.is_none());
    let JobStart::Started(lock) = held else {
        panic!("the lock is free at first");
    };
    drop(lock);
    // Its session ends with it, and the server needs a moment to see that.
    let deadline = comptoir_config::clock::instant() + std::time::Duration::from_secs(30);
    while world.batch(&["views", "run", "a_count"]).code == 4 {
        assert!(comptoir_config::clock::instant() < deadline, "never free");
    }
    let runs = warehouse.job_runs(Some(&job), 2).await.unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [JobOutcome::Done, JobOutcome::Crashed]);
    assert_eq!(world.view_rows("a_count").await[0]["line_count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_view_is_said_where_it_stands() {
    World::with(Kind::Sqlite, async |world| {
        small_table(world).await;
        let head = "-- description: A test\n-- source sales: import sales\n\n";
        for (name, sql, code, expected) in [
            (
                "bad",
                "-- description: A test\n-- sorce s: import a\n\nSELECT 1".to_owned(),
                2,
                "bad.sql:2: there is no `sorce`",
            ),
            ("bad", format!("{head}SELEC 1"), 1, "bad.sql: "),
            ("bad", format!("{head}SELECT 1; SELECT 2"), 1, "bad.sql: "),
            ("bad", format!("{head}DROP TABLE sales"), 1, "bad.sql: "),
            (
                "bad",
                format!("{head}SELECT * FROM '/etc/passwd'"),
                1,
                "bad.sql: ",
            ),
            (
                "bad",
                format!("{head}SELECT COUNT(*) FROM sales"),
                1,
                "AS a_name",
            ),
            (
                "bad",
                format!("{head}SELECT id / 0 AS n FROM sales"),
                1,
                "bad.sql: ",
            ),
            (
                "bad",
                head.replace("import sales", "import nothing") + "SELECT 1 AS n FROM sales",
                1,
                "import --table nothing",
            ),
            (
                "bad",
                head.replace("import sales", "view nothing") + "SELECT 1 AS n FROM sales",
                2,
                "there are ",
            ),
        ] {
            world.write_view(name, &sql);
            let run = world.batch(&["views", "run", name]);
            assert_eq!(run.code, code, "{sql}: {}", run.stderr);
            assert!(run.stderr.contains(expected), "{sql}: {}", run.stderr);
            assert!(world.gold(name).await.is_none(), "{sql}");
        }
        world.write_view("bad", COUNT);
        let unknown = world.batch(&["views", "run", "bat"]);
        assert_eq!(unknown.code, 2, "{}", unknown.stderr);
        assert!(
            unknown.stderr.contains("did you mean `bad`?"),
            "{}",
            unknown.stderr
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_keep_their_type_from_each_format_of_files_to_the_result() {
    World::with(Kind::Sqlite, async |world| {
        world.write_views_settings("");
        world
            .sql("CREATE TABLE sales (id INTEGER PRIMARY KEY, money DECIMAL_TEXT(18,2), day DATE, \
                  at DATETIME, real DOUBLE, note VARCHAR(50))")
            .await;
        world
            .sql("INSERT INTO sales VALUES (1, '9999999999999999.99', '2024-02-29', \
                  '2024-02-29 12:34:56.5', 0.1, 'a, \"b\"\\\n'), (2, NULL, NULL, NULL, NULL, NULL)")
            .await;
        let sql = "-- description: All of it\n-- source sales: import sales\n\nSELECT * FROM sales ORDER BY id";
        world.write_view("everything", sql);
        for flags in [&[][..], &["--as-parquetfile"], &["--as-avrodatafile"], &["--compress"]] {
            world.import_sales(flags);
            world.batch_well(&["views", "run", "everything"]);
            let rows = serde_json::Value::from(
                world.view_rows("everything").await.into_iter().map(serde_json::Value::Object).collect::<Vec<_>>(),
            );
            assert_eq!(
                rows,
                serde_json::json!([
                    {"id": 1, "money": "9999999999999999.99", "day": "2024-02-29",
                     "at": "2024-02-29T12:34:56.5Z", "real": 0.1, "note": "a, \"b\"\\\n"},
                    {"id": 2, "money": null, "day": null, "at": null, "real": null, "note": null}
                ]),
                "{flags:?}"
            );
        }
        let csv = world.batch_well(&["views", "show", "everything", "--csv", "--limit", "1"]);
        assert!(csv.stdout.starts_with("id,money,day,at,real,note\n1,9999999999999999.99,"), "{}", csv.stdout);
    })
    .await;
}
