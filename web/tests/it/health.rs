//! The health of real services, and of those that lie.

use crate::live::server_at;
use crate::proxy::{Mode, Proxy};
use crate::services::Services;
use crate::shop::{Kind, Shop};
use crate::support::{TestLake, TestServer, request};
use comptoir_config::{Address, HealthSettings, TransportSettings, TransportUrl, clock};
use comptoir_warehouse::{ProcessPhase, ProcessState};
use comptoir_web::ServeRequest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const HEALTH: &str = "/api/v1/health";

fn part<'a>(health: &'a Value, id: &str) -> &'a Value {
    let parts = health["parts"].as_array().unwrap();
    parts
        .iter()
        .find(|part| part["id"] == id)
        .unwrap_or(&Value::Null)
}

fn fact(part: &Value, name: &str) -> String {
    let facts = part["facts"].as_array().unwrap();
    let fact = facts.iter().find(|fact| fact["name"] == name);
    fact.map_or("", |fact| fact["value"].as_str().unwrap())
        .to_owned()
}

async fn when(server: &TestServer, id: &str, state: &str) -> Value {
    let health = server
        .json_when(HEALTH, |health| part(health, id)["state"] == state)
        .await;
    part(&health, id).clone()
}

fn nothing() -> HealthSettings {
    HealthSettings {
        zookeeper: Vec::new(),
        zookeeper_admin_url: None,
        namenode_url: None,
    }
}

fn kafka(bootstrap: &str) -> TransportSettings {
    TransportSettings {
        url: format!("kafka:{bootstrap}")
            .parse::<TransportUrl>()
            .unwrap(),
        topic: format!("test-no-such-topic-{:08x}", clock::random_u32()),
        partitions: 3,
        replication: 1,
        kafka_properties: None,
    }
}

fn local(port: u16) -> Address {
    format!("127.0.0.1:{port}").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn real_services_are_up_and_say_how_they_are() {
    let services = Services::find();
    let zookeeper: Address = (services.get("COMPTOIR_HEALTH_ZOOKEEPER", "kafka"))
        .parse()
        .unwrap();
    let lake = TestLake::new();
    let server = TestServer::serving(ServeRequest {
        health: HealthSettings {
            zookeeper: vec![zookeeper.clone()],
            zookeeper_admin_url: Some(
                services
                    .get("COMPTOIR_HEALTH_ZOOKEEPER_ADMIN_URL", "kafka")
                    .to_owned(),
            ),
            namenode_url: Some(
                services
                    .get("COMPTOIR_HEALTH_NAMENODE_URL", "hdfs")
                    .to_owned(),
            ),
        },
        transport: kafka(services.get("COMPTOIR_KAFKA_BOOTSTRAP", "kafka")),
        ..request(&lake.lake)
    })
    .await;
    let id = format!("zookeeper-{}-{}", zookeeper.host, zookeeper.port);
    let zookeeper = when(&server, &id, "up").await;
    assert_eq!(fact(&zookeeper, "answered_by"), "mntr");
    for name in ["mode", "latency_ms", "connections", "version"] {
        assert!(!fact(&zookeeper, name).is_empty(), "{name}: {zookeeper}");
    }
    let namenode = when(&server, "namenode", "up").await;
    assert_eq!(fact(&namenode, "live_data_nodes"), "1");
    assert_eq!(when(&server, "lake", "up").await["cause"], Value::Null);
    let broker = server
        .json_when(HEALTH, |health| {
            let broker = part(health, "kafka-broker-1");
            broker["state"] == "up" && fact(broker, "controller") == "1"
        })
        .await;
    let broker = part(&broker, "kafka-broker-1");
    assert_eq!(
        broker["name"],
        services.get("COMPTOIR_KAFKA_BOOTSTRAP", "kafka")
    );
    let health = server.json(HEALTH).await;
    let topic = |health: &Value| {
        let mut parts = health["parts"].as_array().unwrap().iter();
        parts
            .find(|part| part["kind"] == "kafka_topic")
            .unwrap()
            .clone()
    };
    assert_eq!(topic(&health)["cause"], "no_topic", "{health}");
    assert_eq!(topic(&health)["state"], "degraded");
    // The ERP and the warehouse of this test do not exist.
    assert_eq!(when(&server, "erp", "down").await["cause"], "missing");
    assert_eq!(when(&server, "warehouse", "down").await["cause"], "missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_never_answers_costs_its_own_tile_only() {
    let lake = TestLake::new();
    // Connections wait in the backlog.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let server = TestServer::serving(ServeRequest {
        health: HealthSettings {
            zookeeper: vec![local(port)],
            zookeeper_admin_url: Some(format!("http://127.0.0.1:{port}")),
            namenode_url: Some(format!("http://127.0.0.1:{port}")),
        },
        transport: kafka(&format!("127.0.0.1:{port}")),
        erp_url: format!("mysql://127.0.0.1:{port}/erp").parse().unwrap(),
        logs_url: format!("http://127.0.0.1:{port}"),
        ..request(&lake.lake)
    })
    .await;
    assert_eq!(when(&server, "lake", "up").await["detail"], Value::Null);
    let zookeeper = format!("zookeeper-127.0.0.1-{port}");
    let broker = format!("kafka-broker-127.0.0.1:{port}");
    for id in [
        zookeeper.as_str(),
        "namenode",
        &broker,
        "erp",
        "log-shipper",
    ] {
        let part = when(&server, id, "down").await;
        assert_eq!(part["cause"], "timed_out", "{part}");
        assert!(
            part["detail"].as_str().unwrap().contains("within"),
            "{part}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_away_says_since_when_and_comes_back() {
    let services = Services::find();
    let namenode = services.get("COMPTOIR_HEALTH_NAMENODE_URL", "hdfs");
    let namenode = Proxy::to(namenode.strip_prefix("http://").unwrap()).await;
    let zookeeper = Proxy::to(services.get("COMPTOIR_HEALTH_ZOOKEEPER", "kafka")).await;
    let lake = TestLake::new();
    let server = TestServer::serving(ServeRequest {
        health: HealthSettings {
            zookeeper: vec![local(zookeeper.port)],
            namenode_url: Some(format!("http://127.0.0.1:{}", namenode.port)),
            ..nothing()
        },
        ..request(&lake.lake)
    })
    .await;
    let id = format!("zookeeper-127.0.0.1-{}", zookeeper.port);
    for mode in [Mode::Closed, Mode::Silent] {
        when(&server, "namenode", "up").await;
        when(&server, &id, "up").await;
        namenode.set(mode);
        zookeeper.set(mode);
        let down = when(&server, "namenode", "down").await;
        assert!(down["since"].is_string() && down["detail"].is_string());
        when(&server, &id, "down").await;
        namenode.set(Mode::Open);
        zookeeper.set(Mode::Open);
    }
    when(&server, "namenode", "up").await;
}

/// A `ZooKeeper` as far as four-letter words go.
async fn four_letter_words(answer: fn(&str) -> Option<&'static str>) -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let std = listener.into_std().unwrap();
    let serving = TcpListener::from_std(std.try_clone().unwrap()).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = serving.accept().await {
            let mut word = [0; 4];
            if stream.read_exact(&mut word).await.is_ok() {
                let word = std::str::from_utf8(&word).unwrap();
                let refused =
                    format!("{word} is not executed because it is not in the whitelist.\n");
                let said = answer(word).unwrap_or(&refused);
                stream.write_all(said.as_bytes()).await.unwrap();
            }
        }
    });
    (TcpListener::from_std(std).unwrap(), port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_is_not_allowed_is_restricted_and_never_down() {
    const SRVR: &str = "Zookeeper version: 3.8.4-9316, built on 2024-02-12 22:16 UTC\n\
        Latency min/avg/max: 0/1.5/9\nConnections: 3\nOutstanding: 0\nMode: follower\n";
    let (_nothing, strict) = four_letter_words(|_| None).await;
    let (_some, default) = four_letter_words(|word| (word == "srvr").then_some(SRVR)).await;
    let lake = TestLake::new();
    let server = TestServer::serving(ServeRequest {
        health: HealthSettings {
            zookeeper: vec![local(strict), local(default)],
            ..nothing()
        },
        ..request(&lake.lake)
    })
    .await;
    let restricted = when(
        &server,
        &format!("zookeeper-127.0.0.1-{strict}"),
        "restricted",
    )
    .await;
    assert_eq!(restricted["cause"], "not_whitelisted");
    assert!(
        restricted["detail"]
            .as_str()
            .unwrap()
            .contains("4lw.commands.whitelist")
    );
    let up = when(&server, &format!("zookeeper-127.0.0.1-{default}"), "up").await;
    let facts = ["answered_by", "mode", "latency_ms", "connections"].map(|name| fact(&up, name));
    assert_eq!(facts, ["srvr", "follower", "1.5", "3"]);
}

/// A real one of this test's own, ended when it is dropped.
struct OwnZookeeper {
    child: std::process::Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl OwnZookeeper {
    fn start(whitelist: &str) -> Self {
        let services = Services::find();
        let jars = services.get("COMPTOIR_SERVICES_DIR", "kafka");
        let directory = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let home = directory.path().display();
        let settings = format!(
            "dataDir={home}/data\nclientPort={port}\nclientPortAddress=127.0.0.1\n\
             admin.enableServer=false\n4lw.commands.whitelist={whitelist}\n"
        );
        std::fs::write(directory.path().join("zoo.cfg"), settings).unwrap();
        let child = std::process::Command::new("java")
            .args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp"])
            .arg(format!("{jars}/lib/kafka/*"))
            .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
            .arg(directory.path().join("zoo.cfg"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("this test needs Java\nhint: compose/services up kafka");
        Self {
            child,
            port,
            _directory: directory,
        }
    }
}

impl Drop for OwnZookeeper {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// It answers `srvr` whatever its whitelist says, because its own scripts need that.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_zookeeper_that_allows_no_words_is_up_and_then_down() {
    let strict = OwnZookeeper::start("");
    let lake = TestLake::new();
    let server = TestServer::serving(ServeRequest {
        health: HealthSettings {
            zookeeper: vec![local(strict.port)],
            ..nothing()
        },
        ..request(&lake.lake)
    })
    .await;
    let id = format!("zookeeper-127.0.0.1-{}", strict.port);
    let up = when(&server, &id, "up").await;
    assert_eq!(fact(&up, "answered_by"), "srvr");
    drop(strict);
    let down = when(&server, &id, "down").await;
    assert_eq!(down["cause"], "unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_server_stands_in_for_words_that_are_not_allowed() {
    let services = Services::find();
    let admin = services.get("COMPTOIR_HEALTH_ZOOKEEPER_ADMIN_URL", "kafka");
    let (_nothing, strict) = four_letter_words(|_| None).await;
    let lake = TestLake::new();
    let server = TestServer::serving(ServeRequest {
        health: HealthSettings {
            zookeeper: vec![local(strict)],
            zookeeper_admin_url: Some(admin.to_owned()),
            ..nothing()
        },
        ..request(&lake.lake)
    })
    .await;
    let up = when(&server, &format!("zookeeper-127.0.0.1-{strict}"), "up").await;
    assert_eq!(fact(&up, "answered_by"), "AdminServer");
    assert_eq!(fact(&up, "mode"), "standalone");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_are_up_as_long_as_they_are_heard_of() {
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        let lake = TestLake::new();
        let server = TestServer::serving(ServeRequest {
            warehouse: shop.warehouse.clone(),
            ..request(&lake.lake)
        })
        .await;
        let process = |instance: &str, phase| ProcessState {
            name: "views".to_owned(),
            instance: instance.to_owned(),
            host: "shop".to_owned(),
            pid: 42,
            listen: Some("127.0.0.1:8081".to_owned()),
            started_at: clock::now(),
            seen_at: clock::now(),
            phase,
            detail: "the broker is away".to_owned(),
        };
        let running = process("a", ProcessPhase::Running);
        shop.warehouse.beat(&running).await.unwrap();
        shop.warehouse
            .beat(&process("b", ProcessPhase::Waiting))
            .await
            .unwrap();
        let up = when(&server, "process-views-a", "up").await;
        assert_eq!(fact(&up, "pid"), "42");
        let waiting = when(&server, "process-views-b", "degraded").await;
        assert_eq!(waiting["detail"], "the broker is away");
        // Nothing more is heard of it, and it was the last one that started but one.
        let gone = server
            .json_when(HEALTH, |health| {
                ["down", "unknown"].contains(
                    &part(health, "process-views-b")["state"]
                        .as_str()
                        .unwrap_or(""),
                )
            })
            .await;
        assert_eq!(part(&gone, "process-views-b")["cause"], "not_seen");
        assert_eq!(when(&server, "warehouse", "up").await["cause"], Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_shipper_says_is_passed_on() {
    let lake = TestLake::new();
    let summary = json!({
        "time": "2026-11-21T10:00:00Z",
        "sources": [{
            "name": "app.log", "path": "/var/app.log", "location": "hdfs://nn:8020/user/flume/logs",
            "state": "waiting_for_lake", "since": "2026-11-21T09:00:00Z", "problem": "safe mode",
            "lines": 7, "bytes": 700, "lag_bytes": 12, "pieces_closed": 1, "pieces_open": 1,
            "gaps": 0, "gap_bytes": 0, "shipped_at": null,
            "behind_since": "2026-11-21T09:00:00Z", "position": 688, "piece": null,
            "last_error": null,
        }],
        "lines": [{
            "source": "app.log", "offset": 688, "time": null, "level": null, "component": null,
            "message": "no JSON", "fields": [],
        }],
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shipper = {
        let body = summary.to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 1024];
                let _read = stream.read(&mut head).await;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _written = stream.write_all(answer.as_bytes()).await;
            }
        })
    };
    let server = TestServer::serving(ServeRequest {
        logs_url: format!("http://127.0.0.1:{port}"),
        ..request(&lake.lake)
    })
    .await;
    assert_eq!(server.json("/api/v1/logs/summary").await, summary);
    let waiting = when(&server, "log-shipper", "degraded").await;
    assert_eq!(
        (&waiting["cause"], &waiting["detail"]),
        (&json!("waiting"), &json!("safe mode"))
    );

    shipper.abort();
    assert!(shipper.await.is_err());
    let problem = server
        .json_when("/api/v1/logs/summary", |answer| answer["status"] == 503)
        .await;
    assert_eq!(problem["type"], "/problems/logs-unavailable");
    assert_eq!(
        when(&server, "log-shipper", "down").await["cause"],
        "unreachable"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_does_not_look_any_more_has_stopped() {
    Shop::with(Kind::Sqlite, async |shop: &mut Shop| {
        let lake = TestLake::new();
        // Its sink has looked long ago.
        let server = server_at(shop, &lake, clock::now).await;
        let stopped = when(&server, "consumer-views", "down").await;
        assert_eq!(stopped["cause"], "stopped");
        assert!(
            stopped["detail"]
                .as_str()
                .unwrap()
                .ends_with("hint: start comptoir-speed views")
        );
        let up = shop
            .looking_until(when(&server, "consumer-views", "up"))
            .await;
        assert_eq!(
            (fact(&up, "lag_records"), fact(&up, "partitions")),
            ("0".to_owned(), "2".to_owned())
        );
        let states = up["past"]
            .as_array()
            .unwrap()
            .iter()
            .map(|past| &past["state"]);
        assert_eq!(states.collect::<Vec<_>>(), ["down", "up"]);
        assert_eq!(up["past"][1]["since"], up["since"]);
        server.stop().await;
    })
    .await;
}
