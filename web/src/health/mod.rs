//! The health of everything that is configured.

pub(crate) mod board;
pub(crate) mod finding;
pub(crate) mod http;
mod kafka;
mod kafka_client;
mod lag;
mod namenode;
mod own;
mod ping;
mod probe;
mod registry;
mod zookeeper;

pub use kafka_client::KafkaSettingsError;
pub(crate) use own::is_alive;

use crate::http::answer::json;
use crate::live::Live;
use crate::request::ServeRequest;
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use board::Board;
use comptoir_config::{TransportUrl, clock};
use kafka::KafkaProbe;
use kafka_client::{MetadataClient, is_plain, read_properties};
use lag::Lags;
use namenode::NameNodeProbe;
use ping::Depth;
use probe::Probe;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use zookeeper::ZookeeperProbe;

/// Starts a task for each part; they end when the set is dropped.
pub(crate) fn start(
    request: &ServeRequest,
    live: &Arc<Live>,
    client: &reqwest::Client,
    board: &Arc<Board>,
) -> Result<JoinSet<()>, KafkaSettingsError> {
    let mut tasks = JoinSet::new();
    let health = &request.health;
    let mut probes = Vec::new();
    let single = health.zookeeper.len() == 1;
    for address in &health.zookeeper {
        // One AdminServer is told of: it is that of the only server, or of its own host's.
        let is_of = |url: &String| single || url.contains(&format!("//{}:", address.host));
        probes.push(Probe::Zookeeper(ZookeeperProbe {
            address: address.clone(),
            admin_url: health.zookeeper_admin_url.clone().filter(is_of),
            client: client.clone(),
        }));
    }
    match &request.transport.url {
        TransportUrl::Jsonl(directory) => probes.push(Probe::Jsonl {
            directory: directory.clone(),
            live: Arc::clone(live),
        }),
        TransportUrl::Kafka(brokers) => {
            let properties = read_properties(request.transport.kafka_properties.as_deref())?;
            let metadata = MetadataClient::new(&request.transport, &properties)?;
            let registry = (!health.zookeeper.is_empty()).then(|| {
                let (sender, receiver) = watch::channel(None);
                let servers = health.zookeeper.clone();
                tasks.spawn(async move { match registry::watch(servers, sender).await {} });
                receiver
            });
            let probe = KafkaProbe {
                bootstrap: brokers.clone(),
                topic: request.transport.topic.clone(),
                client: Arc::new(metadata),
                depth: if is_plain(&properties) {
                    Depth::Protocol
                } else {
                    Depth::Connection
                },
                registry,
                known: BTreeMap::new(),
            };
            let live = Arc::clone(live);
            probes.push(Probe::Kafka { probe, live });
        }
    }
    if let Some(url) = &health.namenode_url {
        let (url, client) = (url.clone(), client.clone());
        probes.push(Probe::NameNode(NameNodeProbe { url, client }));
    }
    probes.push(Probe::Consumer {
        lags: Lags::default(),
        live: Arc::clone(live),
    });
    probes.push(Probe::Lake(request.lake.clone()));
    probes.push(Probe::Warehouse(request.warehouse.clone()));
    probes.push(Probe::Erp {
        url: request.erp_url.clone(),
        login: request.erp_login.clone(),
    });
    probes.push(Probe::Processes(request.warehouse.clone()));
    probes.push(Probe::Shipper {
        url: request.logs_url.clone(),
        client: client.clone(),
    });
    for (number, probe) in probes.into_iter().enumerate() {
        let board = Arc::clone(board);
        tasks.spawn(async move { match probe.run(number, board).await {} });
    }
    Ok(tasks)
}

/// `GET /api/v1/health`: always an answer, from memory.
pub(crate) async fn health(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    json(&headers, &server.board.health(clock::now()))
}
