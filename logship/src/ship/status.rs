//! The state of one log for others: its entry on the board, and one line a change in the log.

use super::board::Board;
use super::error::ShipError;
use super::plan::Progress;
use crate::archive::names::Name;
use comptoir_config::clock;
use comptoir_model::api::logs::{LastError, LogSource, ShipState};
use jiff::Timestamp;
use std::sync::Arc;
use tracing::{info, warn};

#[derive(Debug)]
pub(crate) struct Status {
    board: Arc<Board>,
    name: String,
}

impl Status {
    /// Puts a log on the board.
    pub(crate) fn new(board: Arc<Board>, name: String, path: String, location: String) -> Self {
        board.put(LogSource {
            name: name.clone(),
            path,
            location,
            state: ShipState::Recovering,
            since: clock::now(),
            problem: None,
            lines: 0,
            bytes: 0,
            lag_bytes: 0,
            pieces_closed: 0,
            pieces_open: 0,
            gaps: 0,
            gap_bytes: 0,
            shipped_at: None,
            behind_since: None,
            position: 0,
            piece: None,
            last_error: None,
        });
        Self { board, name }
    }

    pub(crate) fn tell(&self, progress: &Progress, now: Timestamp) {
        let state = match (progress.is_tailing, progress.has_source) {
            (false, _) => ShipState::Recovering,
            (true, true) => ShipState::Shipping,
            (true, false) => ShipState::WaitingForSource,
        };
        self.board.change(&self.name, |source| {
            // While a failed plan begins again, its problem stands.
            if state == ShipState::Recovering && source.problem.is_some() {
                return false;
            }
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
            source.position = progress.position;
            source.piece = progress.piece.map(|id| Name::OpenPiece(id).to_string());
            source.behind_since = match source.behind_since {
                _ if progress.lag_bytes == 0 => None,
                None => Some(now),
                since => since,
            };
            *source != before
        });
    }

    /// It begins again after a pause.
    pub(crate) fn failed(&self, error: &ShipError) {
        let state = match error {
            ShipError::Source { .. } => ShipState::WaitingForSource,
            _ => ShipState::WaitingForLake,
        };
        self.set(state, error);
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
        self.board.change(&self.name, |source| {
            // Said once per change: the same trouble in other words is no change.
            if source.state == state && source.problem.is_some() {
                return false;
            }
            warn!("{}: {}: {error}", source.path, words_of_trouble(state));
            let now = clock::now();
            source.state = state;
            source.since = now;
            source.problem = Some(error.to_string());
            source.last_error = Some(LastError {
                time: now,
                message: error.to_string(),
            });
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

fn words_of_trouble(state: ShipState) -> &'static str {
    match state {
        ShipState::WaitingForSource => "can't be read now, trying again",
        state => words(state),
    }
}
