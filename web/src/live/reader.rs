//! The task that reads the warehouse, so that requests do not.

use super::feed::View;
use super::state::State;
use super::windows::Spans;
use super::{Live, Shown, names};
use crate::metrics::Metrics;
use comptoir_config::clock;
use comptoir_model::api::live::SourceState;
use comptoir_warehouse::{LiveChange, LiveQuery, LiveReader, WarehouseError};
use jiff::Timestamp;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLockWriteGuard};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tracing::{debug, info, warn};

/// From one message with figures to the next: what comes faster comes together.
const MESSAGE_INTERVAL: Duration = Duration::from_millis(100);
/// Between two looks at whether anything has come, while somebody looks at the page.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// While nobody does; the first who looks ends it.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// Of a partition of which more has come since the last read, all that it changed is read.
const NEW_EVENTS_MAX: u64 = 2_000;
/// After a read that failed.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// At least so often the streams are told that the server is alive.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// A read that takes longer is said to be missing its answer.
const SLOW_READ: Duration = Duration::from_secs(3);
/// A whole day, read at once after a start.
const READ_MAX: Duration = Duration::from_mins(2);
/// Names seldom change.
const NAMES_INTERVAL: Duration = Duration::from_secs(30);
const NAMES_MAX: Duration = Duration::from_secs(2);

pub(crate) struct Reader {
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    epoch: Arc<str>,
    /// When the streams were last told something.
    told_at: Instant,
    /// The windows of the figures that they were told last.
    told_spans: Option<Spans>,
    names_asked_at: Instant,
}

impl Reader {
    pub(crate) fn new(live: Arc<Live>, metrics: Arc<Metrics>) -> Self {
        let start = (live.now)().as_second();
        Self {
            live,
            metrics,
            epoch: format!("{start:x}{:08x}", clock::random_u32()).into(),
            told_at: clock::instant(),
            told_spans: None,
            names_asked_at: clock::instant(),
        }
    }

    /// Reads until it is dropped, one read at a time.
    pub(crate) async fn run(mut self) -> Infallible {
        let reader = LiveReader::new(&self.live.warehouse);
        let mut warehouse = reader.taking_new_events(NEW_EVENTS_MAX);
        // The state of another day, until it has been read.
        let mut fresh = None;
        loop {
            let start = clock::instant();
            let read = self.read(&mut warehouse, &mut fresh).await;
            let failed = read.is_err();
            self.learn(read, &mut fresh).await;
            if failed {
                pause(&self.live.looked_at, start + RETRY_INTERVAL).await;
            } else if self.live.views.receiver_count() > 0 {
                self.wait_for_news(&mut warehouse, start).await;
            } else {
                pause(&self.live.looked_at, start + IDLE_INTERVAL).await;
            }
        }
    }

    /// Ends when there may be something to tell that was not there when the last read began.
    async fn wait_for_news(&self, warehouse: &mut LiveReader, last_read: Instant) {
        let seen = self.shown().state.query().seen.clone();
        let heartbeat = last_read + HEARTBEAT;
        let next_message = self.told_at + MESSAGE_INTERVAL;
        pause(&self.live.looked_at, next_message.min(heartbeat)).await;
        while clock::instant() < heartbeat {
            let look = clock::instant();
            let moved = tokio::time::timeout(HEARTBEAT, warehouse.has_moved(&seen)).await;
            let spans = Spans::at((self.live.now)(), &self.live.zone);
            // The read finds out what is wrong, where something is.
            if !matches!(moved, Ok(Ok(false))) || self.told_spans.as_ref() != Some(&spans) {
                return;
            }
            pause(&self.live.looked_at, look + LOOK_INTERVAL).await;
        }
    }

    /// One read. The streams go on hearing that the server lives.
    async fn read(
        &mut self,
        warehouse: &mut LiveReader,
        fresh: &mut Option<State>,
    ) -> Result<LiveChange, ReadError> {
        let spans = Spans::at((self.live.now)(), &self.live.zone);
        let seen;
        let query = {
            let mut shown = self.shown();
            let query = prepare(&mut shown, fresh, &spans).query();
            // The state is not held while the warehouse is asked.
            seen = query.seen.clone();
            LiveQuery {
                seen: &seen,
                ..query
            }
        };
        let start = clock::instant();
        let mut read = pin!(tokio::time::timeout(READ_MAX, warehouse.read(&query)));
        let read = loop {
            tokio::select! {
                read = &mut read => break read,
                () = tokio::time::sleep(HEARTBEAT) => self.wait(start.elapsed()),
            }
        };
        self.metrics.observe_live_read(start.elapsed());
        debug!(
            took_us = start.elapsed().as_micros(),
            "read the live figures"
        );
        match read {
            Ok(read) => Ok(read?),
            Err(_) => Err(ReadError::TimedOut),
        }
    }

    /// The first read of a day may take a while: before it there is nothing to say.
    fn wait(&mut self, waited: Duration) {
        if self.live.views.borrow().is_none() {
            return;
        }
        let now = (self.live.now)();
        if waited >= SLOW_READ {
            let trouble = format!("the warehouse has not answered for {} s", waited.as_secs());
            let mut shown = self.shown();
            shown.enter(SourceState::WarehouseAway, Some(trouble), now);
        }
        self.tell_head(now);
    }

    /// Takes in what was read, and tells the streams what changed.
    async fn learn(&mut self, read: Result<LiveChange, ReadError>, fresh: &mut Option<State>) {
        let now = (self.live.now)();
        match read {
            Ok(change) => {
                let anew = self.apply(change, fresh, now);
                // Each takes a place in a list anew, or has another name by now.
                let renamed = (anew || self.names_are_old()) && self.learn_names().await;
                if anew || renamed {
                    self.tell_all(now);
                } else if self.told_at.elapsed() >= MESSAGE_INTERVAL {
                    self.tell_head(now);
                }
            }
            Err(ReadError::Warehouse(WarehouseError::NotMigrated { .. })) => {
                // Nobody has written to it yet: it is as empty as one with tables.
                if self.shown().state.facts().is_none() {
                    self.apply(LiveChange::default(), &mut None, now);
                }
                self.tell_all(now);
            }
            Err(error) => {
                self.metrics.count_live_read_error();
                let trouble = Some(error.to_string());
                self.shown().enter(SourceState::WarehouseAway, trouble, now);
                if self.live.views.borrow().is_none() {
                    self.tell_all(now);
                } else {
                    self.tell_head(now);
                }
            }
        }
    }

    /// Whether there is anything to tell.
    fn apply(&self, change: LiveChange, fresh: &mut Option<State>, now: Timestamp) -> bool {
        let mut shown = self.shown();
        let moved = change.moved || !change.tops.is_empty();
        let letters = change.dead_letters.total;
        let known = shown.state.facts().map(|facts| facts.dead_letters.total);
        let of_another_day = fresh.is_some();
        if let Some(state) = fresh.take() {
            shown.state = state;
        }
        shown.state.apply(change, now);
        let state = (shown.state.facts()).map_or(SourceState::Empty, |facts| facts.state(now));
        let entered = shown.enter(state, None, now);
        let spans_moved = self.told_spans.as_ref() != Some(shown.state.spans());
        moved || entered || of_another_day || known != Some(letters) || spans_moved
    }

    fn names_are_old(&self) -> bool {
        self.names_asked_at.elapsed() >= NAMES_INTERVAL
    }

    async fn learn_names(&mut self) -> bool {
        let again = self.names_are_old();
        let wanted = self.shown().state.nameless(again);
        if wanted.is_empty() {
            return false;
        }
        let asked = names::ask(&self.live.warehouse, wanted);
        let Ok(Ok(names)) = tokio::time::timeout(NAMES_MAX, asked).await else {
            // The next read tells what is wrong, and the lists show ids until then.
            return false;
        };
        if again {
            self.names_asked_at = clock::instant();
            self.shown().state.forget_names();
        }
        self.shown().state.learn_names(names);
        true
    }

    fn tell_all(&mut self, now: Timestamp) {
        let (message, spans) = {
            let shown = self.shown();
            let message = shown.state.message(shown.source, shown.since, now);
            (message, shown.state.spans().clone())
        };
        self.told_spans = Some(spans);
        self.tell(|view| match view {
            Some(view) => view.next(message),
            None => View::first(Arc::clone(&self.epoch), message),
        });
        self.told_at = clock::instant();
    }

    /// Only that the source was looked at, and how it stands.
    fn tell_head(&mut self, now: Timestamp) {
        let message = {
            let shown = self.shown();
            shown.state.head(shown.source, shown.since, now)
        };
        self.tell(|view| match view {
            Some(view) => view.with_head(message),
            None => View::first(Arc::clone(&self.epoch), message),
        });
        self.told_at = clock::instant();
    }

    fn tell(&self, next: impl FnOnce(Option<&View>) -> View) {
        self.live.views.send_modify(|view| {
            *view = Some(Arc::new(next(view.as_deref())));
        });
    }

    fn shown(&self) -> RwLockWriteGuard<'_, Shown> {
        (self.live.shown.write()).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until then, or until somebody comes to look.
async fn pause(looked_at: &Notify, until: Instant) {
    tokio::select! {
        () = tokio::time::sleep_until(until.into()) => {}
        () = looked_at.notified() => {}
    }
}

/// Makes ready the state that the next read is for: another one after midnight.
fn prepare<'s>(shown: &'s mut Shown, fresh: &'s mut Option<State>, spans: &Spans) -> &'s State {
    let newest = fresh.as_mut().unwrap_or(&mut shown.state);
    if newest.can_advance(spans) {
        newest.advance(spans);
    } else {
        *fresh = Some(State::new(spans.clone()));
    }
    fresh.as_ref().unwrap_or(&shown.state)
}

impl Shown {
    /// Whether it is another state than before; the log hears of it where it matters.
    fn enter(&mut self, state: SourceState, trouble: Option<String>, now: Timestamp) -> bool {
        let before = std::mem::replace(&mut self.source, state);
        if before != state {
            self.since = now;
            match (&trouble, before) {
                (Some(trouble), _) => {
                    warn!("live figures: {trouble}; those read last go on being shown");
                }
                (None, SourceState::WarehouseAway) => info!("live figures: the warehouse is back"),
                _ => {}
            }
        }
        self.trouble = trouble;
        before != state
    }
}

/// What stands between the warehouse and the figures.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(
        "the warehouse did not give the day's figures within {} s\nhint: is it overloaded? look for long queries",
        READ_MAX.as_secs()
    )]
    TimedOut,
}
