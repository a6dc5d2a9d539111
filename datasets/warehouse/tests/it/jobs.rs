//! The lock of a job, and what is recorded of its runs.

use crate::world::{Kind, World, at, on_every_database};
use comptoir_model::ids::{JobName, RunId};
use comptoir_warehouse::{
    JobEnd, JobHolder, JobLock, JobOutcome, JobOutput, JobStart, Limits, Warehouse, WarehouseError,
};

on_every_database! {
    a_run_is_recorded_from_its_start_to_its_end
    two_at_once_are_one_and_the_other_hears_who_it_is
    a_process_that_dies_frees_its_job_and_is_found_crashed
    an_owner_that_lost_its_lock_changes_nothing_any_more
    a_lock_that_nobody_took_in_between_is_taken_again
    a_skipped_job_is_recorded_with_its_reason
    of_old_runs_the_newest_stay_and_the_last_that_was_done
}

fn sales() -> JobName {
    JobName::parse("sales").unwrap()
}

async fn start(warehouse: &Warehouse, host: &str, second: i64) -> Result<JobLock, JobHolder> {
    match (warehouse.start_job(&sales(), host, 7, at(second)).await).unwrap() {
        JobStart::Started(lock) => Ok(lock),
        JobStart::Held(holder) => Err(holder.expect("a holder that is known")),
    }
}

async fn started(warehouse: &Warehouse, host: &str, second: i64) -> JobLock {
    match start(warehouse, host, second).await {
        Ok(lock) => lock,
        Err(holder) => panic!("{holder:?} has it"),
    }
}

fn done(second: i64, rows: u64) -> JobEnd {
    JobEnd {
        at: at(second),
        outcome: JobOutcome::Done,
        attempts: 2,
        output: Some(JobOutput {
            run: RunId::parse("r1").unwrap(),
            rows,
            bytes: 10 * rows,
        }),
        error: None,
    }
}

fn failed(second: i64) -> JobEnd {
    JobEnd {
        at: at(second),
        outcome: JobOutcome::Failed,
        attempts: 3,
        output: None,
        error: Some("no such table\nhint: `t`".to_owned()),
    }
}

async fn outcomes(world: &World) -> Vec<JobOutcome> {
    let runs = world.warehouse.job_runs(Some(&sales()), 10).await.unwrap();
    runs.iter().map(|run| run.outcome).collect()
}

/// As a server that ends the session, or somebody who deletes the file, takes it away.
async fn lose_lock(world: &World) {
    if world.kind == Kind::Sqlite {
        let comptoir_config::DatabaseUrl::Sqlite { path } = &world.url else {
            panic!("{}", world.url)
        };
        let name = path.file_name().unwrap().to_str().unwrap();
        std::fs::remove_file(path.with_file_name(format!("{name}.job-sales.lock"))).unwrap();
        return;
    }
    let used = "SELECT IS_USED_LOCK(CONCAT('comptoir.', \
                LEFT(SHA2(CONCAT(DATABASE(), '.job.sales'), 256), 40)))";
    let session = world.number(used).await;
    world.sql(&format!("KILL {session}")).await;
    let gone = format!("SELECT {session} IN (SELECT id FROM information_schema.processlist)");
    while world.number(&gone).await == 1 {
        tokio::task::yield_now().await;
    }
}

async fn a_run_is_recorded_from_its_start_to_its_end(world: &World) {
    let lock = started(&world.warehouse, "till-1", 0).await;
    let running = world.warehouse.job_states().await.unwrap();
    assert_eq!(running.len(), 1);
    assert_eq!(running[0].last.outcome, JobOutcome::Running);
    assert_eq!(
        (
            running[0].last.host.as_str(),
            running[0].last.pid,
            &running[0].last_done
        ),
        ("till-1", 7, &None)
    );
    lock.confirm().await.unwrap();
    lock.finish(&done(5, 42)).await.unwrap();

    let lock = started(&world.warehouse, "till-1", 10).await;
    lock.finish(&failed(11)).await.unwrap();
    let state = &world.warehouse.job_states().await.unwrap()[0];
    assert_eq!(state.last.outcome, JobOutcome::Failed);
    assert_eq!(state.last.ended_at, Some(at(11)));
    assert_eq!(state.last.error, failed(11).error);
    let last_done = state.last_done.as_ref().unwrap();
    assert_eq!(last_done.output, done(5, 42).output);
    assert_eq!((last_done.attempts, last_done.ended_at), (2, Some(at(5))));
    let newest = world.warehouse.job_runs(None, 1).await.unwrap();
    assert_eq!(newest, std::slice::from_ref(&state.last));
}

async fn two_at_once_are_one_and_the_other_hears_who_it_is(world: &World) {
    let lock = started(&world.warehouse, "till-1", 3).await;
    let other = world.another(Limits::default());
    let holder = start(&other, "till-2", 4).await.err().unwrap();
    let expected = JobHolder {
        host: "till-1".to_owned(),
        pid: 7,
        since: at(3),
    };
    assert_eq!(holder, expected);
    // Another job is another lock.
    let customers = JobName::parse("customers").unwrap();
    let start_customers = other.start_job(&customers, "till-2", 8, at(4)).await;
    assert!(matches!(start_customers.unwrap(), JobStart::Started(_)));
    lock.finish(&done(6, 1)).await.unwrap();
    started(&other, "till-2", 7).await;
}

async fn a_process_that_dies_frees_its_job_and_is_found_crashed(world: &World) {
    drop(started(&world.warehouse, "till-1", 0).await);
    // The server notices that the session is gone when it next looks at it.
    while outcomes(world).await != [JobOutcome::Crashed] {
        tokio::task::yield_now().await;
    }
    let lock = started(&world.warehouse, "till-2", 60).await;
    assert_eq!(
        outcomes(world).await,
        [JobOutcome::Running, JobOutcome::Crashed]
    );
    lock.finish(&done(61, 1)).await.unwrap();
    let runs = world.warehouse.job_runs(Some(&sales()), 10).await.unwrap();
    assert_eq!(runs[1].ended_at, Some(at(60)));
}

async fn an_owner_that_lost_its_lock_changes_nothing_any_more(world: &World) {
    let paused = started(&world.warehouse, "till-1", 0).await;
    lose_lock(world).await;
    let second = started(&world.another(Limits::default()), "till-2", 1).await;
    let fenced = |error: WarehouseError| {
        assert!(
            matches!(error, WarehouseError::JobTakenOver { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("hint: "), "{error}");
    };
    fenced(paused.confirm().await.unwrap_err());
    second.confirm().await.unwrap();
    fenced(paused.finish(&done(2, 1)).await.unwrap_err());
    second.confirm().await.unwrap();
    second.finish(&done(3, 2)).await.unwrap();
    assert_eq!(
        outcomes(world).await,
        [JobOutcome::Done, JobOutcome::Crashed]
    );
}

/// The successor came and went while the owner was paused: the lock is free, and still not its own.
async fn a_lock_that_nobody_took_in_between_is_taken_again(world: &World) {
    let lock = started(&world.warehouse, "till-1", 0).await;
    lose_lock(world).await;
    lock.confirm().await.unwrap();
    lock.confirm().await.unwrap();
    if world.kind != Kind::Sqlite {
        start(&world.another(Limits::default()), "till-2", 1)
            .await
            .err()
            .expect("the lock is held again");
        lose_lock(world).await;
        let second = started(&world.another(Limits::default()), "till-2", 1).await;
        second.finish(&done(2, 2)).await.unwrap();
        let error = lock.confirm().await.unwrap_err();
        assert!(
            matches!(error, WarehouseError::JobTakenOver { .. }),
            "{error}"
        );
    }
}

async fn a_skipped_job_is_recorded_with_its_reason(world: &World) {
    let why = "`customers` was not done";
    let (warehouse, job) = (&world.warehouse, sales());
    warehouse
        .skip_job(&job, "till-1", 7, why, at(0))
        .await
        .unwrap();
    let runs = warehouse.job_runs(None, 10).await.unwrap();
    assert_eq!(runs[0].outcome, JobOutcome::Skipped);
    assert_eq!(runs[0].error.as_deref(), Some(why));
    assert_eq!(runs[0].attempts, 0);
}

async fn of_old_runs_the_newest_stay_and_the_last_that_was_done(world: &World) {
    let warehouse = world.another(Limits::default());
    let day_ms = 24 * 60 * 60 * 1_000;
    let now = at(0).as_millisecond();
    let runs: Vec<_> = (0..1_100)
        .map(|number| {
            let outcome = if number == 50 { "done" } else { "failed" };
            let started = now - 500 * day_ms + number * 1_000;
            format!("('sales', 'old', 1, {started}, {started}, '{outcome}', 1)")
        })
        .collect();
    let columns = "job, host, pid, started_at_ms, ended_at_ms, outcome, attempts";
    world
        .sql(&format!(
            "INSERT INTO job_runs ({columns}) VALUES {}, ('other', 'old', 1, 0, 0, 'failed', 1)",
            runs.join(",")
        ))
        .await;
    started(&warehouse, "now", 0)
        .await
        .finish(&done(1, 1))
        .await
        .unwrap();
    // The newest with the one that has begun, and the one that was the last to be done then.
    let count = "SELECT COUNT(*) FROM job_runs WHERE job = 'sales'";
    assert_eq!(world.number(count).await, 1_001);
    let states = warehouse.job_states().await.unwrap();
    assert_eq!(states.len(), 2, "another job's runs are its own");

    world
        .sql(&format!(
            "UPDATE job_runs SET started_at_ms = {} WHERE host = 'old'",
            now - 399 * day_ms
        ))
        .await;
    let why = "`first` was not done";
    for _ in 0..2 {
        warehouse
            .skip_job(&sales(), "now", 1, why, at(2))
            .await
            .unwrap();
    }
    assert_eq!(world.number(count).await, 1_003, "young ones stay");
    warehouse
        .skip_job(&sales(), "now", 1, why, at(2 * 24 * 60 * 60))
        .await
        .unwrap();
    assert_eq!(world.number(count).await, 1_000);
}
