//! `comptoir-batch plan`: what a job would do. Nothing is changed.

use super::args::PlanArgs;
use super::file::Job;
use super::ready::{CommandError, Ready, ReadyWork, warehouse};
use super::store::JobStore;
use super::table;
use crate::cli::Exit;
use crate::import::{
    self, Composed, Existing, ImportArgs, ImportRequest, Preview, PreviewRows, thousands,
};
use comptoir_config::{Settings, Sources, clock};
use comptoir_model::incremental::Start;
use comptoir_model::manifest::SnapshotMethod;
use comptoir_warehouse::WarehouseError;
use std::io::Write;

/// More ranges than this are not listed one by one.
const RANGES_SHOWN: usize = 16;

/// The exit is that with which the job would fail, as far as that can be known.
pub async fn plan(
    args: &PlanArgs,
    settings: &Settings,
    sources: &Sources,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let book = JobStore::at(&settings.jobs.file).load()?;
    let job = book.get(&args.name)?;
    let Ready {
        settings: own,
        work,
        ..
    } = Ready::of(job, sources)?;
    match work {
        ReadyWork::Import { args, composed } => {
            plan_import(job, args, &own, &composed, settings, out).await
        }
        #[cfg(feature = "views")]
        ReadyWork::Views(views) => {
            let last = last_run(job, settings).await?;
            let names = match views.views.as_slice() {
                [] => "all, after the live run".to_owned(),
                names => names.join(", "),
            };
            let which = if views.if_changed {
                "; only those with news"
            } else {
                ""
            };
            let of_views = [("views", format!("{names}{which}")), ("last run", last)];
            write(&[&of_job(job)[..], &of_views].concat(), out)?;
            let planned = Box::pin(crate::views::plan_job(views, &own, out)).await;
            planned.map_err(Box::new)?;
            Ok(Exit::Done)
        }
    }
}

async fn plan_import(
    job: &Job,
    args: &ImportArgs,
    own: &Settings,
    composed: &Composed,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let lake = import::open_lake(own).map_err(import::CommandError::from)?;
    let source = import::source(&args.password, &own.erp, &lake).await;
    let source = source.map_err(import::CommandError::from)?;
    let request = &composed.request;
    let preview = import::preview(&source, &lake, request, clock::now()).await?;
    let last = last_run(job, settings).await?;
    let location = lake.url_of(&request.target);
    let of_import = [
        (
            "source",
            format!("{} of {} ({})", preview.table, source.url, preview.server),
        ),
        ("size", size(&preview)),
        ("rows", rows(&preview)),
        ("snapshot", snapshot(&preview)),
        (
            "target",
            format!("{location}: {}", state(&preview, request)),
        ),
        ("last run", last),
        ("parts", parts(&preview)),
    ];
    write(&[&of_job(job)[..], &of_import].concat(), out)?;
    for cut in preview.cuts.iter().flatten().take(RANGES_SHOWN) {
        writeln!(out, "          {cut}")?;
    }
    for notice in &composed.notices {
        writeln!(out, "note      {notice}")?;
    }
    match preview.obstacle {
        None => Ok(Exit::Done),
        Some(obstacle) => Err(obstacle.into()),
    }
}

fn of_job(job: &Job) -> [Line; 2] {
    let after: Vec<_> = job.after.iter().map(ToString::to_string).collect();
    let after = if after.is_empty() {
        "nothing".to_owned()
    } else {
        after.join(", ")
    };
    let name = format!("{}, written in {}", job.name, job.origin);
    [("job", name), ("after", after)]
}

/// What it is about, and what is said of it.
type Line = (&'static str, String);

fn write(lines: &[Line], out: &mut impl Write) -> std::io::Result<()> {
    (lines.iter()).try_for_each(|(name, text)| writeln!(out, "{name:<9} {text}"))
}

fn size(preview: &Preview) -> String {
    let columns = preview.columns;
    match preview.estimate {
        None => format!("{columns} columns; the server keeps no number of rows"),
        Some(estimate) => format!(
            "{columns} columns, about {} rows, {} bytes by the server's statistics",
            thousands(estimate.rows),
            thousands(estimate.bytes)
        ),
    }
}

fn rows(preview: &Preview) -> String {
    match &preview.rows {
        PreviewRows::Selected => "all that are asked for".to_owned(),
        PreviewRows::New { condition, count } => {
            format!("{} now, those where {condition}", thousands(*count))
        }
        PreviewRows::None => "none now: nothing is new".to_owned(),
    }
}

fn snapshot(preview: &Preview) -> String {
    let how = match preview.snapshot {
        SnapshotMethod::Single => "one moment",
        SnapshotMethod::Frozen => "one moment: commits wait while the connections begin",
        SnapshotMethod::Compared => {
            "one moment: the connections begin anew until the server says that they agree"
        }
        SnapshotMethod::Separate => "each connection a moment of its own",
    };
    let plural = if preview.connections == 1 { "" } else { "s" };
    format!("{} connection{plural}, {how}", preview.connections)
}

fn parts(preview: &Preview) -> String {
    let parts = preview.cuts.len();
    match parts {
        0 => "none".to_owned(),
        1 => "1".to_owned(),
        2..=RANGES_SHOWN => format!("{parts}, cut at"),
        _ => format!("{parts}, of which the first {RANGES_SHOWN} are cut at"),
    }
}

fn state(preview: &Preview, request: &ImportRequest) -> String {
    let Some(manifest) = &preview.published else {
        return "nothing of ours lies there".to_owned();
    };
    let fate = match request.existing {
        Existing::ReplaceAll | Existing::ReplaceOurs => "is replaced, all or nothing",
        Existing::Refuse => "is in the way",
        Existing::Append => "is added to",
        Existing::MergeBy(_) => "is merged with what is new",
    };
    let begin = match &manifest.incremental {
        Some(state) if request.incremental.is_some() => match &state.start {
            Start::After(value) => format!("; the run begins after {value}"),
            Start::From(value) => format!("; the run begins at {value}"),
        },
        _ => String::new(),
    };
    format!(
        "the import {} of {}, {} rows, {} bytes, {fate}{begin}",
        manifest.run,
        table::moment(Some(manifest.imported_at)),
        thousands(manifest.rows()),
        thousands(manifest.bytes())
    )
}

async fn last_run(job: &Job, settings: &Settings) -> Result<String, CommandError> {
    let last = match warehouse(settings)?.job_runs(Some(&job.name), 1).await {
        Ok(runs) => runs.into_iter().next(),
        Err(WarehouseError::NotMigrated { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(run) = last else {
        return Ok("never".to_owned());
    };
    let error = table::first_line(run.error.as_deref());
    let why = if error.is_empty() {
        String::new()
    } else {
        format!(": {error}")
    };
    Ok(format!(
        "{} {}{why}",
        table::moment(Some(run.started_at)),
        run.outcome.as_str()
    ))
}
