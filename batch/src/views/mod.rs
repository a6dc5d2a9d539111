//! Batch views: SQL over what is published in the lake, with results that are published as a whole.
//!
//! Pure: `header` reads what a file says of itself, `catalog` puts views in order, `columns` and
//! `result` go between the values of files, of SQL and of JSON, `recorded` says what is news to a
//! table, `unknown` counts keys that references do not know, `rules` asks rules
//! for live events, `broken` counts those that do not hold. The shells: `sources`, `files`, `table`
//! and `parts` read the lake, `engine` computes within bounded memory, `output` publishes, `compute`
//! is one view from the one to the other, `scope` says how much of it is computed, `live` is the run
//! that the live figures are made of, `run`, `plan` and `look` are the commands, `job` is a run of
//! views that `jobs.toml` names. batch/VIEWS.md is for those who write views.

mod args;
mod broken;
mod catalog;
mod columns;
mod compute;
mod engine;
mod error;
mod files;
mod header;
mod job;
mod live;
mod look;
mod output;
mod parts;
mod plan;
mod recorded;
mod result;
mod rules;
mod run;
mod scope;
mod sources;
mod table;
mod told;
mod unknown;

pub use args::{ViewsAction, ViewsArgs};
pub use error::{Back, CommandError, FileFault, HeaderFault, ViewError, ViewsError};
pub(crate) use job::{check, names, plan_job, run_job, run_one};

use crate::cli::Exit;
use comptoir_config::Settings;
use compute::Extent;
use look::Shape;
use run::Which;
use std::collections::BTreeSet;
use std::io::Write;

/// Does what the command line says.
pub async fn views(
    args: &ViewsArgs,
    settings: &Settings,
    out: &mut (impl Write + Send),
) -> Result<Exit, CommandError> {
    match &args.action {
        ViewsAction::Run {
            names,
            if_changed,
            full,
            json,
        } => {
            let which = Which {
                names,
                only_changed: *if_changed,
                extent: if *full {
                    Extent::Everything
                } else {
                    Extent::News
                },
                done: &BTreeSet::new(),
            };
            return run::run(&which, *json, settings, out).await;
        }
        ViewsAction::Plan { names, json } => plan::plan(names, *json, settings, out).await?,
        ViewsAction::Ls { json } => look::ls(*json, settings, out).await?,
        ViewsAction::Show {
            name,
            limit,
            json,
            csv,
        } => {
            let shape = match (json, csv) {
                (true, _) => Shape::Json,
                (false, true) => Shape::Csv,
                (false, false) => Shape::Table,
            };
            look::show(name, *limit, shape, settings, out).await?;
        }
    }
    Ok(Exit::Done)
}

/// Runs all views that are not up to date, for a process that does so at intervals. What was done,
/// and what was not, goes into the log.
pub async fn refresh(settings: &Settings) -> Result<Exit, CommandError> {
    let which = Which {
        names: &[],
        only_changed: true,
        extent: Extent::News,
        done: &BTreeSet::new(),
    };
    let mut lines = Vec::new();
    let exit = run::run(&which, false, settings, &mut lines).await;
    for line in String::from_utf8_lossy(&lines).lines() {
        tracing::info!("{line}");
    }
    exit
}
