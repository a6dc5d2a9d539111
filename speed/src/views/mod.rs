//! The views sink: counts the topic's records into the warehouse, each once.
//!
//! A batch's totals, dead letters, gaps and the new position are one transaction, so that a crash
//! at any moment leaves either all of it or nothing, and a second owner of the partition can't pass
//! it. What it shares with every sink is in [`crate::sink`].

mod counting;
mod names;
mod partition;
mod upkeep;

pub(crate) use counting::Batch;

use crate::sink::{self, Running, Sink, SinkError, WarehouseRole, keep_up};
use crate::transport::Transport;
use crate::warehouse;
use comptoir_config::Settings;
use comptoir_model::merge::PartitionKey;
use comptoir_warehouse::Warehouse;
use partition::ViewsPartition;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use upkeep::{EVERY_MAX, OldLetters};

/// What is counted, and into what.
#[derive(Clone, Debug)]
pub struct ViewsRequest {
    pub transport: Transport,
    pub warehouse: Warehouse,
    /// The processes of a group share the topic's partitions.
    pub group: String,
    /// How long dead letters stay once the archive counts them; `None`: for ever.
    pub dead_letters_keep: Option<Duration>,
}

impl ViewsRequest {
    /// Reads the files that the settings name, and asks nobody.
    pub fn of(settings: &Settings) -> Result<Self, SinkError> {
        Ok(Self {
            transport: Transport::open(&settings.transport)?,
            warehouse: warehouse::of(&settings.warehouse)?,
            group: settings.speed.group.clone(),
            dead_letters_keep: settings.speed.dead_letters_keep,
        })
    }
}

/// Counts until `shutdown` completes, then finishes the batches under way for up to 4 s. Serves
/// `/metrics`, `/healthz` and `/readyz` on `listener`.
///
/// A broker, a topic or a warehouse that is not there is waited for. Errors are those that waiting
/// can't cure: a login that is refused at the start, a schema that is newer than this program.
pub async fn run(
    request: ViewsRequest,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SinkError> {
    // Ends when it is dropped.
    let mut upkeep = JoinSet::new();
    if let Some(keep) = request.dead_letters_keep {
        let warehouse = request.warehouse.clone();
        let letters = OldLetters { warehouse, keep };
        let every = keep.min(EVERY_MAX);
        upkeep.spawn(keep_up(letters, request.warehouse.clone(), every));
    }
    let running = Running {
        sink: Views {
            transport: request.transport.clone(),
            warehouse: request.warehouse.clone(),
        },
        transport: request.transport,
        warehouse: request.warehouse,
        group: request.group,
    };
    sink::run(running, listener, shutdown).await
}

#[derive(Clone, Debug)]
struct Views {
    transport: Transport,
    warehouse: Warehouse,
}

impl Sink for Views {
    type Partition = ViewsPartition;

    const NAME: &'static str = "views";
    const DOING: &'static str = "counting";
    const STORE: &'static str = "warehouse";
    const WAREHOUSE: WarehouseRole = WarehouseRole::Store;

    fn partition(&self, key: &PartitionKey, owner: &str, runtime: &Handle) -> ViewsPartition {
        ViewsPartition::new(
            key.clone(),
            self.transport.reach(),
            runtime.clone(),
            self.warehouse.clone(),
            owner.to_owned(),
            (self.transport.kind(), self.transport.topic().to_owned()),
        )
    }
}
