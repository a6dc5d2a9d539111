//! Shipping logs: every byte of a file and of its rotated siblings into the archive, once.
//!
//! `fleet` finds the logs and gives each a task of its own, `log`, in which `plan` decides and
//! `shell` carries out. So no log waits for another one; what they share is bounded in `writers`.

mod board;
mod cache;
mod error;
mod files;
mod fleet;
mod gzip;
mod heart;
mod hints;
mod http;
mod log;
mod metrics;
mod newest;
mod pieces;
pub(crate) mod plan;
mod request;
mod rotation;
mod shell;
mod status;
mod writers;

pub use board::Board;
pub use error::ShipError;
pub use metrics::lag_seconds;
pub use plan::Limits;
pub use request::{Runs, ShipRequest, target_dir};
pub use rotation::Rotation;

use crate::sources::Source;
use comptoir_config::{clock, host_name};
use comptoir_lake::Lake;
use fleet::Fleet;
use heart::Heart;
use log::Common;
use metrics::Metrics;
use newest::Newest;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use writers::Writers;

/// Archives that are taken over at the same time: a start reads much and asks the lake a lot.
const STARTS_AT_ONCE: usize = 16;

/// Ships until `shutdown` completes or another shipper takes over, and serves the newest lines.
pub async fn run(
    request: ShipRequest,
    lake: Lake,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ShipError> {
    let shipper = Shipper::new(request, lake)?;
    Box::pin(shipper.run(listener, shutdown)).await
}

/// A shipper that can be watched, and given other sources.
pub struct Shipper {
    request: ShipRequest,
    common: Arc<Common>,
    sources: watch::Sender<Vec<Source>>,
}

impl Shipper {
    pub fn new(request: ShipRequest, lake: Lake) -> Result<Self, ShipError> {
        if request.sources.is_empty() {
            return Err(ShipError::NoSource);
        }
        let board = Arc::new(Board::default());
        let random = [clock::random_u32(), clock::random_u32()];
        let common = Common {
            lake,
            state_dir: request.state_dir.clone(),
            limits: request.limits,
            metrics: Arc::new(Metrics::new(Arc::clone(&board))),
            board,
            newest: Arc::new(Mutex::new(Newest::default())),
            writers: Writers::new(request.open_pieces_max),
            starts: Arc::new(Semaphore::new(STARTS_AT_ONCE)),
            instance: format!("{:08x}{:08x}", random[0], random[1]).into(),
            began: clock::instant(),
            seal: request.seal.clone(),
        };
        Ok(Self {
            sources: watch::Sender::new(request.sources.clone()),
            request,
            common: Arc::new(common),
        })
    }

    /// What each log is at, as the page shows it.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.common.board)
    }

    /// Takes other sources while it runs: logs that are in both lists go on.
    pub fn sources(&self) -> watch::Sender<Vec<Source>> {
        self.sources.clone()
    }

    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ShipError> {
        let address = listener.local_addr().map_err(ShipError::Serve)?;
        let common = self.common;
        let mut heart = self.request.warehouse.clone().map(|warehouse| {
            let instance = common.instance.to_string();
            let board = Arc::clone(&common.board);
            Heart::new(warehouse, board, instance, host_name(), address)
        });
        let server = http::serve(
            listener,
            Arc::clone(&common.board),
            Arc::clone(&common.newest),
            Arc::clone(&common.metrics),
        );
        let beating = async {
            match &mut heart {
                Some(heart) => heart.beat().await,
                None => std::future::pending().await,
            }
        };
        let writers = Arc::clone(&common.writers);
        let fleet = Fleet::new(common, self.request.runs, self.sources.subscribe());
        let ended = tokio::select! {
            shipped = fleet.run(shutdown) => shipped,
            served = server => served,
            () = beating => Ok(()),
            () = writers.make_room() => Ok(()),
        };
        if let Some(heart) = &mut heart {
            heart.stopped().await;
        }
        ended
    }
}
