//! Shipping one log: one plan after the other. `plan` decides, `shell` carries out, this file keeps
//! both going: whatever the lake or the files do, it waits, begins again, and says once what is
//! wrong.

use super::board::Board;
use super::cache::Cache;
use super::error::ShipError;
use super::files::{LogFiles, Scope};
use super::hints::Hint;
use super::metrics::Metrics;
use super::newest::Newest;
use super::pieces::Pieces;
use super::plan::{Limits, Now, Plan, Step};
use super::rotation::Rotation;
use super::shell::Shell;
use super::status::Status;
use super::writers::{Place, Writers};
use crate::archive::names::{Epoch, PieceId};
use crate::archive::store::Store;
use crate::seal::{SealSettings, Sealer, Times};
use comptoir_config::clock;
use comptoir_lake::{Lake, LakePath};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// After a failure; doubled up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// Looks at the files are not closer to each other, however often they change.
const HINT_PAUSE: Duration = Duration::from_millis(20);
/// From one publication of the status to the next.
const STATUS_EVERY: Duration = Duration::from_millis(100);
/// From one write of the local cache to the next.
const CACHE_EVERY: Duration = Duration::from_secs(1);
/// A run that is to end by itself gives up after so many failures in a row.
const FAILURES_MAX: u32 = 5;

/// Until when a log is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Follow,
    /// Until its files are gone, and what they had is archived.
    UntilGone,
    /// Until what is there is archived.
    Once,
    /// No further: what was copied is made durable and closed.
    Stop,
}

/// What all logs of a process share.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) lake: Lake,
    pub(crate) state_dir: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) board: Arc<Board>,
    pub(crate) newest: Arc<Mutex<Newest>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) writers: Arc<Writers>,
    /// Archives that are taken over at the same time.
    pub(crate) starts: Arc<Semaphore>,
    pub(crate) instance: Arc<str>,
    pub(crate) began: Instant,
    pub(crate) seal: SealSettings,
}

/// How a plan ended that did not fail.
enum Ended {
    Stopped,
    /// There is something to ship.
    Woken,
}

/// Where a log lies, and where it goes: what one that goes on must agree in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogPlace {
    pub(crate) path: PathBuf,
    /// Of its archive.
    pub(crate) directory: LakePath,
    /// The directories of its segments.
    pub(crate) times: Times,
    pub(crate) rotation: Option<Rotation>,
}

pub(crate) struct LogShipper {
    common: Arc<Common>,
    place: LogPlace,
    shell: Shell,
    status: Status,
    cache: Cache,
    cached_at: Option<Instant>,
    hint: Arc<Hint>,
    /// The turn in the line for a place of an open piece.
    in_line: Option<Pin<Box<dyn Future<Output = Place> + Send + Sync>>>,
    /// While it takes its archive over.
    starting: Option<OwnedSemaphorePermit>,
    /// The epoch that is held while files are followed: the sealer works under it.
    held: watch::Sender<Option<Epoch>>,
    /// The sealer asks for an epoch.
    seal_wanted: Arc<Notify>,
    /// The same step failed at the files, so often in a row.
    refusals: u32,
}

impl LogShipper {
    pub(crate) fn new(common: Arc<Common>, name: &str, place: LogPlace, hint: Arc<Hint>) -> Self {
        let files = LogFiles::new(&place.path, &common.state_dir);
        let status = Status::new(
            Arc::clone(&common.board),
            name.to_owned(),
            place.path.display().to_string(),
            common.lake.url_of(&place.directory),
        );
        let shell = Shell::new(
            Store::new(common.lake.clone(), place.directory.clone()),
            files,
            name.into(),
            Arc::clone(&common.instance),
            Arc::clone(&common.newest),
            Arc::clone(&common.writers),
            Pieces::new(Arc::clone(&common.metrics)),
        );
        Self {
            cache: Cache::open(&common.state_dir, name),
            cached_at: None,
            shell,
            status,
            common,
            place,
            hint,
            in_line: None,
            starting: None,
            held: watch::Sender::new(None),
            seal_wanted: Arc::new(Notify::new()),
            refusals: 0,
        }
    }

    /// Ships and seals until shipping ends. A run that ends by itself seals what is due before.
    pub(crate) async fn run(
        mut self,
        name: &str,
        mut orders: watch::Receiver<Order>,
    ) -> Result<(), ShipError> {
        let common = Arc::clone(&self.common);
        let LogPlace {
            directory, times, ..
        } = self.place.clone();
        let seal = common.seal.of_log(name, &directory, times)?;
        let source = seal.source(directory.file_name().unwrap_or(name));
        let store = Store::new(common.lake.clone(), directory);
        let mut sealer = Sealer::new(store, source, seal, common.metrics.seal.clone());
        let wanted = Arc::clone(&self.seal_wanted);
        let mut is_woken = false;
        loop {
            let held = self.held.subscribe();
            let shipped = tokio::select! {
                shipped = self.ship(&mut orders, is_woken) => shipped?,
                () = sealer.run(held, &wanted) => return Ok(()),
            };
            if *orders.borrow() != Order::Once {
                return Ok(());
            }
            if let Some(epoch) = shipped {
                let location = self.location();
                return tokio::select! {
                    finished = sealer.finish(epoch) => {
                        finished.map_err(|cause| {
                            let cause = Box::new(cause);
                            ShipError::Unsealed { location, cause }
                        })
                    }
                    _ = orders.wait_for(|order| *order == Order::Stop) => Ok(()),
                };
            }
            // There was nothing to ship, and so nobody owns the archive.
            if is_woken || !sealer.is_due().await {
                return Ok(());
            }
            is_woken = true;
        }
    }

    fn location(&self) -> String {
        self.common.lake.url_of(&self.place.directory)
    }

    /// One plan after the other, until one ends well or for good; the epoch that the last one held.
    async fn ship(
        &mut self,
        orders: &mut watch::Receiver<Order>,
        mut is_woken: bool,
    ) -> Result<Option<Epoch>, ShipError> {
        let mut mine = None;
        let mut pause = PAUSE_MIN;
        let mut failures = 0;
        if is_woken {
            self.shell.reset().await;
        }
        loop {
            self.starting = tokio::select! {
                permit = Arc::clone(&self.common.starts).acquire_owned() => permit.ok(),
                _ = orders.wait_for(|order| *order == Order::Stop) => return Ok(None),
            };
            let (limits, seen) = (self.common.limits, self.cache.seen());
            let mut plan = if is_woken || mine.is_some() {
                Plan::new(limits, mine, seen)
            } else {
                Plan::idle(limits, seen)
            };
            let ended = self.follow(&mut plan, orders).await;
            self.starting = None;
            self.in_line = None;
            self.held.send_replace(None);
            self.cache.keep(plan.seen());
            let error = match ended {
                Ok(Ended::Stopped) => return Ok(plan.epoch()),
                Ok(Ended::Woken) => {
                    is_woken = true;
                    self.shell.reset().await;
                    continue;
                }
                Err(error) => error,
            };
            if plan.progress().is_tailing {
                pause = PAUSE_MIN;
                failures = 0;
            }
            failures += 1;
            let gives_up = *orders.borrow() == Order::Once && failures >= FAILURES_MAX;
            if error.is_final() || gives_up {
                self.status.ended(&error);
                return Err(error);
            }
            mine = plan.epoch().or(mine);
            self.common.metrics.failed();
            self.status.failed(&error);
            self.shell.reset().await;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = orders.wait_for(|order| *order == Order::Stop) => return Ok(None),
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Carries out one plan.
    async fn follow(
        &mut self,
        plan: &mut Plan,
        orders: &mut watch::Receiver<Order>,
    ) -> Result<Ended, ShipError> {
        let mut told_at: Option<Instant> = None;
        loop {
            if *orders.borrow() == Order::Stop {
                plan.stop();
            }
            while let Some(closed) = self.shell.pieces.closed_already() {
                plan.closed(closed?);
            }
            let step = plan.next(self.now());
            match &step {
                Step::Wait(until) => {
                    self.tell(plan, &mut told_at);
                    if is_fulfilled(*orders.borrow(), plan) {
                        plan.stop();
                        continue;
                    }
                    if self.rotate(plan).await? {
                        self.shell.scope = Scope::Names;
                        plan.hint();
                        continue;
                    }
                    self.wait(plan, *until, orders).await?;
                }
                Step::Stopped => return Ok(Ended::Stopped),
                Step::Woken => return Ok(Ended::Woken),
                Step::Superseded(epoch) => return Err(self.superseded(*epoch).await),
                Step::Create(_) if !self.has_place() => {
                    self.tell(plan, &mut told_at);
                    self.wait_for_place(plan, orders).await?;
                    plan.delayed();
                }
                step => {
                    let is_look = *step == Step::Look;
                    if is_look && plan.is_searching() {
                        // What has its bytes now may have come since the last look.
                        self.shell.scope = Scope::Names;
                    }
                    let keep = (is_look && plan.progress().is_tailing).then(|| plan.held());
                    match self.shell.execute(step, keep).await {
                        Ok(done) => plan.done(step, done, self.now()),
                        Err(error @ ShipError::Source { .. }) => {
                            self.refused(error, plan, orders).await?;
                            continue;
                        }
                        Err(error) => return Err(error),
                    }
                    self.refusals = 0;
                    if plan.progress().is_tailing {
                        self.starting = None;
                    }
                    if told_at.is_none_or(|at| at.elapsed() >= STATUS_EVERY) {
                        self.tell(plan, &mut told_at);
                    }
                }
            }
        }
    }

    /// The files refused: nothing was done, and the step is tried again. Beginning again would not
    /// help, and leave records of each time.
    async fn refused(
        &mut self,
        error: ShipError,
        plan: &mut Plan,
        orders: &mut watch::Receiver<Order>,
    ) -> Result<(), ShipError> {
        self.status.failed(&error);
        self.refusals += 1;
        let order = *orders.borrow();
        if order == Order::Once && self.refusals >= FAILURES_MAX {
            return Err(error);
        }
        self.shell.scope = Scope::Names;
        plan.hint();
        plan.delayed();
        let pause = PAUSE_MIN * 2_u32.pow(self.refusals.min(4));
        tokio::select! {
            () = tokio::time::sleep(pause.min(PAUSE_MAX)) => {}
            closed = self.shell.pieces.closed() => plan.closed(closed?),
            _ = orders.changed(), if order != Order::Stop => {}
        }
        Ok(())
    }

    async fn wait(
        &mut self,
        plan: &mut Plan,
        until: Duration,
        orders: &mut watch::Receiver<Order>,
    ) -> Result<(), ShipError> {
        let rest = until.saturating_sub(self.now().running);
        let hint = Arc::clone(&self.hint);
        // Bytes that come meanwhile are shipped together.
        let hinted = async {
            tokio::time::sleep(HINT_PAUSE.min(rest)).await;
            hint.next().await;
        };
        let is_stopped = *orders.borrow() == Order::Stop;
        let asked = Arc::clone(&self.shell.asked);
        let seal_wanted = Arc::clone(&self.seal_wanted);
        tokio::select! {
            biased;
            _ = orders.changed(), if !is_stopped => {}
            () = seal_wanted.notified() => plan.wake(),
            closed = self.shell.pieces.closed() => plan.closed(closed?),
            pieces = asked.next() => end_pieces(plan, pieces),
            // Before the time is up: what came meanwhile is made durable with what waits for it.
            () = hinted => {
                if hint.take_names() || self.now().running >= until {
                    self.shell.scope = Scope::Names;
                }
                plan.hint();
            }
            () = tokio::time::sleep(rest) => self.shell.scope = Scope::Names,
        }
        Ok(())
    }

    /// Whether there is a place for another open piece; if not, it stands in line for one.
    fn has_place(&mut self) -> bool {
        if self.shell.place.is_none() && self.in_line.is_none() {
            self.shell.place = self.common.writers.try_now();
        }
        self.shell.place.is_some()
    }

    async fn wait_for_place(
        &mut self,
        plan: &mut Plan,
        orders: &mut watch::Receiver<Order>,
    ) -> Result<(), ShipError> {
        let writers = Arc::clone(&self.common.writers);
        let in_line = (self.in_line).get_or_insert_with(|| Box::pin(writers.wait()));
        let asked = Arc::clone(&self.shell.asked);
        let is_stopped = *orders.borrow() == Order::Stop;
        tokio::select! {
            place = in_line => {
                self.in_line = None;
                self.shell.place = Some(place);
            }
            closed = self.shell.pieces.closed() => plan.closed(closed?),
            pieces = asked.next() => end_pieces(plan, pieces),
            _ = orders.changed(), if !is_stopped => {}
        }
        Ok(())
    }

    fn tell(&mut self, plan: &Plan, told_at: &mut Option<Instant>) {
        let now = clock::instant();
        *told_at = Some(now);
        let held = plan.epoch().filter(|_| plan.progress().is_tailing);
        self.held
            .send_if_modified(|epoch| std::mem::replace(epoch, held) != held);
        self.status.tell(&plan.progress(), clock::now());
        let is_due = |at: Instant| now.saturating_duration_since(at) >= CACHE_EVERY;
        if self.cached_at.is_none_or(is_due) {
            self.cached_at = Some(now);
            self.cache.keep(plan.seen());
        }
    }

    /// Whether the log was rotated.
    async fn rotate(&mut self, plan: &Plan) -> Result<bool, ShipError> {
        let Some(rotation) = self.place.rotation else {
            return Ok(false);
        };
        match plan.main_file() {
            Some((size, true)) if size >= rotation.bytes => {}
            _ => return Ok(false),
        }
        let settled = plan.settled_files();
        self.shell
            .with_files("rotating", move |files| rotation.rotate(files, &settled))
            .await
    }

    fn now(&self) -> Now {
        Now {
            running: self.common.began.elapsed(),
            time: clock::now(),
        }
    }

    async fn superseded(&self, epoch: Epoch) -> ShipError {
        let by = self.shell.owner(epoch).await;
        ShipError::Superseded {
            location: self.location(),
            by: by.map_or_else(
                || format!("epoch {}", epoch.0),
                |owner| {
                    format!(
                        "epoch {} (process {} on {})",
                        epoch.0, owner.pid, owner.host
                    )
                },
            ),
        }
    }
}

/// Whether a plan that has nothing to do has done all that was ordered.
fn is_fulfilled(order: Order, plan: &Plan) -> bool {
    match order {
        Order::Follow | Order::Stop => false,
        Order::UntilGone => plan.is_over(),
        Order::Once => plan.is_done(),
    }
}

fn end_pieces(plan: &mut Plan, pieces: Vec<PieceId>) {
    for piece in pieces {
        plan.end_piece(piece);
    }
}
