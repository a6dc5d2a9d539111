//! The state for others: one value that is watched, and one line a change in the log.

use super::error::ShipError;
use super::plan::Progress;
use comptoir_config::clock;
use comptoir_model::api::logs::{LogSource, ShipState};
use jiff::Timestamp;
use tokio::sync::watch;
use tracing::{info, warn};

#[derive(Debug)]
pub(crate) struct Status(watch::Sender<LogSource>);

impl Status {
    pub(crate) fn new(source: LogSource) -> Self {
        Self(watch::Sender::new(source))
    }

    pub(crate) fn watch(&self) -> watch::Receiver<LogSource> {
        self.0.subscribe()
    }

    pub(crate) fn tell(&self, progress: &Progress, now: Timestamp) {
        let state = match (progress.is_tailing, progress.has_source) {
            (false, _) => ShipState::Recovering,
            (true, true) => ShipState::Shipping,
            (true, false) => ShipState::WaitingForSource,
        };
        // While a failed plan begins again, its problem stands.
        if state == ShipState::Recovering && self.0.borrow().problem.is_some() {
            return;
        }
        self.0.send_if_modified(|source| {
            let before = source.clone();
            // Shipping a line must not write a line: only a change of state does.
            if source.state != state {
                source.state = state;
                source.since = now;
                info!("{}: {}", source.path, words(state));
            }
            if progress.bytes > source.bytes {
                source.shipped_at = Some(now);
            }
            source.problem = None;
            source.lines = progress.lines;
            source.bytes = progress.bytes;
            source.lag_bytes = progress.lag_bytes;
            source.pieces_closed = progress.pieces_closed;
            source.pieces_open = progress.pieces_open;
            source.gaps = progress.gaps;
            source.gap_bytes = progress.gap_bytes;
            *source != before
        });
    }

    /// It begins again after a pause.
    pub(crate) fn failed(&self, error: &ShipError) {
        self.set(ShipState::WaitingForLake, error);
    }

    pub(crate) fn ended(&self, error: &ShipError) {
        let state = if error.is_superseded() {
            ShipState::Superseded
        } else {
            ShipState::WaitingForLake
        };
        self.set(state, error);
    }

    fn set(&self, state: ShipState, error: &ShipError) {
        self.0.send_if_modified(|source| {
            // Said once per change: the same trouble in other words is no change.
            if source.state == state && source.problem.is_some() {
                return false;
            }
            warn!("{}: {}: {error}", source.path, words(state));
            source.state = state;
            source.since = clock::now();
            source.problem = Some(error.to_string());
            true
        });
    }
}

fn words(state: ShipState) -> &'static str {
    match state {
        ShipState::Recovering => "taking over its archive",
        ShipState::Shipping => "is shipped to the lake",
        ShipState::WaitingForSource => "there is no such log yet",
        ShipState::WaitingForLake => "can't be shipped now, trying again",
        ShipState::Superseded => "is shipped by another process",
    }
}
