//! `comptoir-batch views plan`: what would be read and answered. Nothing is changed.

use super::catalog::{Catalog, Origin, View};
use super::engine::Planned;
use super::error::{CommandError, ViewError};
use super::header::{Days, Format, LakeOutput, Output};
use super::live;
use super::run::Wanted;
use super::sources::{Opened, Sources, Stores};
use crate::jobs::ready::none_before_the_first;
use comptoir_config::Settings;
use comptoir_model::view_result::SourceRun;
use comptoir_warehouse::WarehouseError;
use serde_json::{Value, json};
use std::io::Write;

/// What each view reads, from which runs, and what it answers. The first that can't be planned ends
/// it, as its run would end; shipped ones that nobody named and that have nothing to read are not
/// planned.
pub(super) async fn plan(
    names: &[String],
    as_json: bool,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let stores = Stores::of(settings)?;
    let (live, others) = Wanted::of(names);
    if live == Wanted::Named {
        let lines = live::plan(&stores.archive, &stores.warehouse).await?;
        if as_json {
            writeln!(out, "{}", json!({"view": live::NAME, "partitions": lines}))?;
        } else {
            writeln!(out, "{}", live::NAME)?;
            for line in lines {
                writeln!(out, "  {line}")?;
            }
        }
    }
    let mut sources = Sources::of(&stores, &catalog);
    for view in live.others(&catalog, &others)? {
        let opened = match sources.open_all(view).await {
            // As a run of all leaves it out.
            Err(
                ViewError::NothingThere { .. }
                | ViewError::NoRules
                | ViewError::Warehouse(WarehouseError::NotMigrated { .. }),
            ) if live == Wanted::AsWell && view.origin == Origin::Shipped => {
                if !as_json {
                    writeln!(
                        out,
                        "{} ({}): has nothing to read yet",
                        view.name, view.file
                    )?;
                }
                continue;
            }
            opened => opened?,
        };
        let planned = stores.engine.plan(view, &opened).await?;
        if as_json {
            let result = published(view, &sources, &stores).await?;
            writeln!(out, "{}", as_object(view, &opened, &planned, &result)?)?;
        } else {
            tell(view, &opened, &planned, settings, &stores, out)?;
        }
    }
    Ok(())
}

fn tell(
    view: &View,
    opened: &[Opened],
    planned: &Planned,
    settings: &Settings,
    stores: &Stores,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    writeln!(out, "{} ({})", view.name, view.file)?;
    for run in opened.iter().flat_map(Opened::runs) {
        let SourceRun {
            name,
            location,
            run,
            rows,
            ..
        } = run;
        writeln!(
            out,
            "  reads   {name}: {rows} rows of {location} (run {run})"
        )?;
    }
    let columns = planned.columns()?;
    let columns: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    writeln!(out, "  answers {}", columns.join(", "))?;
    let target = stores.places.result(view).map_err(ViewError::Lake)?;
    let into = into(view, &stores.lake.url_of(&target));
    writeln!(out, "  into    {into}")?;
    writeln!(
        out,
        "  within  {} MiB of memory, the rest in {}",
        settings.views.memory_mb,
        settings.data_dir.join("views").display()
    )?;
    Ok(())
}

/// Where the result goes.
fn into(view: &View, url: &str) -> String {
    let Output::Lake(LakeOutput { format, .. }) = &view.header.output else {
        return "the warehouse".to_owned();
    };
    let format = match format {
        Format::Parquet => "parquet".to_owned(),
        Format::Csv => "csv".to_owned(),
        Format::Delta(Days::Together) => "delta".to_owned(),
        Format::Delta(Days::By { column, .. }) => format!("delta, by {column}"),
    };
    let served = if view.header.is_served() {
        " and the warehouse"
    } else {
        ""
    };
    format!("{url} ({format}){served}")
}

/// All that another engine needs to compute the view, and to hold it against what was published.
fn as_object(
    view: &View,
    opened: &[Opened],
    planned: &Planned,
    result: &Value,
) -> Result<Value, CommandError> {
    let sources: Vec<_> = (opened.iter())
        .map(|source| json!({"name": source.run.name, "read": source.stored}))
        .collect();
    let runs: Vec<_> = opened.iter().flat_map(Opened::runs).collect();
    Ok(json!({
        "view": view.name,
        "file": view.file,
        "query": view.sql,
        "columns": planned.columns()?,
        "sources": sources,
        "runs": runs,
        "result": result,
    }))
}

/// The published result and what it was made of; null where none lies in the lake that can be read
/// as a table, or where only one of lake and warehouse has it yet.
async fn published(
    view: &View,
    sources: &Sources<'_>,
    stores: &Stores,
) -> Result<Value, CommandError> {
    let is_table = match &view.header.output {
        Output::Warehouse => false,
        Output::Lake(LakeOutput { format, .. }) => *format != Format::Csv,
    };
    if !is_table {
        return Ok(Value::Null);
    }
    let found = match sources.open_result("result", view).await {
        Err(ViewError::NothingThere { .. }) => return Ok(Value::Null),
        found => found?,
    };
    let recorded = none_before_the_first(stores.warehouse.view_result(&view.name).await)?;
    Ok(match recorded {
        Some(recorded) if recorded.run == found.run.run => json!({
            "run": recorded.run,
            "runs": recorded.about.sources,
            "read": found.stored,
        }),
        _ => Value::Null,
    })
}
