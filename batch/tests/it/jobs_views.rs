//! Jobs that run views: order, record, reports, tries, and who may go on.

use crate::jobs_support::Ended;
use crate::world::{Kind, World, on_every_database};
use comptoir_config::clock;
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobOutcome, JobRun, JobStart};
use std::time::Duration;

on_every_database! {
    views_run_after_the_import_that_they_read_and_are_on_record_once
}

const COUNT: &str = "-- description: How many rows\n-- source sales: import sales\n\n\
                     SELECT COUNT(*) AS line_count FROM sales";

const TWICE: &str = "-- description: Reads another\n-- source a_count: view a_count\n\n\
                     SELECT line_count * 2 AS twice FROM a_count";

const JOBS: &str = "[jobs.last]\nafter = [\"figures\"]\nviews = [\"other\"]\n\
                    [jobs.figures]\nafter = [\"sales\"]\nviews = [\"reader\", \"a_count\"]\n\
                    if-changed = true\n[jobs.sales]\n";

/// A source that is a small table, three views over it, and jobs.
async fn shop(world: &World, jobs: &str) {
    world.write_views_settings("");
    write_jobs(world, jobs);
    world
        .sql("CREATE TABLE sales (id INT NOT NULL PRIMARY KEY)")
        .await;
    world.sql("INSERT INTO sales VALUES (1), (2), (3)").await;
    world.write_view("a_count", COUNT);
    world.write_view("reader", TWICE);
    world.write_view("other", &COUNT.replace("COUNT(*)", "MAX(id)"));
}

fn write_jobs(world: &World, jobs: &str) {
    std::fs::write(world.directory.path().join("jobs.toml"), jobs).unwrap();
}

async fn views_run_after_the_import_that_they_read_and_are_on_record_once(world: &World) {
    shop(world, JOBS).await;
    let run = world.batch_well(&["run", "--all", "--json", "--metrics-file", "jobs.prom"]);
    let told = run.json();
    let jobs: Vec<_> = told.iter().map(|run| run["job"].clone()).collect();
    assert_eq!(jobs, ["sales", "figures", "last"]);
    let figures = &told[1];
    assert_eq!(
        (&figures["outcome"], &figures["attempts"]),
        (&"done".into(), &1.into())
    );
    assert!(figures["rows"].is_null() && figures["error"].is_null());
    let views = figures["views"].as_array().unwrap();
    let of_views: Vec<_> = (views.iter())
        .map(|view| (view["view"].as_str().unwrap(), view["rows"].as_u64()))
        .collect();
    assert_eq!(of_views, [("a_count", Some(1)), ("reader", Some(1))]);
    assert!(told[0]["views"].is_null());
    assert_eq!(world.view_rows("reader").await[0]["twice"], 6);
    let metrics = std::fs::read_to_string(world.directory.path().join("jobs.prom")).unwrap();
    for (sample, times) in [
        (
            "comptoir_job_last_success_timestamp_seconds{job=\"figures\"} ",
            1,
        ),
        ("comptoir_job_last_run_exit_code{job=\"figures\"} 0\n", 1),
        ("comptoir_job_rows{job=\"sales\"} 3\n", 1),
        ("comptoir_job_rows{job=\"figures\"}", 0),
        ("job=\"view.", 0),
    ] {
        assert_eq!(
            metrics.matches(sample).count(),
            times,
            "{sample}: {metrics}"
        );
    }

    // Rows stand once: with the view's own run.
    for (job, rows) in [
        ("figures", None),
        ("view.a_count", Some(1)),
        ("view.reader", Some(1)),
    ] {
        let history = world.batch_well(&["history", job, "--json"]).json();
        assert_eq!(history.len(), 1, "{job}: {history:?}");
        assert_eq!(history[0]["outcome"], "done", "{job}");
        assert_eq!(history[0]["rows"].as_u64(), rows, "{job}");
    }
    let status = world.batch_well(&["status", "--json"]).json();
    let names: Vec<_> = status.iter().map(|job| job["job"].clone()).collect();
    assert_eq!(names, ["last", "figures", "sales"]);
    assert!(
        status.iter().all(|job| job["last"]["outcome"] == "done"),
        "{status:?}"
    );

    let plan = world.batch_well(&["plan", "figures"]).stdout;
    for part in [
        "after     sales\n",
        "views     reader, a_count; only those with news\n",
        " done\na_count (",
        "  reads   sales: 3 rows of ",
        "  answers twice\n",
    ] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    let show = world.batch_well(&["job", "--show", "figures"]).stdout;
    assert_eq!(show, "views\nrun\nreader\na_count\n--if-changed\n");
    let more = world.batch(&["job", "--exec", "figures", "--", "--table", "t"]);
    assert_eq!(more.code, 2, "{}", more.stderr);
    let alone = world.batch_well(&["job", "--exec", "figures"]);
    assert!(
        alone
            .stdout
            .starts_with("figures: views: nothing is new in "),
        "{}",
        alone.stdout
    );

    // What fails is named once, and what needs it waits.
    world.write_view("a_count", &COUNT.replace("COUNT(*)", "COUNT(nothing)"));
    let failed = world.batch(&["run", "last", "--json"]);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    let told = failed.json();
    let outcomes: Vec<_> = told.iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["done", "failed", "skipped"]);
    let error = told[1]["error"].as_str().unwrap();
    assert!(error.starts_with("the view `a_count`: "), "{error}");
    assert!(error.ends_with("\nskipped therefore: reader"), "{error}");
    assert_eq!(told[1]["views"][1]["outcome"], "skipped");
    assert_eq!(
        failed.stderr.matches("own/a_count.sql: ").count(),
        1,
        "{}",
        failed.stderr
    );
    let status = world.batch_well(&["status"]).stdout;
    assert!(status.contains("  the view `a_count`: "), "{status}");
    assert_eq!(world.view_rows("reader").await[0]["twice"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_views_that_are_not_there_is_refused_before_any_job_begins() {
    World::with(Kind::Sqlite, async |world| {
        shop(
            world,
            "[jobs.sales]\n[jobs.figures]\nviews = [\"a_cuont\"]\n",
        )
        .await;
        let run = world.batch(&["run", "--all"]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        let expected = "jobs.toml:2: the job `figures`: there is no view `a_cuont`";
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert!(
            run.stderr.contains("did you mean `a_count`?"),
            "{}",
            run.stderr
        );
        assert!(world.batch_well(&["history"]).stdout.lines().count() == 1);

        // All views, which are the shipped ones: they have nothing to read.
        let own = world.directory.path().join("own");
        std::fs::remove_dir_all(&own).unwrap();
        std::fs::create_dir(&own).unwrap();
        write_jobs(world, "[jobs.all]\nviews = \"all\"\n");
        let plan = world.batch_well(&["plan", "all"]).stdout;
        assert!(
            plan.contains("views     all, after the live run\n"),
            "{plan}"
        );
        let nothing = "baskets (batch/views/baskets.sql): has nothing to read yet\n";
        assert!(plan.contains(nothing), "{plan}");
    })
    .await;
}

/// Where nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("hdfs://{}", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_is_away_is_tried_again_and_a_job_taken_over_goes_no_further() {
    World::with(Kind::Sqlite, async |world| {
        let of_figures = "views = [\"a_count\", \"other\"]\nretry-pause = 1\n";
        let jobs = format!(
            "[jobs.figures]\nretries = 1\n{of_figures}[jobs.patient]\nretries = 100\n{of_figures}"
        );
        shop(world, &jobs).await;
        let away = |job: &str| {
            let mut run = world.program(&["run", job, "--json"]);
            run.env("COMPTOIR_LAKE_TIMEOUT_S", "1");
            run.env("COMPTOIR_LAKE_URL", nowhere());
            run
        };
        let run = Ended::of(away("figures").output().unwrap());
        assert_eq!(run.code, 7, "{}", run.stderr);
        assert_eq!(run.json()[0]["attempts"], 2);
        assert_eq!(run.json()[0]["views"].as_array().unwrap().len(), 2);
        let tries = world
            .batch_well(&["history", "view.other", "--json"])
            .json();
        assert_eq!(tries.len(), 2, "{tries:?}");

        let mut patient = away("patient");
        patient.stdout(std::process::Stdio::piped());
        patient.stderr(std::process::Stdio::piped());
        let patient = patient.spawn().unwrap();
        let (warehouse, job) = (world.warehouse(), JobName::parse("patient").unwrap());
        let deadline = clock::instant() + Duration::from_mins(1);
        while warehouse.job_runs(Some(&job), 1).await.unwrap().is_empty() {
            assert!(clock::instant() < deadline, "it never began");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // As if its lock had ended with its session.
        let lock = world.directory.path().join("warehouse.db.job-patient.lock");
        std::fs::remove_file(lock).unwrap();
        let started = warehouse.start_job(&job, "till-2", 1, clock::now()).await;
        let Ok(JobStart::Started(successor)) = started else {
            panic!("the job is free")
        };
        let patient = Ended::of(patient.wait_with_output().unwrap());
        assert_eq!(patient.code, 4, "{}", patient.stderr);
        assert!(
            patient.stderr.contains("was taken over"),
            "{}",
            patient.stderr
        );
        successor.confirm().await.unwrap();
        let runs = warehouse.job_runs(Some(&job), 10).await.unwrap();
        let outcomes: Vec<_> = runs.iter().map(|run| run.outcome).collect();
        assert_eq!(outcomes, [JobOutcome::Running, JobOutcome::Crashed]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_another_process_computes_is_waited_for_and_the_others_run_once() {
    World::with(Kind::Sqlite, async |world| {
        let jobs = "[jobs.figures]\nviews = [\"a_count\", \"other\"]\nretries = 100\nretry-pause = 1\n\
                    [jobs.hasty]\nviews = [\"a_count\"]\nretries = 0\n";
        shop(world, jobs).await;
        world.import_sales(&[]);
        let warehouse = world.warehouse();
        warehouse.migrate().await.unwrap();
        let [held, other] = ["view.a_count", "view.other"].map(|name| JobName::parse(name).unwrap());
        let started = warehouse.start_job(&held, "elsewhere", 7, clock::now()).await;
        let Ok(JobStart::Started(lock)) = started else {
            panic!("nobody else knows this view")
        };
        let hasty = world.batch(&["run", "hasty"]);
        assert_eq!(hasty.code, 4, "{}", hasty.stderr);
        assert!(hasty.stderr.contains("process 7 on elsewhere"), "{}", hasty.stderr);

        let run = world.start(&["run", "figures", "--json"]);
        let deadline = clock::instant() + Duration::from_mins(1);
        let is_done = |run: &JobRun| run.outcome == JobOutcome::Done;
        while !(warehouse.job_runs(Some(&other), 1).await.unwrap().iter()).any(is_done) {
            assert!(clock::instant() < deadline, "the other view did not run");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(lock);
        let run = Ended::of(run.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.json()[0]["attempts"].as_u64().unwrap() > 1, "{}", run.stdout);
        assert_eq!(warehouse.job_runs(Some(&other), 9).await.unwrap().len(), 1);
        assert_eq!(world.view_rows("a_count").await[0]["line_count"], 3);
    })
    .await;
}
