//! Tells the warehouse that this process lives, for the health pages of all servers.

use comptoir_config::clock;
use comptoir_warehouse::{ProcessPhase, ProcessState, Warehouse};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tracing::debug;

const EVERY: Duration = Duration::from_secs(1);
const BEAT_MAX: Duration = Duration::from_secs(3);

#[derive(Clone)]
pub(crate) struct Heart {
    warehouse: Warehouse,
    state: ProcessState,
}

impl Heart {
    pub(crate) fn new(warehouse: Warehouse, listen: SocketAddr) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = match host.trim() {
            "" => "localhost",
            host => host,
        };
        let now = clock::now();
        let state = ProcessState {
            name: "web".to_owned(),
            instance: format!("{host}/{listen}"),
            host: host.to_owned(),
            pid: std::process::id(),
            listen: Some(listen.to_string()),
            started_at: now,
            seen_at: now,
            phase: ProcessPhase::Running,
            detail: String::new(),
        };
        Self { warehouse, state }
    }

    /// Beats until it is dropped. A server needs no warehouse: its page says what is away.
    pub(crate) async fn run(mut self) -> Infallible {
        loop {
            self.beat().await;
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Once more, at the end.
    pub(crate) async fn stopped(mut self) {
        self.state.phase = ProcessPhase::Stopped;
        self.beat().await;
    }

    async fn beat(&mut self) {
        self.state.seen_at = clock::now();
        match tokio::time::timeout(BEAT_MAX, self.warehouse.beat(&self.state)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!("the warehouse does not hear that the server lives: {error}"),
            Err(_) => debug!("the warehouse does not hear that the server lives"),
        }
    }
}
