//! All logs of a process: finds them by their patterns, gives each a task, and takes it away.

use super::error::ShipError;
use super::hints::{Hint, Watcher};
use super::log::{Common, LogPlace, LogShipper, Order};
use super::request::Runs;
use crate::sources::{Found, Source, Stamps};
use comptoir_config::clock;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

/// For the pieces to be closed at the end; what is not then is recovered by the next shipper.
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// From one scan to the next, where the system tells of changes,
const SCAN_EVERY: Duration = Duration::from_secs(2);
/// where it does not,
const SCAN_WITHOUT_HINTS: Duration = Duration::from_millis(500);
/// and after a name came that is no log's yet.
const SCAN_SOON: Duration = Duration::from_millis(50);
/// Scans take at most so much of the time.
const SCAN_SHARE: u32 = 200;

pub(crate) struct Fleet {
    common: Arc<Common>,
    runs: Runs,
    sources: watch::Receiver<Vec<Source>>,
    watcher: Watcher,
    logs: BTreeMap<String, Log>,
    tasks: JoinSet<(String, Result<(), ShipError>)>,
    /// Those that ended for good, and why; they are not begun again.
    failed: BTreeMap<String, ShipError>,
    stamps: Stamps,
}

struct Log {
    place: LogPlace,
    orders: watch::Sender<Order>,
    hint: Arc<Hint>,
    /// The source as it was when the log was begun.
    source: Source,
}

/// What a scan found.
struct Scan {
    found: Vec<(Source, BTreeSet<Found>)>,
    /// The logs whose file is not what it was at the scan before.
    changed: BTreeSet<PathBuf>,
    stamps: Stamps,
    took: Duration,
}

impl Fleet {
    pub(crate) fn new(
        common: Arc<Common>,
        runs: Runs,
        sources: watch::Receiver<Vec<Source>>,
    ) -> Self {
        Self {
            common,
            runs,
            sources,
            watcher: Watcher::new(),
            logs: BTreeMap::new(),
            tasks: JoinSet::new(),
            failed: BTreeMap::new(),
            stamps: Stamps::default(),
        }
    }

    pub(crate) async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), ShipError> {
        tokio::pin!(shutdown);
        loop {
            let scan = self.scan().await;
            let pause = self.apply(scan);
            if self.runs == Runs::Once && self.logs.is_empty() {
                return Ok(());
            }
            // Names that come together are looked at together.
            let unknown = self.watcher.unknown();
            let next = async move {
                let soon = SCAN_SOON.min(pause);
                tokio::time::sleep(soon).await;
                tokio::select! {
                    () = tokio::time::sleep(pause.saturating_sub(soon)) => {}
                    () = unknown => {}
                }
            };
            tokio::pin!(next);
            loop {
                tokio::select! {
                    () = &mut next, if self.runs == Runs::UntilStopped => break,
                    Some(ended) = self.tasks.join_next() => {
                        let (name, ended) = ended.unwrap_or_else(|stopped| {
                            std::panic::resume_unwind(stopped.into_panic())
                        });
                        let log = self.logs.remove(&name);
                        match ended {
                            Ok(()) => self.common.board.remove(&name),
                            Err(error) => drop(self.failed.insert(name, error)),
                        }
                        if let Some(log) = log {
                            self.watcher.remove(&log.place.path);
                        }
                        if self.logs.is_empty() && (self.runs == Runs::Once || !self.failed.is_empty()) {
                            let error = self.failed.pop_first();
                            return error.map_or(Ok(()), |(_, error)| Err(error));
                        }
                    }
                    _ = self.sources.changed() => {
                        info!("the sources are read again");
                        self.failed.clear();
                        break;
                    }
                    () = &mut shutdown => return self.drain().await,
                }
            }
        }
    }

    async fn scan(&mut self) -> Scan {
        let sources = self.sources.borrow_and_update().clone();
        let mut stamps = std::mem::take(&mut self.stamps);
        let scanning = tokio::task::spawn_blocking(move || {
            let began = clock::instant();
            let found: Vec<_> = sources
                .into_iter()
                .map(|source| {
                    let found = source.files.find();
                    (source, found)
                })
                .collect();
            let paths = || {
                found
                    .iter()
                    .flat_map(|(_, found)| found)
                    .map(|found| &found.path)
            };
            let changed = paths()
                .filter(|path| stamps.changed(path))
                .cloned()
                .collect();
            let there: BTreeSet<_> = paths().collect();
            stamps.keep(|path| there.contains(&path.to_path_buf()));
            Scan {
                changed,
                stamps,
                took: began.elapsed(),
                found,
            }
        });
        match scanning.await {
            Ok(scan) => scan,
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }

    /// Begins, wakes and ends logs. How long to wait for the next scan.
    fn apply(&mut self, scan: Scan) -> Duration {
        self.stamps = scan.stamps;
        let mut standing = BTreeMap::new();
        let mut watched = BTreeSet::new();
        let mut poll: Option<Duration> = None;
        for (source, found) in &scan.found {
            match source.poll {
                Some(every) => poll = Some(poll.map_or(every, |poll| poll.min(every))),
                None => watched.extend(source.files.directories(found.iter())),
            }
            for found in found {
                match source.log(found) {
                    Ok((name, directory)) => {
                        let place = LogPlace {
                            path: found.path.clone(),
                            directory,
                            times: source.times.clone(),
                            rotation: source.rotation,
                        };
                        if !self.logs.contains_key(&name) && !self.failed.contains_key(&name) {
                            self.begin(&name, place.clone(), source);
                        }
                        standing.insert(name, place);
                    }
                    Err(error) => warn!("{} can't be shipped: {error}", found.path.display()),
                }
            }
        }
        let is_watching = self.watcher.watch(&watched);
        for (name, log) in &self.logs {
            let is_configured = || (scan.found.iter()).any(|(source, _)| *source == log.source);
            let order = match self.runs {
                Runs::Once => Order::Once,
                Runs::UntilStopped if standing.get(name) == Some(&log.place) => Order::Follow,
                Runs::UntilStopped if is_configured() => Order::UntilGone,
                Runs::UntilStopped => Order::Stop,
            };
            log.orders.send_if_modified(|before| {
                let is_other = *before != order;
                *before = order;
                is_other
            });
            if scan.changed.contains(&log.place.path) {
                log.hint.renamed();
            }
        }
        let every = if is_watching {
            SCAN_EVERY
        } else {
            SCAN_WITHOUT_HINTS
        };
        poll.unwrap_or(every).min(every).max(scan.took * SCAN_SHARE)
    }

    fn begin(&mut self, name: &str, place: LogPlace, source: &Source) {
        let hint = Arc::new(Hint::default());
        let log = LogShipper::new(
            Arc::clone(&self.common),
            name,
            place.clone(),
            Arc::clone(&hint),
        );
        let (orders, given) = watch::channel(match self.runs {
            Runs::Once => Order::Once,
            Runs::UntilStopped => Order::Follow,
        });
        let task_name = name.to_owned();
        (self.tasks).spawn(async move {
            let ended = Box::pin(log.run(&task_name, given)).await;
            (task_name, ended)
        });
        self.watcher.add(&place.path, Arc::clone(&hint));
        let log = Log {
            place,
            orders,
            hint,
            source: source.clone(),
        };
        self.logs.insert(name.to_owned(), log);
    }

    /// Ends all logs, for as long as it may take to end in order.
    async fn drain(mut self) -> Result<(), ShipError> {
        for log in self.logs.values() {
            log.orders.send_replace(Order::Stop);
        }
        let ending = async {
            let mut failed = None;
            while let Some(ended) = self.tasks.join_next().await {
                match ended {
                    Ok((_, Err(error))) => drop(failed.get_or_insert(error)),
                    Ok((_, Ok(()))) => {}
                    Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
                }
            }
            failed
        };
        if let Ok(failed) = tokio::time::timeout(DRAIN_MAX, ending).await {
            return failed.map_or(Ok(()), Err);
        }
        info!("pieces were left open: the next shipper recovers them");
        Ok(())
    }
}
