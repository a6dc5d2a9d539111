//! Batch views: SQL over what is published in the lake, with results that are published as a whole.
//!
//! Pure: `header` reads what a file says of itself, `catalog` puts views in order, `columns` and
//! `result` go between the values of files, of SQL and of JSON. The shells: `sources`, `table`
//! and `parts` read the lake, `engine` computes within bounded memory, `output` publishes, `run` and `look` are
//! the commands. batch/VIEWS.md is for those who write views.

mod args;
mod catalog;
mod columns;
mod engine;
mod error;
mod header;
mod look;
mod output;
mod parts;
mod result;
mod run;
mod sources;
mod table;

pub use args::{ViewsAction, ViewsArgs};
pub use error::{CommandError, HeaderFault, ViewError, ViewsError};

use crate::cli::Exit;
use comptoir_config::Settings;
use look::Shape;
use std::io::Write;

/// Does what the command line says.
pub async fn views(
    args: &ViewsArgs,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    match &args.action {
        ViewsAction::Run { names, json } => return run::run(names, *json, settings, out).await,
        ViewsAction::Plan { names } => look::plan(names, settings, out).await?,
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
