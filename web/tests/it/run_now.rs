//! Asking for a job: who may, what is done with it, and who knows of it afterwards.

use crate::accounts::{Accounts, form, log_in, status};
use crate::live::at;
use crate::shop::{Kind, Shop};
use crate::support::TestServer;
use comptoir_model::ids::JobName;
use comptoir_warehouse::{CommandOutcome, EXECUTOR, ProcessPhase, ProcessState, Warehouse};
use jiff::Timestamp;
use reqwest::Response;
use serde_json::{Value, json};
use std::time::Duration;

const NOW: &str = "2026-11-21T13:42:30Z";
const JOBS: &str = "/api/v1/jobs";

/// A process that runs these jobs was heard of then.
pub(crate) async fn executor(warehouse: &Warehouse, seen_at: Timestamp, jobs: &[&str]) {
    let state = ProcessState {
        name: EXECUTOR.to_owned(),
        instance: "till/7".to_owned(),
        host: "till".to_owned(),
        pid: 7,
        listen: None,
        started_at: seen_at,
        seen_at,
        phase: ProcessPhase::Running,
        detail: String::new(),
    };
    warehouse.beat(&state).await.unwrap();
    let jobs = jobs.iter().map(|job| JobName::parse(job).unwrap());
    let jobs: Vec<_> = jobs.collect();
    warehouse.offer_jobs("till/7", &jobs).await.unwrap();
}

fn path(job: &str) -> String {
    format!("{JOBS}/{job}/run")
}

async fn ask(server: &TestServer, job: &str, cookie: &str) -> Response {
    let asking = form(server, &path(job), "").header("cookie", cookie);
    asking.send().await.unwrap()
}

async fn problem(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap();
    (status, problem["type"].clone())
}

async fn json(server: &TestServer, path: &str, cookie: &str) -> Value {
    let answer = server.request("GET", path).header("cookie", cookie);
    answer.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_ask_for_a_job_and_the_journal_knows_it() {
    let accounts = Accounts::new();
    for (name, role) in [("ada", "viewer"), ("olga", "operator"), ("otto", "auditor")] {
        accounts.add_user(name, role);
    }
    let token = accounts.add_token("night", "operate");
    let shop = Shop::open(Kind::Sqlite).await;
    let server = accounts.serve_over(&shop, || at(NOW)).await;
    let warehouse = &shop.warehouse;
    let olga = log_in(&server, "olga").await;
    let none = problem(ask(&server, "sales", &olga).await).await;
    assert_eq!(none, (503, "/problems/no-executor".into()));
    executor(warehouse, at("2026-11-21T13:42:20Z"), &["sales"]).await;
    let silent = problem(ask(&server, "sales", &olga).await).await;
    assert_eq!(silent.0, 503);
    let jobs = json(&server, JOBS, &olga).await;
    assert_eq!(
        jobs["run_now"],
        json!({"is_possible": false, "seen_at": "2026-11-21T13:42:20Z", "jobs": ["sales"],
               "commands": []})
    );

    executor(warehouse, at(NOW), &["sales", "view.live"]).await;
    for (name, cookie) in [
        ("ada", log_in(&server, "ada").await),
        ("otto", log_in(&server, "otto").await),
    ] {
        let refused = problem(ask(&server, "sales", &cookie).await).await;
        assert_eq!(refused, (403, "/problems/not-allowed".into()), "{name}");
    }
    for (name, may) in [("ada", false), ("olga", true)] {
        let cookie = log_in(&server, name).await;
        let session = json(&server, "/api/v1/session", &cookie).await;
        let rights = session["rights"].as_array().unwrap();
        assert_eq!(rights.contains(&"operate".into()), may, "{name}: {session}");
    }
    assert_eq!(ask(&server, "sales", "").await.status(), 401);
    let elsewhere = server
        .request("POST", &path("sales"))
        .header("cookie", &olga);
    let elsewhere = elsewhere.header("sec-fetch-site", "cross-site").send();
    let elsewhere = problem(elsewhere.await.unwrap()).await;
    assert_eq!(elsewhere, (403, "/problems/foreign-origin".into()));
    let body = form(&server, &path("sales"), "x=1").header("cookie", &olga);
    assert_eq!(body.send().await.unwrap().status(), 413);
    let unknown = problem(ask(&server, "stock", &olga).await).await;
    assert_eq!(unknown, (404, "/problems/not-found".into()));
    let read = server
        .request("GET", &path("sales"))
        .header("cookie", &olga);
    let read = read.send().await.unwrap();
    assert_eq!(
        (read.status().as_u16(), &read.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
    assert_eq!(warehouse.open_job_commands().await.unwrap(), []);

    let asked = ask(&server, "sales", &olga).await;
    assert_eq!(asked.status(), 202);
    let asked: Value = asked.json().await.unwrap();
    let expected = json!({"id": asked["id"], "job": "sales", "asked_by": "user:olga",
                          "asked_at": NOW, "state": "waiting", "ended_at": null, "said": null});
    assert_eq!(asked, expected);
    // Programs come from nowhere, and ask for the same.
    let bearer = format!("Bearer {token}");
    let again = server
        .request("POST", &path("sales"))
        .header("authorization", bearer);
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), 202);
    assert_eq!(again.json::<Value>().await.unwrap(), asked);
    let jobs = json(&server, JOBS, &olga).await;
    assert_eq!(jobs["run_now"]["commands"], json!([asked]));
    assert_eq!(jobs["run_now"]["jobs"], json!(["sales", "view.live"]));

    let claim = warehouse.open_job_commands().await.unwrap()[0].claim();
    let failed = CommandOutcome::Failed;
    let end = warehouse.end_job_command(&claim, failed, "the ERP is away", at(NOW));
    assert!(end.await.unwrap());
    let jobs = json(&server, JOBS, &olga).await;
    let command = &jobs["run_now"]["commands"][0];
    assert_eq!(
        (&command["state"], &command["said"]),
        (&"failed".into(), &"the ERP is away".into())
    );

    assert_eq!(status(&server, "/api/v1/journal", &olga).await, 200);
    let of_jobs = async {
        loop {
            let entries = warehouse.journal(None, 100).await.unwrap();
            let entries = entries.into_iter().map(|numbered| numbered.entry);
            let of_jobs = entries.filter(|entry| entry.action == "job.run");
            let of_jobs: Vec<_> = of_jobs.map(|entry| (entry.who, entry.detail)).collect();
            if of_jobs.len() >= 2 {
                return of_jobs;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let noted = tokio::time::timeout(Duration::from_secs(30), of_jobs).await;
    let entry = |who: &str| (who.to_owned(), "sales".to_owned());
    assert_eq!(noted.unwrap(), [entry("token:night"), entry("user:olga")]);
}
