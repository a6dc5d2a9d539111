//! Shipping a log: every byte of a file and of its rotated siblings into the archive, once.
//!
//! `plan` decides, `shell` carries out, this file keeps both going: whatever the lake or the
//! source does, it waits, begins again, and says once what is wrong.

mod cache;
mod error;
mod heart;
mod http;
mod metrics;
mod newest;
mod pieces;
mod plan;
mod request;
mod rotation;
mod shell;
mod source;
mod status;
mod watcher;

pub use error::ShipError;
pub use plan::Limits;
pub use request::ShipRequest;
pub use rotation::Rotation;

use crate::archive::names::Epoch;
use crate::archive::store::Store;
use cache::Cache;
use comptoir_config::clock;
use comptoir_lake::Lake;
use comptoir_model::api::logs::{LogSource, ShipState};
use heart::Heart;
use metrics::Metrics;
use newest::Newest;
use pieces::Pieces;
use plan::{Now, Plan, Step};
use shell::{Shell, lock};
use source::Source;
use status::Status;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use watcher::Hints;

/// After a failure; doubled up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// For the pieces to be closed at the end; what is not then is recovered by the next shipper.
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// Looks at the files are not closer to each other, however often they change.
const HINT_PAUSE: Duration = Duration::from_millis(20);
/// From one publication of the status to the next.
const STATUS_EVERY: Duration = Duration::from_millis(100);

/// Ships until `shutdown` completes or another shipper takes over, and serves the newest lines.
pub async fn run(
    request: ShipRequest,
    lake: Lake,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ShipError> {
    Box::pin(Shipper::new(request, lake)?.run(listener, shutdown)).await
}

/// A shipper that can be watched.
pub struct Shipper {
    request: ShipRequest,
    lake: Lake,
    shell: Shell,
    status: Status,
    metrics: Arc<Metrics>,
    cache: Cache,
    began: Instant,
}

impl Shipper {
    pub fn new(request: ShipRequest, lake: Lake) -> Result<Self, ShipError> {
        let (name, directory) = (request.name()?, request.directory()?);
        let source = Source::new(&request.source, name);
        let status = Status::new(LogSource {
            name: name.to_owned(),
            path: request.source.display().to_string(),
            location: lake.url_of(&directory),
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
        });
        let metrics = Arc::new(Metrics::new(status.watch()));
        let newest = Arc::new(Mutex::new(Newest::new(name)));
        let store = Store::new(lake.clone(), directory);
        let pieces = Pieces::new(Arc::clone(&metrics));
        Ok(Self {
            cache: Cache::open(&request.state_dir, name),
            shell: Shell::new(store, source, newest, pieces),
            request,
            lake,
            status,
            metrics,
            began: clock::instant(),
        })
    }

    /// The state as the page shows it.
    pub fn watch(&self) -> watch::Receiver<LogSource> {
        self.status.watch()
    }

    pub async fn run(
        mut self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ShipError> {
        let address = listener.local_addr().map_err(ShipError::Serve)?;
        let heart = self.request.warehouse.clone().map(|warehouse| {
            let instance = self.shell.instance.clone();
            Heart::new(
                warehouse,
                self.status.watch(),
                instance,
                shell::host(),
                address,
            )
        });
        let server = http::serve(
            listener,
            self.status.watch(),
            Arc::clone(&self.shell.newest),
            Arc::clone(&self.metrics),
        );
        let (stop, mut stopped) = watch::channel(false);
        let mut heart = heart;
        let beating = async {
            match &mut heart {
                Some(heart) => heart.beat().await,
                None => std::future::pending().await,
            }
        };
        let shipping = async {
            tokio::select! {
                shipped = self.ship(&mut stopped) => shipped,
                served = server => served,
                () = beating => Ok(()),
            }
        };
        let ended = drain(shipping, shutdown, &stop).await;
        if let Some(heart) = &mut heart {
            heart.stopped().await;
        }
        ended
    }

    /// One plan after the other, until one ends well or for good.
    async fn ship(&mut self, stopped: &mut watch::Receiver<bool>) -> Result<(), ShipError> {
        let mut hints = Hints::watch(&self.request.source);
        let mut mine = None;
        let mut pause = PAUSE_MIN;
        loop {
            let mut plan = Plan::new(self.request.limits, mine, self.cache.seen());
            let error = match self.follow(&mut plan, &mut hints, stopped).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.cache.keep(plan.seen());
            if plan.progress().is_tailing {
                pause = PAUSE_MIN;
            }
            if error.is_final() {
                self.status.ended(&error);
                return Err(error);
            }
            mine = plan.epoch().or(mine);
            self.metrics.failed();
            self.status.failed(&error);
            self.shell.reset().await;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Carries out one plan.
    async fn follow(
        &mut self,
        plan: &mut Plan,
        hints: &mut Hints,
        stopped: &mut watch::Receiver<bool>,
    ) -> Result<(), ShipError> {
        let mut told_at: Option<Instant> = None;
        loop {
            if *stopped.borrow() {
                plan.stop();
            }
            while let Some(closed) = self.shell.pieces.closed_already() {
                plan.closed(closed?);
            }
            let step = plan.next(self.now());
            match &step {
                Step::Wait(until) => {
                    self.tell(plan, &mut told_at);
                    if self.rotate(plan).await? {
                        plan.hint();
                        continue;
                    }
                    self.wait(plan, *until, hints, stopped).await?;
                }
                Step::Stopped => return Ok(()),
                Step::Superseded(epoch) => return Err(self.superseded(*epoch).await),
                step => {
                    let is_look = *step == Step::Look;
                    let keep = (is_look && plan.progress().is_tailing).then(|| plan.held());
                    let done = self.shell.execute(step, keep).await?;
                    plan.done(step, done, self.now());
                    if told_at.is_none_or(|at| at.elapsed() >= STATUS_EVERY) {
                        self.tell(plan, &mut told_at);
                    }
                }
            }
        }
    }

    async fn wait(
        &mut self,
        plan: &mut Plan,
        until: Duration,
        hints: &mut Hints,
        stopped: &mut watch::Receiver<bool>,
    ) -> Result<(), ShipError> {
        let rest = until.saturating_sub(self.now().running);
        // Bytes that come meanwhile are shipped together.
        let hinted = async {
            tokio::time::sleep(HINT_PAUSE.min(rest)).await;
            hints.next().await;
        };
        let is_stopped = *stopped.borrow();
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = hinted => plan.hint(),
            closed = self.shell.pieces.closed() => plan.closed(closed?),
            _ = stopped.changed(), if !is_stopped => {}
        }
        Ok(())
    }

    fn tell(&mut self, plan: &Plan, told_at: &mut Option<Instant>) {
        *told_at = Some(clock::instant());
        self.status.tell(&plan.progress(), clock::now());
        self.cache.keep(plan.seen());
    }

    /// Whether the log was rotated.
    async fn rotate(&mut self, plan: &Plan) -> Result<bool, ShipError> {
        let Some(rotation) = self.request.rotation else {
            return Ok(false);
        };
        match plan.main_file() {
            Some((size, true)) if size >= rotation.bytes => {}
            _ => return Ok(false),
        }
        let settled = plan.settled_files();
        self.shell
            .with_source("rotating", move |source| rotation.rotate(source, &settled))
            .await
    }

    fn now(&self) -> Now {
        Now {
            running: self.began.elapsed(),
            time: clock::now(),
        }
    }

    async fn superseded(&self, epoch: Epoch) -> ShipError {
        let by = self.shell.owner(epoch).await;
        ShipError::Superseded {
            location: self.lake.url_of(&self.shell.store.directory),
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

/// Runs `shipping`, and once `shutdown` came, for as long as it may take to end in order.
async fn drain(
    shipping: impl Future<Output = Result<(), ShipError>>,
    shutdown: impl Future<Output = ()>,
    stop: &watch::Sender<bool>,
) -> Result<(), ShipError> {
    tokio::pin!(shipping);
    tokio::select! {
        ended = &mut shipping => return ended,
        () = shutdown => {}
    }
    stop.send_replace(true);
    if let Ok(ended) = tokio::time::timeout(DRAIN_MAX, shipping).await {
        return ended;
    }
    tracing::info!("pieces were left open: the next shipper recovers them");
    Ok(())
}

/// Waits for the lock of what a panicking thread may have held.
fn newest_lines(newest: &Mutex<Newest>, limit: usize) -> Vec<comptoir_model::api::logs::LogLine> {
    lock(newest).newest(limit)
}
