//! Debian's Prometheus with the files that we ship, over processes of ours that run.

use crate::compose_yaml::read;
use crate::launcher::{Up, eventually};
use crate::services::compose_dir;
use comptoir_model::api::health::{FactName, Health};
use serde_json::Value as Json;
use serde_yaml_ng::{Value, from_str, to_string, to_value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The jobs of `prometheus.yml`, and as what their processes are known to the warehouse.
const JOBS: [(&str, &str); 4] = [
    ("comptoir", "web"),
    ("comptoir-speed", "views"),
    ("comptoir-archive", "archive"),
    ("comptoir-logship", "ship"),
];

/// Of what does not happen in a minute, or not at all where all is well.
const MAY_BE_SILENT: [&str; 2] = ["comptoir_views_rejections_total", "comptoir_reconcile_"];

/// Dropping it kills it.
struct Prometheus {
    child: Child,
    base: String,
}

impl Prometheus {
    fn start(dir: &Path, targets: &BTreeMap<&str, String>) -> Self {
        let config = dir.join("prometheus.yml");
        fs::write(&config, configuration(targets)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = port.local_addr().unwrap();
        drop(port);
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                dir.join("tsdb").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(File::create(dir.join("prometheus.log")).unwrap())
            .spawn()
            .expect("prometheus is missing: apt-get install --no-install-recommends prometheus");
        let base = format!("http://{address}/api/v1");
        Self { child, base }
    }

    /// `None` while it does not answer.
    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Option<Json> {
        let client = reqwest::Client::new();
        let answer = client.get(format!("{}/{path}", self.base)).query(query);
        let answer: Json = answer.send().await.ok()?.json().await.ok()?;
        assert_eq!(answer["status"], "success", "{path} {query:?}: {answer}");
        Some(answer["data"].clone())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The shipped one, with these targets and a quicker pace.
fn configuration(targets: &BTreeMap<&str, String>) -> String {
    let text = |text: &str| Value::String(text.to_owned());
    let mut config: Value = from_str(&read("prometheus/prometheus.yml")).unwrap();
    for name in ["scrape_interval", "evaluation_interval"] {
        config["global"][name] = text("1s");
    }
    let rules = compose_dir().join("prometheus/alerts.yml");
    config["rule_files"] = to_value([rules]).unwrap();
    let jobs = config["scrape_configs"].as_sequence_mut().unwrap();
    assert_eq!(jobs.len(), JOBS.len());
    for job in jobs {
        let target = &targets[job["job_name"].as_str().unwrap()];
        let job = job.as_mapping_mut().unwrap();
        job.remove("dns_sd_configs");
        let only = to_value([BTreeMap::from([("targets", [target])])]).unwrap();
        job.insert(text("static_configs"), only);
    }
    to_string(&config).unwrap()
}

/// Where each job's process listens, once all of them live.
async fn targets(up: &Up) -> BTreeMap<&'static str, String> {
    eventually("the addresses of all processes", async || {
        let health: Health = up.get("api/v1/health").await?;
        let address = |process: &str| {
            let prefix = format!("process-{process}-");
            let part = health
                .parts
                .iter()
                .find(|part| part.id.starts_with(&prefix))?;
            let fact = part
                .facts
                .iter()
                .find(|fact| fact.name == FactName::Address)?;
            Some(fact.value.clone())
        };
        (JOBS.iter())
            .map(|(job, process)| Some((*job, address(process)?)))
            .collect()
    })
    .await
}

/// Every query of the dashboard.
fn queries() -> BTreeSet<String> {
    let dashboard: Json = serde_json::from_str(&read("grafana/dashboards/comptoir.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    queries.collect()
}

#[tokio::test]
async fn prometheus_reaches_every_process_and_knows_every_rule_and_query() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &[], &[]).await;
    let targets = targets(&up).await;
    let prometheus = Prometheus::start(dir.path(), &targets);

    eventually("all targets", async || {
        let found = prometheus.get("targets", &[]).await?;
        let found = found["activeTargets"].as_array()?;
        let is_up = |target: &&Json| target["health"] == "up";
        (found.iter().filter(is_up).count() == JOBS.len()).then_some(())
    })
    .await;

    let shipped: Value = from_str(&read("prometheus/alerts.yml")).unwrap();
    let groups = shipped["groups"].as_sequence().unwrap().iter();
    let shipped = groups.map(|group| group["rules"].as_sequence().unwrap().len());
    let shipped: usize = shipped.sum();
    let rules = eventually("every rule", async || {
        let rules = prometheus.get("rules", &[]).await?;
        let groups = rules["groups"].as_array()?.iter();
        let rules = groups.flat_map(|group| group["rules"].as_array().unwrap().clone());
        let rules: Vec<Json> = rules.collect();
        // Each has been evaluated.
        (rules.len() == shipped && rules.iter().all(|rule| rule["health"] != "unknown"))
            .then_some(rules)
    })
    .await;
    for rule in rules {
        let name = &rule["name"];
        assert_eq!(rule["health"], "ok", "{name}: {}", rule["lastError"]);
        for said in ["summary", "description"] {
            assert!(
                rule["annotations"][said].is_string(),
                "{name} has no {said}"
            );
        }
    }

    for query in queries() {
        let is_silent = MAY_BE_SILENT.iter().any(|metric| query.contains(metric));
        eventually(&query, async || {
            let found = prometheus
                .get("query", &[("query", query.as_str())])
                .await?;
            let has_data = !found["result"].as_array()?.is_empty();
            (has_data || is_silent).then_some(())
        })
        .await;
    }
}
