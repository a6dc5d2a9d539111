//! The runs of jobs through the API, as the jobs recorded them.

use crate::support::{TestLake, TestServer, request};
use comptoir_config::clock;
use comptoir_model::ids::{JobName, RunId};
use comptoir_warehouse::{
    JobEnd, JobLock, JobOutcome, JobOutput, JobStart, Limits, Login, Warehouse,
};
use comptoir_web::ServeRequest;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Of runs in the past: a job's newest ones are kept whatever their age.
fn hours_ago(hours: i64) -> Timestamp {
    clock::now() - SignedDuration::from_hours(hours)
}

async fn started(warehouse: &Warehouse, job: &JobName, at: Timestamp) -> JobLock {
    match warehouse.start_job(job, "till", 7, at).await.unwrap() {
        JobStart::Started(lock) => lock,
        JobStart::Held(holder) => panic!("{holder:?} has it"),
    }
}

pub(crate) async fn run(warehouse: &Warehouse, job: &str, at: Timestamp, error: Option<&str>) {
    let job = JobName::parse(job).unwrap();
    let lock = started(warehouse, &job, at).await;
    let output = JobOutput {
        run: RunId::parse("r1").unwrap(),
        rows: 12,
        bytes: 345,
    };
    let end = JobEnd {
        at: at + SignedDuration::from_secs(90),
        outcome: error.map_or(JobOutcome::Done, |_| JobOutcome::Failed),
        attempts: 2,
        output: error.is_none().then_some(output),
        error: error.map(str::to_owned),
    };
    lock.finish(&end).await.unwrap();
}

fn of<'a>(jobs: &'a Value, name: &str) -> &'a Value {
    let mut all = jobs["jobs"].as_array().unwrap().iter();
    all.find(|job| job["name"] == name).unwrap()
}

#[tokio::test]
async fn jobs_say_how_they_ended_and_when_they_are_due() {
    let lake = TestLake::new();
    let path = lake.dir.path().join("warehouse.db");
    let url = format!("sqlite://{}", path.display()).parse().unwrap();
    let warehouse = Warehouse::new(url, Login::default(), Limits::default());
    warehouse.migrate().await.unwrap();
    let server = TestServer::serving(ServeRequest {
        warehouse: warehouse.clone(),
        ..request(&lake.lake)
    })
    .await;
    assert_eq!(server.json("/api/v1/jobs").await["jobs"], json!([]));

    // Each day, the last time two days ago; it failed.
    for day in (3..=6).rev() {
        run(&warehouse, "sales", hours_ago(24 * day), None).await;
    }
    let error = "the server is away\nhint: <img onerror=x> start it";
    run(&warehouse, "sales", hours_ago(48), Some(error)).await;
    run(&warehouse, "view.live", hours_ago(1), None).await;
    let customers = JobName::parse("customers").unwrap();
    let lock = started(&warehouse, &customers, hours_ago(0)).await;

    let jobs = server.json("/api/v1/jobs").await;
    let sales = of(&jobs, "sales");
    assert_eq!(sales["last"]["outcome"], "failed");
    assert_eq!(sales["last"]["error"], error);
    assert_eq!(sales["last"]["rows"], Value::Null);
    assert_eq!(sales["last_done"]["rows"], 12);
    assert_eq!(sales["last_done"]["bytes"], 345);
    assert_eq!(sales["last_done"]["attempts"], 2);
    let outcomes = sales["recent"].as_array().unwrap().iter();
    let outcomes: Vec<&Value> = outcomes.map(|run| &run["outcome"]).collect();
    assert_eq!(outcomes, ["failed", "done", "done", "done", "done"]);
    let interval = sales["usual_interval_s"].as_u64().unwrap();
    assert!(interval.abs_diff(24 * 3600) <= 60, "{interval}");
    assert_eq!(sales["is_overdue"], true);
    let live = of(&jobs, "view.live");
    assert_eq!(
        (&live["last"]["outcome"], &live["expected_at"]),
        (&json!("done"), &Value::Null)
    );
    assert_eq!(of(&jobs, "customers")["last"]["outcome"], "running");
    assert_eq!(of(&jobs, "customers")["last"]["ended_at"], Value::Null);
    drop(lock);

    let history = server.json("/api/v1/jobs/sales?limit=2").await;
    let runs = history["runs"].as_array().unwrap();
    assert_eq!(
        (runs.len(), &runs[0], &history["name"]),
        (2, &sales["last"], &json!("sales"))
    );
    for (path, status) in [
        ("/api/v1/jobs/other", 404),
        ("/api/v1/jobs/no%20name", 404),
        ("/api/v1/jobs/sales?limit=0", 400),
        ("/api/v1/jobs?limit=1", 200),
    ] {
        assert_eq!(server.get(path).await.status(), status, "{path}");
    }
    server.stop().await;
}
