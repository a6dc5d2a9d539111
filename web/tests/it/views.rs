//! The results of batch views: the list, and pages of one.

use crate::support::{TestLake, TestServer, request};
use comptoir_config::clock;
use comptoir_model::ids::RunId;
use comptoir_model::view_result::{
    InLake, LakeFormat, SourceRun, UnknownKeys, ViewAbout, ViewColumn, ViewName, ViewType,
};
use comptoir_warehouse::{JobEnd, JobOutcome, JobStart, Limits, Login, Warehouse};
use comptoir_web::ServeRequest;
use serde_json::{Value, json};

const MONEY: ViewType = ViewType::Decimal {
    precision: 18,
    scale: 2,
};

pub(crate) struct Shop {
    pub(crate) warehouse: Warehouse,
    pub(crate) server: TestServer,
    pub(crate) lake: TestLake,
}

impl Shop {
    pub(crate) async fn open() -> Self {
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
        Self {
            warehouse,
            server,
            lake,
        }
    }

    async fn publish(&self, run: &str, rows: &[Value]) {
        publish(&self.warehouse, run, rows).await;
    }

    pub(crate) async fn fail(&self, error: &str) {
        (self.run_ended(&top(), JobOutcome::Failed, Some(error))).await;
    }

    async fn run_ended(&self, view: &ViewName, outcome: JobOutcome, error: Option<&str>) {
        let started = self
            .warehouse
            .start_job(&view.job(), "here", 7, clock::now())
            .await;
        let Ok(JobStart::Started(lock)) = started else {
            panic!("somebody else runs it");
        };
        let end = JobEnd {
            at: clock::now(),
            outcome,
            attempts: 1,
            output: None,
            error: error.map(str::to_owned),
        };
        lock.finish(&end).await.unwrap();
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let page = self
            .server
            .json(&format!("/api/v1/views/top?{query}"))
            .await;
        let rows = page["rows"]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {page}"));
        rows.iter()
            .map(|row| row["customer"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Publishes customers and what they spent, in chunks of two.
pub(crate) async fn publish(warehouse: &Warehouse, run: &str, rows: &[Value]) {
    publish_in_chunks(warehouse, run, rows, 2).await;
}

pub(crate) async fn publish_in_chunks(
    warehouse: &Warehouse,
    run: &str,
    rows: &[Value],
    chunk: usize,
) {
    let (view, run) = (top(), RunId::parse(run).unwrap());
    let begun = warehouse.begin_view_result(&view, &run, clock::now());
    let mut writer = begun.await.unwrap();
    for chunk in rows.chunks(chunk) {
        let body = Value::from(chunk.to_vec()).to_string();
        writer.append(chunk.len() as u64, &body).await.unwrap();
    }
    writer.publish(&about(), clock::now()).await.unwrap();
}

fn top() -> ViewName {
    ViewName::parse("top").unwrap()
}

fn about() -> ViewAbout {
    let column = |name: &str, kind| ViewColumn {
        name: name.to_owned(),
        kind,
    };
    ViewAbout {
        description: "Who spent most".to_owned(),
        columns: vec![
            column("customer", ViewType::Text),
            column("spent", MONEY),
            column("last", ViewType::Date),
        ],
        sources: vec![SourceRun {
            name: "sales".to_owned(),
            location: "/user/sqoop/sales".to_owned(),
            run: RunId::parse("import-1").unwrap(),
            rows: 9,
            time: "2026-11-21T04:00:00Z".parse().unwrap(),
        }],
        as_of: "2026-11-21T04:00:00Z".parse().unwrap(),
        sha256: String::new(),
        lake: None,
        unknown: Vec::new(),
        broken: Vec::new(),
    }
}

pub(crate) fn rows() -> Vec<Value> {
    vec![
        json!(["Éléonore", "9.50", "2024-02-29"]),
        json!(["Bob", "10.00", null]),
        json!(["a'; DROP TABLE view_results; --", "0.05", "2024-01-01"]),
        json!(["Zoë", "-1.00", "2023-12-31"]),
        json!(["Ann", null, "2024-02-29"]),
    ]
}

#[tokio::test]
async fn a_result_is_listed_with_its_age_and_served_with_its_types() {
    let shop = Shop::open().await;
    assert_eq!(
        shop.server.json("/api/v1/views").await,
        json!({"views": []})
    );
    assert_eq!(shop.server.get("/api/v1/views/top").await.status(), 404);
    shop.publish("run-1", &rows()).await;
    let list = shop.server.json("/api/v1/views").await;
    let listed = &list["views"][0];
    assert_eq!(listed["name"], "top");
    assert_eq!(listed["result"]["rows"], 5);
    assert!(
        listed["result"]["age_s"].as_u64().unwrap() < 3600,
        "{listed}"
    );
    assert_eq!(listed["result"]["sources"][0]["run"], "import-1");
    assert_eq!(
        listed["result"]["columns"][1],
        json!({"name": "spent", "type": "decimal", "precision": 18, "scale": 2})
    );
    let page = shop.server.json("/api/v1/views/top").await;
    assert_eq!(page["run"], "run-1");
    assert_eq!(page["as_of"]["time"], "2026-11-21T04:00:00Z");
    assert_eq!(
        (&page["matching_rows"], &page["next_cursor"]),
        (&5.into(), &Value::Null)
    );
    assert_eq!(
        page["rows"][0],
        json!({"customer": "Éléonore", "spent": "9.50", "last": "2024-02-29"})
    );
    assert_eq!(page["rows"][4]["spent"], Value::Null);
}

#[tokio::test]
async fn a_result_that_only_the_lake_has_is_listed_with_what_is_unknown_and_says_where_it_lies() {
    let shop = Shop::open().await;
    let run = RunId::parse("run-1").unwrap();
    let view = top();
    let begun = shop.warehouse.begin_view_result(&view, &run, clock::now());
    let about = ViewAbout {
        lake: Some(InLake {
            format: LakeFormat::Delta,
            location: "/silver/top".to_owned(),
            rows: 7_000_000,
            is_served: false,
        }),
        unknown: vec![UnknownKeys {
            reference: "products".to_owned(),
            is_given: true,
            keys: 1,
            rows: 17,
            examples: vec!["p-1".to_owned()],
        }],
        ..about()
    };
    let writer = begun.await.unwrap();
    writer.publish(&about, clock::now()).await.unwrap();
    let list = shop.server.json("/api/v1/views").await;
    let result = &list["views"][0]["result"];
    assert_eq!(result["rows"], 7_000_000);
    assert_eq!(result["lake"]["location"], "/silver/top");
    assert_eq!(
        result["unknown"][0],
        json!({"reference": "products", "is_given": true, "keys": 1, "rows": 17, "examples": ["p-1"]})
    );
    let page = shop.server.get("/api/v1/views/top").await;
    assert_eq!(page.status(), 404);
    let said = page.text().await.unwrap();
    assert!(said.contains("/silver/top, as delta"), "{said}");
}

#[tokio::test]
async fn rows_are_filtered_and_sorted_by_declared_columns() {
    let shop = Shop::open().await;
    shop.publish("run-1", &rows()).await;
    for (query, expected) in [
        ("customer=Zo%C3%AB", vec!["Zoë"]),
        (
            "customer=a%27%3B+DROP+TABLE+view_results%3B+--",
            vec!["a'; DROP TABLE view_results; --"],
        ),
        ("spent=9.5", vec!["Éléonore"]),
        (
            "spent.min=0.05&spent.max=9.50",
            vec!["Éléonore", "a'; DROP TABLE view_results; --"],
        ),
        ("last.min=2024-02-29&sort=customer", vec!["Ann", "Éléonore"]),
        ("sort=-spent&limit=2", vec!["Bob", "Éléonore"]),
        ("customer=nobody", vec![]),
    ] {
        assert_eq!(shop.names(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_end_with_their_run() {
    let shop = Shop::open().await;
    shop.publish("run-1", &rows()).await;
    let mut found = Vec::new();
    let mut cursors = Vec::new();
    let mut query = "sort=-spent&limit=2".to_owned();
    loop {
        let page = shop
            .server
            .json(&format!("/api/v1/views/top?{query}"))
            .await;
        for row in page["rows"].as_array().unwrap() {
            found.push(row["customer"].as_str().unwrap().to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        cursors.push(cursor.to_owned());
        query = format!("sort=-spent&limit=2&cursor={cursor}");
    }
    assert_eq!(
        found,
        [
            "Bob",
            "Éléonore",
            "a'; DROP TABLE view_results; --",
            "Zoë",
            "Ann"
        ]
    );
    assert_eq!(cursors.len(), 2);
    shop.publish("run-2", &rows()[..1]).await;
    let old = shop
        .server
        .get(&format!(
            "/api/v1/views/top?sort=-spent&cursor={}",
            cursors[0]
        ))
        .await;
    assert_eq!(old.status(), 409);
    let problem: Value = old.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/stale-cursor");
    assert!(
        problem["detail"].as_str().unwrap().contains("run-2"),
        "{problem}"
    );
    assert_eq!(shop.names("").await, ["Éléonore"]);
}

#[tokio::test]
async fn a_wrong_parameter_is_a_problem_that_names_it() {
    let shop = Shop::open().await;
    shop.publish("run-1", &rows()).await;
    for (query, expected) in [
        ("customr=a", "customr"),
        ("spent=1.234", "spent"),
        ("spent=1;drop", "spent"),
        ("last.max=yesterday", "last.max"),
        ("sort=age", "sort"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("customer=a&customer=b", "customer"),
    ] {
        let answer = shop.server.get(&format!("/api/v1/views/top?{query}")).await;
        assert_eq!(answer.status(), 400, "{query}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{query}"
        );
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/invalid-parameter", "{query}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(expected), "{query}: {detail}");
        assert_eq!(problem["errors"][0]["parameter"], expected, "{query}");
    }
    for name in ["no_such_view", "..", "a%20b", "TOP"] {
        let answer = shop.server.get(&format!("/api/v1/views/{name}")).await;
        assert_eq!(answer.status(), 404, "{name}");
    }
}

#[tokio::test]
async fn a_failure_is_shown_beside_the_last_good_result() {
    let shop = Shop::open().await;
    shop.publish("run-1", &rows()).await;
    let path = "/api/v1/views/top";
    let first = shop.server.get(path).await;
    let tag = first.headers()["etag"].clone();
    let again = shop
        .server
        .request("GET", path)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    shop.fail("the import is gone\nhint: import it").await;
    let page = shop.server.json(path).await;
    assert_eq!(
        (&page["run"], &page["matching_rows"]),
        (&"run-1".into(), &5.into())
    );
    let error = "the import is gone\nhint: import it";
    assert_eq!(page["last_failure"]["error"], error);
    let list = shop.server.json("/api/v1/views").await;
    assert_eq!(list["views"][0]["last_failure"]["error"], error);
    assert_eq!(list["views"][0]["result"]["run"], "run-1");
}

#[tokio::test]
async fn the_live_run_is_told_where_it_failed_only() {
    let shop = Shop::open().await;
    let live = ViewName::live();
    shop.run_ended(&live, JobOutcome::Done, None).await;
    let list = shop.server.json("/api/v1/views").await;
    assert_eq!(list["views"], Value::Array(Vec::new()));
    let error = "partition 0 of stream-1: generation 7 differs";
    (shop.run_ended(&live, JobOutcome::Failed, Some(error))).await;
    let list = shop.server.json("/api/v1/views").await;
    assert_eq!(list["views"][0]["name"], "live");
    assert_eq!(list["views"][0]["last_failure"]["error"], error);
}
