//! Once a second: tells the warehouse that this process lives, and what it waits for.

use super::board::Board;
use comptoir_config::clock;
use comptoir_model::api::logs::{LogSource, ShipState};
use comptoir_warehouse::{ProcessPhase, ProcessState, Warehouse};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};

const EVERY: Duration = Duration::from_secs(1);
/// For the last beat.
const LAST_MAX: Duration = Duration::from_secs(1);

pub(crate) struct Heart {
    warehouse: Warehouse,
    board: Arc<Board>,
    state: ProcessState,
    is_away: bool,
}

impl Heart {
    pub(crate) fn new(
        warehouse: Warehouse,
        board: Arc<Board>,
        instance: String,
        host: String,
        listen: SocketAddr,
    ) -> Self {
        let now = clock::now();
        let state = ProcessState {
            name: "ship".to_owned(),
            instance,
            host,
            pid: std::process::id(),
            listen: Some(listen.to_string()),
            started_at: now,
            seen_at: now,
            phase: ProcessPhase::Starting,
            detail: String::new(),
        };
        Self {
            warehouse,
            board,
            state,
            is_away: false,
        }
    }

    /// Beats until it is dropped. A warehouse that is away is said once; shipping needs none.
    pub(crate) async fn beat(&mut self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_migrated = false;
        loop {
            ticks.tick().await;
            if !is_migrated {
                is_migrated = self.warehouse.migrate().await.is_ok();
            }
            let (phase, detail) = self.phase();
            self.state.phase = phase;
            self.state.detail = detail;
            self.state.seen_at = clock::now();
            match self.warehouse.beat(&self.state).await {
                Ok(()) if self.is_away => {
                    self.is_away = false;
                    info!("the warehouse answers again");
                }
                Err(error) if !self.is_away => {
                    self.is_away = true;
                    warn!("the warehouse does not hear that the shipper lives: {error}");
                }
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// The worst that any log is at, and what it waits for.
    fn phase(&self) -> (ProcessPhase, String) {
        self.board.with(|sources| {
            let worst = sources.max_by_key(|source| severity(source));
            let Some(worst) = worst else {
                return (ProcessPhase::Waiting, "no log is there".to_owned());
            };
            let phase = match severity(worst) {
                Severity::Runs => ProcessPhase::Running,
                Severity::Starts => ProcessPhase::Starting,
                Severity::Waits => ProcessPhase::Waiting,
                Severity::Ended => ProcessPhase::Failed,
            };
            let problem = worst.problem.as_ref();
            (
                phase,
                problem.map_or_else(String::new, |problem| format!("{}: {problem}", worst.name)),
            )
        })
    }

    pub(crate) async fn stopped(&mut self) {
        self.state.phase = match self.phase().0 {
            ProcessPhase::Failed => ProcessPhase::Failed,
            _ => ProcessPhase::Stopped,
        };
        self.state.seen_at = clock::now();
        // Where the warehouse is away, the missing beats say the same.
        drop(tokio::time::timeout(LAST_MAX, self.warehouse.beat(&self.state)).await);
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Runs,
    Starts,
    Waits,
    Ended,
}

fn severity(source: &LogSource) -> Severity {
    match source.state {
        ShipState::Recovering if source.problem.is_none() => Severity::Starts,
        ShipState::Shipping => Severity::Runs,
        ShipState::Recovering | ShipState::WaitingForSource | ShipState::WaitingForLake => {
            Severity::Waits
        }
        ShipState::Superseded => Severity::Ended,
    }
}
