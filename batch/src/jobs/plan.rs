//! `comptoir-batch plan`: what a job would do. Nothing is changed.

use super::args::PlanArgs;
use super::ready::{CommandError, Ready, warehouse};
use super::store::JobStore;
use super::table;
use crate::cli::Exit;
use crate::import::{self, Existing, ImportRequest, Preview, PreviewRows, thousands};
use comptoir_config::{Settings, Sources, clock};
use comptoir_model::incremental::Start;
use comptoir_model::manifest::SnapshotMethod;
use comptoir_warehouse::{JobRun, WarehouseError};
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
        composed,
        ..
    } = Ready::of(job, sources)?;
    let lake = import::open_lake(&own).map_err(import::CommandError::from)?;
    let source = import::source(&job.args.password, &own.erp, &lake).await;
    let source = source.map_err(import::CommandError::from)?;
    let request = &composed.request;
    let preview = import::preview(&source, &lake, request, clock::now()).await?;
    let last = match warehouse(settings)?.job_runs(Some(&job.name), 1).await {
        Ok(runs) => runs.into_iter().next(),
        Err(WarehouseError::NotMigrated { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let after = job
        .after
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    let location = lake.url_of(&request.target);
    for (name, text) in [
        ("job", format!("{}, written in {}", job.name, job.origin)),
        (
            "after",
            if after.is_empty() {
                "nothing".to_owned()
            } else {
                after.join(", ")
            },
        ),
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
        ("last run", last_run(last.as_ref())),
        ("parts", parts(&preview)),
    ] {
        writeln!(out, "{name:<9} {text}")?;
    }
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

fn last_run(last: Option<&JobRun>) -> String {
    match last {
        None => "never".to_owned(),
        Some(run) => {
            let error = table::first_line(run.error.as_deref());
            let why = if error.is_empty() {
                String::new()
            } else {
                format!(": {error}")
            };
            format!(
                "{} {}{why}",
                table::moment(Some(run.started_at)),
                run.outcome.as_str()
            )
        }
    }
}
