//! `compose.yaml` and its satellites, held against the native services.

use crate::services::{compose_dir, script};
use comptoir_config::{RawSettings, Settings};
use serde::Deserialize;
use serde_json::Value as Json;
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    image: String,
    #[serde(default)]
    restart: String,
    healthcheck: Option<Value>,
    #[serde(default)]
    networks: Vec<String>,
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    volumes: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
    #[serde(default)]
    depends_on: BTreeMap<String, Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    condition: String,
}

impl Service {
    fn runs_once(&self) -> bool {
        self.restart == "no"
    }

    fn tag(&self) -> &str {
        self.image.rsplit_once(':').map_or("", |(_, tag)| tag)
    }
}

pub(crate) fn read(path: &str) -> String {
    let path = compose_dir().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn compose() -> Compose {
    let mut document: Value = serde_yaml_ng::from_str(&read("compose.yaml")).unwrap();
    document.apply_merge().unwrap();
    serde_yaml_ng::from_value(document).unwrap()
}

/// `NAME=value` lines of `lib/versions`.
fn native_versions() -> BTreeMap<String, String> {
    let lines = read("lib/versions");
    let pairs = lines.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// `name port` lines of `services ports`, without anything remembered.
fn native_ports() -> BTreeMap<String, String> {
    let output = script()
        .args(["ports", "--data-dir", "/nonexistent"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let pairs = lines.lines().filter_map(|line| line.split_once(' '));
    pairs
        .map(|(name, port)| (name.to_owned(), port.to_owned()))
        .collect()
}

#[test]
fn every_service_that_stays_has_a_health_check() {
    for (name, service) in compose().services {
        assert!(
            service.runs_once() || service.healthcheck.is_some(),
            "{name} has no healthcheck"
        );
    }
}

#[test]
fn every_image_has_a_tag_that_names_a_release() {
    for (name, service) in compose().services {
        let tag = service.tag();
        assert!(
            tag.matches('.').count() == 2 && tag != "latest",
            "{name} runs {}",
            service.image
        );
    }
}

#[test]
fn every_service_is_on_hadoop_net() {
    for (name, service) in compose().services {
        assert_eq!(service.networks, ["hadoop_net"], "{name}");
    }
}

#[test]
fn who_depends_on_a_service_waits_until_it_is_healthy() {
    let services = compose().services;
    for (name, service) in &services {
        for (other, dependency) in &service.depends_on {
            let once = services[other].runs_once();
            let condition = if once {
                "service_completed_successfully"
            } else {
                "service_healthy"
            };
            assert_eq!(dependency.condition, condition, "{name} on {other}");
        }
    }
}

#[test]
fn ports_are_on_loopback_and_those_of_the_native_services() {
    let native = native_ports();
    let expected = [
        ("mariadb", vec!["mariadb"]),
        ("zookeeper", vec!["zookeeper", "zookeeper_admin"]),
        ("kafka", vec!["kafka"]),
        ("namenode", vec!["namenode", "namenode_http"]),
        (
            "datanode",
            vec!["datanode", "datanode_http", "datanode_ipc"],
        ),
    ];
    let services = compose().services;
    for (name, ports) in expected {
        let published: BTreeSet<_> = services[name].ports.iter().cloned().collect();
        let wanted = ports
            .iter()
            .map(|port| format!("127.0.0.1:{0}:{0}", native[*port]))
            .collect();
        assert_eq!(published, wanted, "{name}");
    }
    for (name, service) in &services {
        for port in &service.ports {
            assert!(
                port.starts_with("127.0.0.1:"),
                "{name} publishes {port} to the network"
            );
        }
    }
}

#[test]
fn servers_have_the_versions_of_the_native_services() {
    let services = compose().services;
    let native = native_versions();
    assert_eq!(services["zookeeper"].tag(), native["ZOOKEEPER_VERSION"]);
    assert_eq!(services["namenode"].tag(), native["HADOOP_VERSION"]);
    assert_eq!(services["datanode"].tag(), native["HADOOP_VERSION"]);
    assert_eq!(minor(services["mariadb"].tag()), native["MARIADB_VERSION"]);
    // Confluent's 7.n holds Kafka 3.n.
    let kafka = services["kafka"].tag();
    assert!(
        services["kafka"]
            .image
            .starts_with("confluentinc/cp-kafka:7.")
    );
    assert_eq!(
        minor(kafka).replacen('7', "3", 1),
        minor(&native["KAFKA_VERSION"])
    );
}

fn minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

#[test]
fn no_secret_stands_in_the_environment() {
    for (name, service) in compose().services {
        for (variable, value) in service.environment {
            let secret = ["PASSWORD", "SECRET", "TOKEN"]
                .iter()
                .any(|word| variable.contains(word));
            let is_file = variable.ends_with("_FILE")
                && value
                    .as_str()
                    .is_some_and(|v| v.starts_with("/run/secrets/"));
            assert!(!secret || is_file, "{name} has {variable} inline");
        }
    }
}

/// As a container of ours reads them.
fn settings(service: &Service) -> Settings {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => serde_yaml_ng::to_string(other).unwrap().trim().to_owned(),
    };
    let variables = service.environment.iter();
    let variables: Vec<_> = variables
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let mut raw = RawSettings::default();
    raw.add_environment(&variables, Path::new("/home/comptoir"));
    Settings::resolve(raw, Path::new("/home/comptoir")).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn our_own_services_get_settings_that_can_be_used() {
    let services = compose().services;
    let ours: Vec<_> = (services.iter())
        .filter(|(_, service)| service.image.starts_with("comptoir:"))
        .collect();
    assert!(ours.len() >= 5, "{}", ours.len());
    for (_, service) in &ours {
        let settings = settings(service);
        assert_eq!(settings.transport.url.to_string(), "kafka:kafka:29092");
        assert_eq!(settings.web.logs_url, "http://logship:8082");
    }
}

#[test]
fn prometheus_asks_where_the_services_listen() {
    let settings = settings(&compose().services["comptoir"]);
    let asked = read("prometheus/prometheus.yml");
    let (web, logship) = (settings.web.listen.port(), settings.logship.listen.port());
    for target in [format!("comptoir:{web}"), format!("logship:{logship}")] {
        assert!(asked.contains(&target), "{target}");
    }
    assert!(asked.contains(&format!("port: {}", settings.speed.listen.port())));
}

#[test]
fn every_mounted_file_is_in_the_repository() {
    for (name, service) in compose().services {
        for volume in service
            .volumes
            .iter()
            .filter(|volume| volume.starts_with('.'))
        {
            let (path, _) = volume.split_once(':').unwrap();
            assert!(compose_dir().join(path).exists(), "{name} mounts {path}");
        }
    }
}

#[test]
fn docker_compose_accepts_the_file() {
    let file = compose_dir().join("compose.yaml");
    let config = |command: &str, arguments: &[&str]| {
        Command::new(command)
            .args(arguments)
            .arg("-f")
            .arg(&file)
            .args(["config", "-q"])
            .output()
    };
    let output = config("docker-compose", &[])
        .or_else(|_| config("docker", &["compose"]))
        .expect("docker-compose is missing: apt-get install docker-compose");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn prometheus_and_grafana_files_parse() {
    for file in [
        "prometheus/prometheus.yml",
        "prometheus/alerts.yml",
        "grafana/provisioning/datasources/prometheus.yaml",
        "grafana/provisioning/dashboards/comptoir.yaml",
    ] {
        let parsed: Value = serde_yaml_ng::from_str(&read(file)).unwrap();
        assert!(parsed.is_mapping(), "{file}");
    }
}

#[test]
fn the_dashboard_shows_metrics_of_the_provisioned_source() {
    let dashboard: Json = serde_json::from_str(&read("grafana/dashboards/comptoir.json")).unwrap();
    let source = read("grafana/provisioning/datasources/prometheus.yaml");
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(!panels.is_empty());
    for panel in panels {
        let uid = panel["datasource"]["uid"].as_str().unwrap();
        assert!(
            source.contains(&format!("uid: {uid}")),
            "{}",
            panel["title"]
        );
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            assert!(
                query.contains("comptoir"),
                "{} asks for {query}",
                panel["title"]
            );
        }
    }
}

/// A panel or an alert over a metric that nobody has would stay silent for ever.
#[test]
fn every_metric_that_is_asked_for_is_served_by_a_program() {
    let asked = read("grafana/dashboards/comptoir.json") + &read("prometheus/alerts.yml");
    let source = |path: &str| read(&format!("../{path}"));
    let served = source("web/src/metrics.rs")
        + &source("web/src/watched.rs")
        + &source("logship/src/ship/metrics.rs");
    // Which puts its sink's name before each.
    let of_a_sink = source("speed/src/sink/metrics.rs");
    let mut names = BTreeSet::new();
    for (at, _) in asked.match_indices("comptoir_") {
        let name = asked[at..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = name.into_iter().next().unwrap();
        names.insert(
            ["_bucket", "_total"]
                .iter()
                .fold(name, |name, end| name.trim_end_matches(end)),
        );
    }
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        let of_views = name.strip_prefix("comptoir_views_");
        let own = of_views.or_else(|| name.strip_prefix("comptoir_archive_"));
        let is_served = match own {
            Some(own) => of_a_sink.contains(&format!("\"{own}\"")),
            None => served.contains(&format!("\"{name}\"")),
        };
        assert!(is_served, "{name}");
    }
}
