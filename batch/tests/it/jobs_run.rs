//! `run`: order, record, reports, exit codes.

use crate::world::{Kind, World, on_every_database};
use comptoir_lake::published;
use comptoir_model::ids::JobName;
use comptoir_model::text_format::TextFormat;
use comptoir_warehouse::{JobOutcome, JobStart};

on_every_database! {
    a_job_is_run_recorded_and_shown
    the_shipped_job_is_read_as_before
    a_job_that_runs_already_is_left_alone
    a_plan_says_what_would_be_done_and_does_nothing
    a_plan_of_an_incremental_job_is_one_of_what_is_new
}

fn jobs(world: &World) -> String {
    format!(
        "[jobs.sales]\nafter = [\"customers\"]\ntable = \"t\"\ntarget-dir = \"{0}\"\n\
         delete-target-dir = true\nargs = [\"-m\", \"2\"]\n\
         [jobs.customers]\ntable = \"t\"\ntarget-dir = \"{1}/customers\"\nnum-mappers = 1\n\
         delete-target-dir = true\nwhere = \"id <= 3\"\n",
        world.target, world.root
    )
}

async fn a_job_is_run_recorded_and_shown(world: &World) {
    world.numbered_table(10).await;
    world.write_jobs(&jobs(world));
    let none_yet = world.batch(&["status"]);
    assert_eq!(none_yet.code, 0, "{}", none_yet.stderr);
    assert!(none_yet.stdout.contains("never ran"), "{}", none_yet.stdout);

    let run = world.batch(&["run", "sales", "--metrics-file", "comptoir.prom"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert!(
        lines[0].starts_with("customers: imported 3 rows, "),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("sales: imported 10 rows, "),
        "{lines:?}"
    );
    let (manifest, parts) = world.published().await;
    assert_eq!((parts.len(), manifest.rows()), (2, 10));

    let metrics = std::fs::read_to_string(world.directory.path().join("comptoir.prom")).unwrap();
    for sample in [
        "comptoir_job_rows{job=\"customers\"} 3\n",
        "comptoir_job_rows{job=\"sales\"} 10\n",
        "comptoir_job_last_run_exit_code{job=\"sales\"} 0\n",
    ] {
        assert!(metrics.contains(sample), "{sample}: {metrics}");
    }
    let again = world.batch(&["run", "--all", "--quiet"]);
    assert_eq!(
        (again.code, again.stdout.as_str(), again.stderr.as_str()),
        (0, "", "")
    );

    let history = world.batch(&["history", "sales", "--json"]).json();
    assert_eq!(history.len(), 2, "{history:?}");
    assert_eq!(history[1]["run"], manifest.run.as_str());
    assert_eq!(
        (&history[1]["rows"], &history[1]["outcome"]),
        (&10.into(), &"done".into())
    );
    let status = world.batch(&["status", "--json"]).json();
    assert_eq!(
        (&status[0]["job"], &status[1]["job"]),
        (&"sales".into(), &"customers".into())
    );
    assert!(
        status[0]["last_success_age_s"].as_i64().unwrap() >= 0,
        "{status:?}"
    );
    let table = world.batch(&["history"]).stdout;
    assert!(
        table.starts_with("STARTED") && table.lines().count() == 5,
        "{table}"
    );
}

/// The page reads the place that the settings name, in a format that can always be read back.
async fn the_shipped_job_is_read_as_before(world: &World) {
    world
        .sql("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, note VARCHAR(50))")
        .await;
    world
        .sql("INSERT INTO t VALUES (1, 'a, b'), (2, NULL), (3, 'null')")
        .await;
    world.write_jobs("[jobs.shipped]\n");
    let run = world.batch(&["run", "shipped"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let found = published::open(&world.lake, &world.target)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.manifest().format, TextFormat::lossless());
    assert_eq!(found.manifest().ambiguous_rows, 0);
    let notes: Vec<_> = world
        .rows()
        .await
        .into_iter()
        .map(|row| row[1].clone())
        .collect();
    assert_eq!(
        notes,
        [Some("a, b".to_owned()), None, Some("null".to_owned())]
    );
}

async fn a_job_that_runs_already_is_left_alone(world: &World) {
    world.numbered_table(3).await;
    world.write_jobs(&jobs(world));
    let warehouse = world.warehouse();
    warehouse.migrate().await.unwrap();
    let customers = JobName::parse("customers").unwrap();
    let since = "2026-11-20T02:15:00Z".parse().unwrap();
    let started = warehouse.start_job(&customers, "till-9", 4711, since).await;
    let Ok(JobStart::Started(lock)) = started else {
        panic!("nobody else knows this job")
    };
    let run = world.batch(&["run", "--all", "--json"]);
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("process 4711 on till-9, since 2026-11-20T02:15:00Z"),
        "{}",
        run.stderr
    );
    let outcomes: Vec<_> = run
        .json()
        .iter()
        .map(|run| run["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["locked", "skipped"]);
    assert!(
        run.json()[1]["error"]
            .as_str()
            .unwrap()
            .contains("`customers`")
    );
    let status = world.batch(&["status"]).stdout;
    assert!(status.contains("running for "), "{status}");
    assert!(
        status.contains("skipped, because `customers` was not done"),
        "{status}"
    );
    drop(lock);
    world.wait_for(JobOutcome::Skipped).await;
    assert_eq!(world.batch(&["run", "--all"]).code, 0);
}

async fn a_plan_says_what_would_be_done_and_does_nothing(world: &World) {
    world.numbered_table(100).await;
    world.write_jobs(&jobs(world));
    let plan = world.batch(&["plan", "sales"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    for part in [
        "after     customers",
        "2 columns",
        "nothing of ours lies there",
        "last run  never",
        "parts     2, cut at",
    ] {
        assert!(plan.stdout.contains(part), "{part}: {}", plan.stdout);
    }
    if world.kind == Kind::Sqlite {
        assert!(!world.directory.path().join("warehouse.db").exists());
    } else {
        assert!(
            plan.stdout.contains("2 connections, one moment"),
            "{}",
            plan.stdout
        );
        assert!(plan.stdout.contains("rows, "), "{}", plan.stdout);
    }
    assert!(
        published::open(&world.lake, &world.target)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(world.batch(&["run", "sales"]).code, 0);
    let (manifest, _) = world.published().await;
    let plan = world.batch(&["plan", "sales"]).stdout;
    assert!(
        plan.contains(manifest.run.as_str()) && plan.contains("is replaced"),
        "{plan}"
    );
}

async fn a_plan_of_an_incremental_job_is_one_of_what_is_new(world: &World) {
    world.numbered_table(100).await;
    world.write_jobs(&format!(
        "[jobs.new]\ntable = \"t\"\ntarget-dir = \"{}\"\nincremental = \"append\"\n\
         check-column = \"id\"\nnum-mappers = 2\nsplits = \"sqoop\"\n",
        world.target
    ));
    let plan = world.batch(&["plan", "new"]).stdout;
    assert!(plan.contains("rows      100 now, "), "{plan}");
    assert_eq!(world.batch(&["run", "new"]).code, 0);
    let plan = world.batch(&["plan", "new"]).stdout;
    assert!(
        plan.contains("rows      none now: nothing is new"),
        "{plan}"
    );
    assert!(plan.contains("parts     none"), "{plan}");
    world
        .sql("INSERT INTO t VALUES (201, 'a'), (202, 'b'), (203, 'c'), (204, 'd')")
        .await;
    let plan = world.batch(&["plan", "new"]).stdout;
    assert!(plan.contains("rows      4 now, those where "), "{plan}");
    // Of the whole table the cut would be at 102.
    assert!(
        plan.contains("parts     2, cut at") && plan.contains("202") && !plan.contains("102"),
        "{plan}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_job_that_failed_is_skipped_and_the_others_go_on() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.numbered_table(4).await;
        world.write_jobs(
            "[jobs.first]\ntable = \"missing\"\nnum-mappers = 1\n\
             [jobs.second]\nafter = [\"first\"]\ntable = \"t\"\ntarget-dir = \"/2\"\n\
             [jobs.third]\nafter = [\"second\"]\ntable = \"t\"\ntarget-dir = \"/3\"\n\
             [jobs.other]\ntable = \"t\"\ntarget-dir = \"/4\"\nvalidate = true\n",
        );
        let run = world.batch(&["run", "--all"]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(
            run.stdout.starts_with("other: imported 4 rows"),
            "{}",
            run.stdout
        );
        for part in [
            "first: ",
            "second: skipped, because `first` was not done",
            "third: skipped, because `second` was not done",
        ] {
            assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        }
        let outcomes: Vec<_> = (world.warehouse().job_states().await.unwrap().into_iter())
            .map(|state| (state.last.job.to_string(), state.last.outcome))
            .collect();
        assert_eq!(
            outcomes,
            [
                ("first".to_owned(), JobOutcome::Failed),
                ("other".to_owned(), JobOutcome::Done),
                ("second".to_owned(), JobOutcome::Skipped),
                ("third".to_owned(), JobOutcome::Skipped),
            ]
        );
        // As without --delete-target-dir: the target is there now.
        assert_eq!(world.batch(&["plan", "other"]).code, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_cant_be_meant_touch_nothing() {
    World::with(Kind::Sqlite, async |world: &World| {
        for (jobs, arguments, part) in [
            ("[jobs.a]\ntabel = \"t\"", ["run", "a"], "jobs.toml:2: "),
            (
                "[jobs.sales]\ntable = \"t\"",
                ["run", "slaes"],
                "did you mean `sales`?",
            ),
            (
                "[jobs.a]\ntable = \"t\"\nquery = \"x\"",
                ["run", "a"],
                "the job `a`: --query",
            ),
            ("[jobs.a]\nafter = [\"a\"]", ["run", "--all"], "a after a"),
            (
                "[jobs.a]\nconnect = \"mysql://shop:hunter2@h/erp\"",
                ["run", "a"],
                "the job `a`: --connect",
            ),
        ] {
            world.write_jobs(jobs);
            let run = world.batch(&arguments);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
            assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
            assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        }
        std::fs::remove_file(world.directory.path().join("jobs.toml")).unwrap();
        let run = world.batch(&["run", "--all"]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("there are no jobs"), "{}", run.stderr);
        assert!(!world.directory.path().join("warehouse.db").exists());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_came_can_be_a_failure() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.numbered_table(1).await;
        let jobs = "[jobs.a]\ntable = \"t\"\nwhere = \"id > 1\"\ndelete-target-dir = true\n";
        world.write_jobs(jobs);
        assert_eq!(world.batch(&["run", "a"]).code, 0);
        world.write_jobs(&format!("{jobs}fail-if-empty = true\n"));
        let run = world.batch(&["run", "a", "--quiet"]);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""));
        assert!(run.stderr.contains("no rows came"), "{}", run.stderr);
        let line = "import --table t --where 1=0 --target-dir /b --fail-if-empty --json";
        let import = world.batch(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(import.code, 3, "{}", import.stderr);
        let object = &import.json()[0];
        assert_eq!(
            (&object["outcome"], &object["rows"]),
            (&"empty".into(), &0.into())
        );
        assert_eq!(object["job"], "b");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_no_job_reports_in_the_same_ways() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.numbered_table(6).await;
        world.write_jobs("");
        let quiet = [
            "import",
            "--quiet",
            "--metrics-file",
            "c.prom",
            "--table",
            "t",
        ];
        let import = world.batch(&quiet);
        assert_eq!(
            (import.code, import.stdout.as_str(), import.stderr.as_str()),
            (0, "", "")
        );
        let again = world.batch(&quiet);
        assert_eq!((again.code, again.stdout.as_str()), (1, ""));
        assert!(again.stderr.contains("exists already"), "{}", again.stderr);
        let metrics = std::fs::read_to_string(world.directory.path().join("c.prom")).unwrap();
        for sample in [
            "comptoir_job_rows{job=\"t\"} 6\n",
            "comptoir_job_last_run_exit_code{job=\"t\"} 1\n",
        ] {
            assert!(metrics.contains(sample), "{sample}: {metrics}");
        }
        let all = ["import-all-tables", "--json", "--warehouse-dir", "/all"];
        let all = world.batch(&all);
        assert_eq!(all.code, 0, "{}", all.stderr);
        assert_eq!(all.json()[0]["job"], "t");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cant_be_written_keeps_no_job_from_running() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.numbered_table(4).await;
        world.write_jobs(&jobs(world));
        let run = world.batch(&["run", "--all", "--metrics-file", "nowhere/c.prom"]);
        assert_eq!(
            (run.code, run.stdout.lines().count()),
            (1, 2),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("the metrics file nowhere/c.prom"),
            "{}",
            run.stderr
        );
        assert_eq!(world.rows().await.len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_jobs_are_sqoops() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.numbered_table(5).await;
        world.write_jobs("# by hand\n[jobs.other]\ntable = \"t\"\n");
        let create = |name, more: &[&str]| {
            let mut line = vec!["job", "--create", name, "--", "import", "--table", "t"];
            line.extend(more);
            world.batch(&line)
        };
        let target = ["-target-dir", "/saved", "-m", "2", "--delete-target-dir"];
        let created = create("saved", &target);
        assert_eq!(created.code, 0, "{}", created.stderr);
        for (ended, part) in [
            (create("saved", &target), "already"),
            (create("b", &["--password", "hunter2"]), "password-file"),
            (
                create(
                    "b",
                    &["--connect", "jdbc:mysql://h/erp?keyStorePassword=hunter2"],
                ),
                "password-file",
            ),
            (create("b", &["--query", "x"]), "--query and --table"),
            (
                world.batch(&["job", "--create", "b", "--", "export"]),
                "`export` can't be saved",
            ),
            (world.batch(&["job", "--delete", "other"]), "jobs.toml:2"),
            (
                world.batch(&["job", "--list", "--", "x"]),
                "--list takes nothing",
            ),
            (world.batch(&["job", "--list", "--json"]), "are of --exec"),
        ] {
            assert_eq!(ended.code, 2, "{part}: {}", ended.stderr);
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
            assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
        }
        let list = world.batch(&["job", "--list"]).stdout;
        assert_eq!(list, "Available jobs:\n  other\n  saved\n");
        let shown = world.batch(&["job", "--show", "saved"]).stdout;
        assert!(
            shown.starts_with("import\n--table\nt\n--target-dir\n/saved\n"),
            "{shown}"
        );
        let run = world.batch(&["job", "--exec", "saved", "--", "--where", "id < 3"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(
            run.stdout.starts_with("saved: imported 2 rows"),
            "{}",
            run.stdout
        );
        let run = world.batch(&["run", "saved"]);
        assert!(
            run.stdout.starts_with("saved: imported 5 rows"),
            "{}",
            run.stdout
        );
        assert_eq!(world.batch(&["job", "--delete", "saved"]).code, 0);
        assert_eq!(world.batch(&["run", "saved"]).code, 2);
    })
    .await;
}
