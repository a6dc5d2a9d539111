//! Everything that can be looked at, and how a look goes on.

use super::board::Board;
use super::finding::Finding;
use super::kafka::KafkaProbe;
use super::lag::Lags;
use super::namenode::NameNodeProbe;
use super::own;
use super::zookeeper::ZookeeperProbe;
use crate::live::Live;
use comptoir_config::{DatabaseUrl, clock};
use comptoir_database::Login;
use comptoir_lake::Lake;
use comptoir_model::api::health::Cause;
use comptoir_warehouse::Warehouse;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// From the start of one look to the start of the next.
const INTERVAL: Duration = Duration::from_secs(2);
/// A session with the ERP is more than a question.
const ERP_INTERVAL: Duration = Duration::from_secs(5);
/// For one question to one part.
const ASK_MAX: Duration = Duration::from_millis(2500);
/// For a look with all its questions; it only ends what those limits have missed.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// One task looks at each, and a hanging one costs its own parts only.
pub(crate) enum Probe {
    Zookeeper(ZookeeperProbe),
    Kafka {
        probe: KafkaProbe,
        live: Arc<Live>,
    },
    Jsonl {
        directory: PathBuf,
        live: Arc<Live>,
    },
    NameNode(NameNodeProbe),
    Lake(Lake),
    Warehouse(Warehouse),
    Consumer {
        lags: Lags,
        live: Arc<Live>,
    },
    Erp {
        url: DatabaseUrl,
        login: Login,
    },
    Processes(Warehouse),
    Shipper {
        url: String,
        client: reqwest::Client,
    },
}

impl Probe {
    /// Looks for ever, and writes what it finds on the board under its `number`.
    pub(crate) async fn run(mut self, number: usize, board: Arc<Board>) -> Infallible {
        board.expect(number, &self.parts(), clock::now());
        loop {
            let start = clock::instant();
            let found = match tokio::time::timeout(LOOK_MAX, self.look()).await {
                Ok(Some(found)) => found,
                // Nobody knows: those that were known are named.
                Ok(None) => {
                    let unknown = |part: Finding| {
                        part.unknown(Some("the warehouse, which knows it, is away"))
                    };
                    board.parts(number).into_iter().map(unknown).collect()
                }
                Err(_) => {
                    let detail = format!("no answer within {} s", LOOK_MAX.as_secs());
                    let late = |part: Finding| part.down(Cause::TimedOut, &detail);
                    board.parts(number).into_iter().map(late).collect()
                }
            };
            board.learn(number, found, clock::now());
            tokio::time::sleep_until((start + self.interval()).into()).await;
        }
    }

    /// What is configured.
    fn parts(&self) -> Vec<Finding> {
        match self {
            Self::Zookeeper(probe) => vec![probe.part()],
            Self::Kafka { probe, .. } => probe.parts(),
            Self::Jsonl { directory, .. } => vec![own::jsonl_part(directory)],
            Self::NameNode(probe) => vec![probe.part()],
            Self::Lake(lake) => vec![own::lake_part(lake)],
            Self::Warehouse(warehouse) => vec![own::warehouse_part(warehouse)],
            Self::Erp { url, .. } => vec![own::erp_part(url)],
            // They are known once they have said that they live.
            Self::Processes(_) | Self::Consumer { .. } => Vec::new(),
            Self::Shipper { url, .. } => vec![own::shipper_part(url)],
        }
    }

    /// `None` where there is nobody to tell.
    async fn look(&mut self) -> Option<Vec<Finding>> {
        let found = match self {
            Self::Zookeeper(probe) => probe.look().await,
            Self::Kafka { probe, live } => return Some(probe.look(live.source()).await),
            Self::Jsonl { directory, live } => {
                own::look_at_jsonl(directory, live.source(), ASK_MAX).await
            }
            Self::NameNode(probe) => probe.look().await,
            Self::Lake(lake) => own::look_at_lake(lake, ASK_MAX).await,
            Self::Warehouse(warehouse) => own::look_at_warehouse(warehouse, ASK_MAX).await,
            Self::Consumer { lags, live } => {
                let source = live.source()?;
                return Some(lags.look(&source, clock::now()).into_iter().collect());
            }
            Self::Erp { url, login } => own::look_at_erp(url, login, ASK_MAX).await,
            Self::Processes(warehouse) => {
                let asked = tokio::time::timeout(ASK_MAX, warehouse.processes()).await;
                let processes = asked.ok()?.ok()?;
                return Some(own::judge_processes(&processes, clock::now()));
            }
            Self::Shipper { url, client } => own::look_at_shipper(client, url, ASK_MAX).await,
        };
        Some(vec![found])
    }

    fn interval(&self) -> Duration {
        match self {
            Self::Erp { .. } => ERP_INTERVAL,
            _ => INTERVAL,
        }
    }
}
