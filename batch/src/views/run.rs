//! `comptoir-batch views run`: views, one after the other, each under its lock and on record.

use super::catalog::{Catalog, View};
use super::engine::Engine;
use super::error::{CommandError, ViewError};
use super::output::{ResultWriter, Written};
use super::sources::{Opened, Places, Sources};
use crate::cli::Exit;
use crate::import::open_lake;
use crate::jobs::{ready, run as job};
use comptoir_config::{Settings, clock};
use comptoir_lake::Lake;
use comptoir_model::ids::RunId;
use comptoir_model::view_result::{SourceRun, ViewAbout, ViewName};
use comptoir_warehouse::{JobEnd, JobLock, JobOutcome, JobOutput, JobStart, Warehouse};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

/// Runs the named views, or all; the exit is that of the first that was not done.
pub(super) async fn run(
    names: &[String],
    as_json: bool,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let views = catalog.in_order(names)?;
    let lake = open_lake(settings).map_err(CommandError::LakeSettings)?;
    let places = Places::of(settings).map_err(CommandError::LakeSettings)?;
    let engine = Engine::new(settings)?;
    let runner = Runner {
        warehouse: ready::warehouse(settings)?,
        host: job::host(),
        lake: &lake,
        places: &places,
        engine: &engine,
    };
    runner.warehouse.migrate().await?;
    let mut sources = Sources::new(&lake, &places, engine.partitions());
    let mut exits: BTreeMap<&ViewName, Exit> = BTreeMap::new();
    let mut exit = Exit::Done;
    for view in views {
        let missing = (view.needs())
            .find(|needed| (exits.get(needed)).is_some_and(|exit| *exit != Exit::Done));
        let told = match missing {
            Some(missing) => runner.skip(view, missing).await,
            None => runner.run(view, &mut sources).await,
        };
        exits.insert(&view.name, told.exit());
        if exit == Exit::Done {
            exit = told.exit();
        }
        told.tell(view, as_json, out)?;
    }
    Ok(exit)
}

struct Runner<'a> {
    warehouse: Warehouse,
    host: String,
    lake: &'a Lake,
    places: &'a Places,
    engine: &'a Engine,
}

/// A view that was published.
struct Done {
    run: RunId,
    written: Written,
    took: SignedDuration,
    sources: Vec<SourceRun>,
    spilled_bytes: usize,
}

enum Told {
    Done(Done),
    Failed { message: String, exit: Exit },
    Locked(String),
    Skipped(String),
}

impl Runner<'_> {
    async fn run(&self, view: &View, sources: &mut Sources<'_>) -> Told {
        let (name, pid) = (view.name.job(), std::process::id());
        let started_at = clock::now();
        let started = (self.warehouse).start_job(&name, &self.host, pid, started_at);
        let lock = match started.await {
            Ok(JobStart::Started(lock)) => lock,
            Ok(JobStart::Held(holder)) => {
                return Told::Locked(job::is_running(holder.as_ref()));
            }
            Err(error) => {
                return Told::Failed {
                    message: error.to_string(),
                    exit: Exit::Failed,
                };
            }
        };
        let done = self.compute(view, sources, &lock, started_at).await;
        let told = match done {
            Ok(done) => Told::Done(done),
            Err(error) => Told::Failed {
                message: error.to_string(),
                exit: error.exit(),
            },
        };
        record_end(lock, told).await
    }

    async fn compute(
        &self,
        view: &View,
        sources: &mut Sources<'_>,
        lock: &JobLock,
        started_at: Timestamp,
    ) -> Result<Done, ViewError> {
        let opened = open_all(view, sources).await?;
        let planned = self.engine.plan(view, &opened).await?;
        let runs: Vec<SourceRun> = opened.into_iter().map(|opened| opened.run).collect();
        let about = ViewAbout {
            description: view.header.description.clone(),
            columns: planned.columns.clone(),
            as_of: (runs.iter().map(|run| run.time).min()).unwrap_or(started_at),
            sources: runs,
        };
        let run = RunId::new(started_at, clock::random_u32());
        let target = self.places.result(&view.name)?;
        let mut writer = ResultWriter::begin(
            view,
            planned.columns.clone(),
            &run,
            (self.lake, &target),
            &self.warehouse,
            started_at,
        )
        .await?;
        let written = async {
            let mut rows = planned.rows()?;
            while let Some(batch) = rows.next().await {
                writer.write(&planned.batch(batch)?).await?;
            }
            Ok(())
        };
        if let Err(error) = written.await {
            writer.abandon().await;
            return Err(error);
        }
        let written = writer.publish(&about, lock, clock::now).await?;
        Ok(Done {
            run,
            written,
            took: clock::now().duration_since(started_at),
            sources: about.sources,
            spilled_bytes: planned.spilled_bytes(),
        })
    }

    async fn skip(&self, view: &View, missing: &ViewName) -> Told {
        let message = format!("skipped, because the view `{missing}` was not done");
        let (name, pid, now) = (view.name.job(), std::process::id(), clock::now());
        let skipped = (self.warehouse).skip_job(&name, &self.host, pid, &message, now);
        if let Err(error) = skipped.await {
            tracing::warn!(
                "{}: that it was skipped could not be recorded: {error}",
                view.name
            );
        }
        Told::Skipped(message)
    }
}

pub(super) async fn open_all(
    view: &View,
    sources: &mut Sources<'_>,
) -> Result<Vec<Opened>, ViewError> {
    let mut opened = Vec::with_capacity(view.header.sources.len());
    for source in &view.header.sources {
        opened.push(sources.open(source).await?);
    }
    Ok(opened)
}

/// Frees the view. A result that was published but is not on record is told as a failure.
async fn record_end(lock: JobLock, told: Told) -> Told {
    let end = JobEnd {
        at: clock::now(),
        outcome: match told {
            Told::Done(_) => JobOutcome::Done,
            _ => JobOutcome::Failed,
        },
        attempts: 1,
        output: match &told {
            Told::Done(done) => Some(JobOutput {
                run: done.run.clone(),
                rows: done.written.rows,
                bytes: done.written.bytes,
            }),
            _ => None,
        },
        error: told.complaint().map(str::to_owned),
    };
    match (lock.finish(&end).await, told) {
        (Err(error), Told::Done(done)) => Told::Failed {
            message: format!(
                "run {} was published; but its end could not be recorded: {error}",
                done.run
            ),
            exit: Exit::Failed,
        },
        // What is wrong already is what people have to know.
        (_, told) => told,
    }
}

impl Told {
    fn exit(&self) -> Exit {
        match self {
            Self::Done(_) => Exit::Done,
            Self::Failed { exit, .. } => *exit,
            Self::Locked(_) => Exit::Locked,
            Self::Skipped(_) => Exit::Failed,
        }
    }

    fn outcome(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Failed { .. } => "failed",
            Self::Locked(_) => "locked",
            Self::Skipped(_) => "skipped",
        }
    }

    fn complaint(&self) -> Option<&str> {
        match self {
            Self::Done(_) => None,
            Self::Failed { message, .. } | Self::Locked(message) | Self::Skipped(message) => {
                Some(message)
            }
        }
    }

    /// Results go to `out`, complaints into the log, which people see on stderr.
    fn tell(&self, view: &View, as_json: bool, out: &mut impl Write) -> std::io::Result<()> {
        let name = &view.name;
        if let Some(complaint) = self.complaint() {
            tracing::error!("{name}: {complaint}");
        }
        let done = match self {
            Self::Done(done) => Some(done),
            _ => None,
        };
        if as_json {
            let line = json!({
                "view": name,
                "outcome": self.outcome(),
                "run": done.map(|done| &done.run),
                "rows": done.map(|done| done.written.rows),
                "bytes": done.map(|done| done.written.bytes),
                "duration_s": done.map(|done| done.took.as_secs_f64()),
                "spilled_bytes": done.map(|done| done.spilled_bytes),
                "sources": done.map(|done| &done.sources),
                "error": self.complaint(),
            });
            return writeln!(out, "{line}");
        }
        let Some(done) = done else { return Ok(()) };
        let sources: Vec<_> = (done.sources.iter())
            .map(|source| format!("{} (run {})", source.location, source.run))
            .collect();
        let spilled = match done.spilled_bytes {
            0 => String::new(),
            bytes => format!(", {bytes} bytes spilled"),
        };
        writeln!(
            out,
            "{name}: {} rows from {} in {:.1} s{spilled} (run {})",
            done.written.rows,
            sources.join(", "),
            done.took.as_secs_f64(),
            done.run
        )
    }
}
