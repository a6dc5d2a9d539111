//! The live figures: one task reads the warehouse, requests and streams read memory.

pub(crate) mod compared;
mod distinct;
mod feed;
mod figures;
mod files;
pub(crate) mod letter;
pub(crate) mod lists;
mod minutes;
mod names;
pub(crate) mod reader;
pub(crate) mod rest;
mod source;
mod state;
pub(crate) mod stream;
mod sums;
mod tops;
mod windows;

use crate::http::problem::{Refused, problem};
use comptoir_model::api::ProblemKind;
use comptoir_model::api::live::{LiveCompared, LiveSource, SourceState};
use comptoir_warehouse::Warehouse;
use feed::View;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use state::State;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::{Notify, Semaphore, watch};
use windows::Spans;

/// Each holds a connection, and gets a copy of what changes.
const STREAMS_MAX: usize = 256;

/// What the reader shares with requests and streams.
pub(crate) struct Live {
    warehouse: Warehouse,
    zone: TimeZone,
    /// The time of day.
    now: fn() -> Timestamp,
    shown: RwLock<Shown>,
    /// Its receivers are the open streams. `None` before the first try to read.
    views: watch::Sender<Option<Arc<View>>>,
    /// Streams that may still be opened.
    streams: Arc<Semaphore>,
    /// Ends the reader's pause: somebody looks.
    looked_at: Notify,
    /// What today is compared with; `None` before it was read.
    compared: RwLock<Option<Arc<LiveCompared>>>,
}

/// The newest figures, and how the server stands to them.
pub(crate) struct Shown {
    state: State,
    source: SourceState,
    since: Timestamp,
    /// Why the warehouse can't be read, where it can't.
    trouble: Option<String>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (f.debug_struct("Live"))
            .field("warehouse", &self.warehouse)
            .finish_non_exhaustive()
    }
}

impl Live {
    pub(crate) fn new(warehouse: Warehouse, zone: TimeZone, now: fn() -> Timestamp) -> Self {
        let shown = Shown {
            state: State::new(Spans::at(now(), &zone)),
            source: SourceState::Empty,
            since: now(),
            trouble: None,
        };
        Self {
            warehouse,
            zone,
            now,
            shown: RwLock::new(shown),
            views: watch::channel(None).0,
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            looked_at: Notify::new(),
            compared: RwLock::default(),
        }
    }

    pub(crate) fn open_streams(&self) -> usize {
        STREAMS_MAX - self.streams.available_permits()
    }

    /// Where the figures stand, once there are any.
    pub(crate) fn source(&self) -> Option<LiveSource> {
        let shown = self.shown();
        shown.state.facts()?;
        Some(shown.state.source(shown.source, shown.since))
    }

    /// The newest figures, or why there are none.
    fn served(&self) -> Result<RwLockReadGuard<'_, Shown>, Refused> {
        let shown = self.shown();
        if shown.state.facts().is_some() {
            return Ok(shown);
        }
        let detail = (shown.trouble.clone())
            .unwrap_or_else(|| "the first read of the warehouse has not ended yet".to_owned());
        let (detail, hint) = match detail.split_once("\nhint: ") {
            Some((detail, hint)) => (detail.to_owned(), hint.to_owned()),
            None => (
                detail,
                "ask again; `comptoir doctor` says whether the warehouse answers".to_owned(),
            ),
        };
        Err(Refused(problem(
            ProblemKind::WarehouseUnavailable,
            detail,
            Some(hint),
        )))
    }

    fn shown(&self) -> RwLockReadGuard<'_, Shown> {
        // A panic while it was held has ended the reader, and with it the server.
        self.shown.read().unwrap_or_else(PoisonError::into_inner)
    }
}
