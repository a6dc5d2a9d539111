//! Jobs whose process dies or loses its lock, and sources and lakes that are away.

use crate::jobs_support::Ended;
use crate::world::{Kind, World, on_every_database};
use comptoir_lake::published;
use comptoir_model::ids::JobName;
use comptoir_warehouse::{JobOutcome, JobStart};

on_every_database! {
    a_killed_run_is_shown_as_crashed_and_the_next_one_goes_on
    a_run_whose_job_was_taken_over_publishes_nothing
}

async fn a_killed_run_is_shown_as_crashed_and_the_next_one_goes_on(world: &World) {
    let blocked = world.block().await;
    let mut run = world.start(&["run", "blocked"]);
    world.wait_for(JobOutcome::Running).await;
    run.kill().unwrap();
    run.wait().unwrap();
    world.wait_for(JobOutcome::Crashed).await;
    let status = world.batch(&["status", "--json"]).json();
    assert_eq!(status[0]["last"]["outcome"], "crashed");
    assert_eq!(status[0]["running"], false);
    let beside = world.root.join(".comptoir").unwrap().join("sales").unwrap();
    let left = beside.join("run-20260101T000000Z-00000001").unwrap();
    world.lake.mkdirs(&left).await.unwrap();
    // What is away comes back while it waits.
    let run = world.start(&["run", "blocked"]);
    world.wait_for(JobOutcome::Running).await;
    blocked.release().await;
    let run = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let history = world.batch(&["history", "--json"]).json();
    let outcomes: Vec<_> = history.iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["done", "crashed"]);
    assert_eq!(history[0]["rows"], 2);
    let swept = world.lake.stat(&left).await.unwrap();
    assert!(swept.is_none(), "what a crashed run left is still there");
}

/// The lock goes as it does when a session ends, or somebody deletes the file, while its owner
/// sleeps; somebody else runs the job; then the owner wakes up.
async fn a_run_whose_job_was_taken_over_publishes_nothing(world: &World) {
    let blocked = world.block().await;
    let paused = world.start(&["run", "blocked", "--json"]);
    world.wait_for(JobOutcome::Running).await;
    if world.kind == Kind::Sqlite {
        let lock = world.directory.path().join("warehouse.db.job-blocked.lock");
        std::fs::remove_file(lock).unwrap();
    } else {
        let mut admin = world.writer().await;
        let used = "SELECT IS_USED_LOCK(CONCAT('comptoir.', \
                    LEFT(SHA2(CONCAT(DATABASE(), '.job.blocked'), 256), 40)))";
        let rows = admin.fetch_all("asking", used).await.unwrap();
        let session = rows[0].get(0).unwrap().to_text().unwrap();
        admin
            .execute("ending the session", &format!("KILL {session}"))
            .await
            .unwrap();
        admin.close().await;
        world.wait_for(JobOutcome::Crashed).await;
    }
    let (warehouse, job) = (world.warehouse(), JobName::parse("blocked").unwrap());
    let now = comptoir_config::clock::now();
    let started = warehouse.start_job(&job, "till-2", 1, now).await.unwrap();
    let JobStart::Started(lock) = started else {
        panic!("the job is free")
    };
    blocked.release().await;
    let paused = Ended::of(paused.wait_with_output().unwrap());
    assert_eq!(paused.code, 4, "{}", paused.stderr);
    assert!(
        paused.stderr.contains("was taken over"),
        "{}",
        paused.stderr
    );
    assert_eq!(paused.json()[0]["outcome"], "failed");
    assert!(
        published::open(&world.lake, &world.target)
            .await
            .unwrap()
            .is_none()
    );
    lock.confirm().await.unwrap();
    let runs = warehouse.job_runs(Some(&job), 10).await.unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [JobOutcome::Running, JobOutcome::Crashed]);
}

/// Nobody listens there when it returns.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_what_was_away_and_retries_are_bounded() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(3).await;
        let port = free_port();
        let target = &world.target;
        // Takes connections, and says nothing.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = listener.local_addr().unwrap();
        world.write_jobs(&format!(
            "[jobs.source]\nconnect = \"mysql://127.0.0.1:{port}/erp\"\ntable = \"t\"\n\
             target-dir = \"{target}\"\nretries = 1\n\
             [jobs.lake]\nlake = \"hdfs://127.0.0.1:{port}\"\ntable = \"t\"\nnum-mappers = 1\n\
             target-dir = \"{target}\"\nretries = 0\n\
             [jobs.silent]\nlake = \"hdfs://{silent}\"\ntable = \"t\"\nnum-mappers = 1\n\
             target-dir = \"{target}\"\nretries = 1\ndelete-target-dir = true\n\
             [jobs.silent-once]\nlake = \"hdfs://{silent}\"\ntable = \"t\"\nnum-mappers = 1\n\
             target-dir = \"{target}\"\nretries = 1\n\
             [jobs.refused]\ntable = \"missing\"\nnum-mappers = 1\ntarget-dir = \"{target}\"\n"
        ));
        for (job, code, attempts) in [
            ("source", 6, 2),
            ("lake", 7, 1),
            // Whether a call that got no answer was carried out is unknown.
            ("silent", 7, 2),
            ("silent-once", 7, 1),
            ("refused", 1, 1),
        ] {
            let mut run = world.program(&["run", job, "--json"]);
            let run = Ended::of(run.env("COMPTOIR_LAKE_TIMEOUT_S", "2").output().unwrap());
            assert_eq!(run.code, code, "{}", run.stderr);
            let object = &run.json()[0];
            assert_eq!(
                (&object["exit"], &object["attempts"]),
                (&code.into(), &attempts.into())
            );
            let recorded = world.batch(&["history", job, "--json"]).json();
            assert_eq!(recorded[0]["outcome"], "failed");
            assert_eq!(recorded[0]["error"], object["error"]);
        }
        assert_eq!(world.batch(&["run", "source", "lake"]).code, 6);
        // Without a record there is no run.
        let mut run = world.program(&["run", "refused"]);
        run.env(
            "COMPTOIR_WAREHOUSE_URL",
            format!("mysql://127.0.0.1:{port}/w"),
        );
        let run = Ended::of(run.output().unwrap());
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(
            run.stderr.contains("the warehouse: can't reach"),
            "{}",
            run.stderr
        );
    })
    .await;
}
