//! `comptoir-batch views run`: views, one after the other, each under its lock and on record.

use super::catalog::{Catalog, Origin, View};
use super::compute::{Computation, Extent};
use super::error::{CommandError, ViewError, ViewsError};
use super::live::{self, LiveRun};
use super::sources::{Opened, Sources, Stores};
use super::told::Told;
use crate::cli::Exit;
use crate::jobs::run as job;
use comptoir_bronze::Snapshot;
use comptoir_config::{Settings, clock, host_name};
use comptoir_model::view_result::{SourceRun, ViewName};
use comptoir_warehouse::{JobEnd, JobLock, JobOutcome, JobStart, WarehouseError};
use futures::FutureExt;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

/// Which views are to run.
pub(super) struct Which<'a> {
    /// None: all.
    pub(super) names: &'a [String],
    /// Without those of which neither the query nor what they read has changed.
    pub(super) only_changed: bool,
    pub(super) extent: Extent,
    /// Done by an earlier try: they are left alone.
    pub(super) done: &'a BTreeSet<ViewName>,
}

/// Whether there is reason to run a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Yes,
    /// Its result is that of the same query over the same runs.
    Unchanged,
    /// It has no result yet, and one of its sources has nothing.
    NothingToRead,
}

impl Which<'_> {
    /// Whether a view may be left out at all: what it reads is looked at only then.
    fn looks_before(&self, view: &View) -> bool {
        let unasked = self.names.is_empty() && view.origin == Origin::Shipped;
        self.only_changed || unasked
    }

    fn leaves_out(&self, due: Due) -> bool {
        match due {
            Due::Yes => false,
            Due::Unchanged => self.only_changed,
            Due::NothingToRead => true,
        }
    }
}

/// The exit is that of the first view that was not done.
pub(super) async fn run(
    which: &Which<'_>,
    as_json: bool,
    settings: &Settings,
    out: &mut (impl Write + Send),
) -> Result<Exit, CommandError> {
    let mut exit = Exit::Done;
    let mut tell = |name: ViewName, told: Told| {
        if exit == Exit::Done {
            exit = told.exit();
        }
        told.tell(&name, as_json, out)
    };
    each(which, settings, None, &mut tell).await?;
    Ok(exit)
}

/// Hears what became of a view.
pub(super) type Hear<'a> = dyn FnMut(ViewName, Told) -> std::io::Result<()> + Send + 'a;

/// Runs views, each after those that it reads. Where they run for a job, its lock is asked for
/// before each of them: a job that another process has taken over goes no further.
pub(super) async fn each(
    which: &Which<'_>,
    settings: &Settings,
    job: Option<&JobLock>,
    hear: &mut Hear<'_>,
) -> Result<(), CommandError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let (live, names) = Wanted::of(which.names);
    let views = live.others(&catalog, &names)?;
    let stores = Stores::of(settings)?;
    stores.warehouse.migrate().await?;
    let runner = Runner {
        stores: &stores,
        host: host_name(),
        patience: settings.views.wait,
        extent: which.extent,
        job,
    };
    let name = ViewName::live();
    if live != Wanted::No && !which.done.contains(&name) {
        runner.confirm().await?;
        hear(name, runner.run_live(live).await)?;
    }
    let mut sources = Sources::of(&stores, &catalog);
    let mut exits: BTreeMap<&ViewName, Exit> = BTreeMap::new();
    for view in views {
        if which.done.contains(&view.name) {
            continue;
        }
        let missing = (view.needs())
            .find(|needed| (exits.get(needed)).is_some_and(|exit| *exit != Exit::Done));
        let told = match missing {
            Some(missing) => runner.skip(view, missing).await,
            None if which.looks_before(view)
                && which.leaves_out(runner.due(view, &mut sources).await) =>
            {
                Told::Nothing
            }
            None => {
                runner.confirm().await?;
                runner.run(view, &mut sources).await
            }
        };
        exits.insert(&view.name, told.exit());
        hear(view.name.clone(), told)?;
    }
    Ok(())
}

/// Whether the live run is meant, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    No,
    /// With all others.
    AsWell,
    Named,
}

impl Wanted {
    /// With the names of the other views.
    pub(super) fn of(names: &[String]) -> (Self, Vec<String>) {
        let others = names.iter().filter(|name| *name != live::NAME);
        let others: Vec<_> = others.cloned().collect();
        let wanted = match names.len() {
            0 => Self::AsWell,
            all if all > others.len() => Self::Named,
            _ => Self::No,
        };
        (wanted, others)
    }

    /// The other views: where the live run alone is named, none.
    pub(super) fn others<'c>(
        self,
        catalog: &'c Catalog,
        names: &[String],
    ) -> Result<Vec<&'c View>, ViewsError> {
        match (self, names) {
            (Self::Named, []) => Ok(Vec::new()),
            (_, names) => catalog.in_order(names),
        }
    }
}

struct Runner<'a> {
    stores: &'a Stores,
    host: String,
    patience: Duration,
    extent: Extent,
    /// For which all this is done, if for one.
    job: Option<&'a JobLock>,
}

impl Runner<'_> {
    async fn confirm(&self) -> Result<(), WarehouseError> {
        match self.job {
            None => Ok(()),
            // Boxed: the compiler can't see of the future itself that it may move between threads.
            Some(lock) => lock.confirm().boxed().await,
        }
    }

    async fn run(&self, view: &View, sources: &mut Sources<'_>) -> Told {
        let compute = async |lock: &JobLock, started_at| {
            let computation = Computation {
                stores: self.stores,
                view,
                extent: self.extent,
            };
            // Boxed: it is large.
            let done = Box::pin(computation.run(sources, lock, started_at)).await;
            done.map(|done| Told::Done(Box::new(done)))
        };
        self.under_lock(&view.name, compute).await
    }

    /// Where it can't be found out it is due: running the view says why.
    async fn due(&self, view: &View, sources: &mut Sources<'_>) -> Due {
        let opened = sources.open_all(view).await;
        let result = self.stores.warehouse.view_result(&view.name).await;
        match (opened, result) {
            (Err(ViewError::NothingThere { .. } | ViewError::NoRules), Ok(None)) => {
                Due::NothingToRead
            }
            (Ok(opened), Ok(Some(result))) => {
                let of =
                    |run: &SourceRun| (run.name.clone(), run.location.clone(), run.run.clone());
                let read = result.about.sources.iter().map(of);
                let same_runs = read.eq(opened.iter().flat_map(Opened::runs).map(of));
                if same_runs && result.about.sha256 == view.sha256() {
                    Due::Unchanged
                } else {
                    Due::Yes
                }
            }
            _ => Due::Yes,
        }
    }

    async fn run_live(&self, wanted: Wanted) -> Told {
        // Where nothing was ever archived nobody asked for it.
        if wanted == Wanted::AsWell
            && let Ok(None) = Snapshot::newest(&self.stores.archive).await
        {
            return Told::Nothing;
        }
        let live = LiveRun {
            engine: &self.stores.engine,
            table: &self.stores.archive,
            warehouse: &self.stores.warehouse,
            patience: self.patience,
        };
        let compute = async |_: &JobLock, started_at| {
            let done = live.run().await?;
            let took = clock::now().duration_since(started_at);
            let done = done.ok_or_else(|| ViewError::NothingThere {
                url: self.stores.archive.to_string(),
                cure: "comptoir-speed archive fills it".to_owned(),
            })?;
            match done.stops.first_key_value() {
                None => Ok(Told::Live { done, took }),
                Some((key, stop)) => Err(ViewError::Stopped {
                    key: key.clone(),
                    others: done.stops.len() - 1,
                    stop: Box::new(stop.clone()),
                }),
            }
        };
        self.under_lock(&ViewName::live(), compute).await
    }

    /// Does something that is on record, unless somebody else is doing it.
    async fn under_lock(
        &self,
        name: &ViewName,
        work: impl AsyncFnOnce(&JobLock, Timestamp) -> Result<Told, ViewError>,
    ) -> Told {
        let (job_name, pid, started_at) = (name.job(), std::process::id(), clock::now());
        let warehouse = &self.stores.warehouse;
        let started = warehouse.start_job(&job_name, &self.host, pid, started_at);
        let lock = match started.await {
            Ok(JobStart::Started(lock)) => lock,
            Ok(JobStart::Held(holder)) => return Told::Locked(job::is_running(holder.as_ref())),
            Err(error) => return Told::failed(&error.into()),
        };
        let told = match work(&lock, started_at).await {
            Ok(told) => told,
            Err(error) => Told::failed(&error),
        };
        record_end(lock, told).await
    }

    async fn skip(&self, view: &View, missing: &ViewName) -> Told {
        let message = format!("skipped, because the view `{missing}` was not done");
        let (name, pid, now) = (view.name.job(), std::process::id(), clock::now());
        let warehouse = &self.stores.warehouse;
        let skipped = warehouse.skip_job(&name, &self.host, pid, &message, now);
        if let Err(error) = skipped.await {
            tracing::warn!(
                "{}: that it was skipped could not be recorded: {error}",
                view.name
            );
        }
        Told::Skipped(message)
    }
}

/// Frees the view. A result that was published but is not on record is told as a failure.
async fn record_end(lock: JobLock, told: Told) -> Told {
    let complaint = told.complaint();
    let end = JobEnd {
        at: clock::now(),
        outcome: match complaint {
            None => JobOutcome::Done,
            Some(_) => JobOutcome::Failed,
        },
        attempts: 1,
        output: told.output(),
        error: complaint.map(str::to_owned),
    };
    match (lock.finish(&end).await, told.output()) {
        (Err(error), Some(output)) => Told::Failed {
            message: format!(
                "run {} was published; but its end could not be recorded: {error}",
                output.run
            ),
            exit: Exit::Failed,
            can_help_itself: false,
        },
        // What is wrong already is what people have to know.
        _ => told,
    }
}
