//! `comptoir-batch views plan`, `ls` and `show`: nothing is changed.

use super::catalog::{Catalog, View};
use super::engine::Engine;
use super::error::{CommandError, ViewError};
use super::header::Output;
use super::run::open_all;
use super::sources::{Places, Sources};
use crate::import::open_lake;
use crate::jobs::ready::none_before_the_first;
use crate::jobs::{ready, table};
use comptoir_config::{Settings, clock};
use comptoir_model::view_result::{SourceRun, ViewColumn};
use comptoir_warehouse::{JobOutcome, JobState, StoredViewResult, WarehouseError};
use serde_json::{Map, Value, json};
use std::io::Write;

/// What each view reads, from which runs, and what it answers. The first that can't be planned ends
/// it, as its run would end.
pub(super) async fn plan(
    names: &[String],
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let lake = open_lake(settings).map_err(CommandError::LakeSettings)?;
    let places = Places::of(settings).map_err(CommandError::LakeSettings)?;
    let engine = Engine::new(settings)?;
    let mut sources = Sources::new(&lake, &places, engine.partitions());
    for view in catalog.in_order(names)? {
        let opened = open_all(view, &mut sources).await?;
        let planned = engine.plan(view, &opened).await?;
        let target = places.result(&view.name).map_err(ViewError::Lake)?;
        writeln!(out, "{} ({})", view.name, view.file)?;
        for source in opened {
            let SourceRun {
                name,
                location,
                run,
                rows,
                ..
            } = source.run;
            writeln!(
                out,
                "  reads   {name}: {rows} rows of {location} (run {run})"
            )?;
        }
        let columns: Vec<_> = planned
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        writeln!(out, "  answers {}", columns.join(", "))?;
        let into = match view.header.output {
            Output::Parquet => format!("{} and the warehouse", lake.url_of(&target)),
            Output::Warehouse => "the warehouse".to_owned(),
        };
        writeln!(out, "  into    {into}")?;
        writeln!(
            out,
            "  within  {} MiB of memory, the rest in {}",
            settings.views.memory_mb,
            settings.data_dir.join("views").display()
        )?;
    }
    Ok(())
}

/// One line a view, by name.
pub(super) async fn ls(
    as_json: bool,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let warehouse = ready::warehouse(settings)?;
    let results = none_before_the_first(warehouse.view_results().await)?;
    let states = none_before_the_first(warehouse.job_states().await)?;
    let mut rows = Vec::new();
    for view in catalog.views() {
        let result = results.iter().find(|result| result.view == view.name);
        let job = view.name.job();
        let state = states.iter().find(|state| state.last.job == job);
        if as_json {
            writeln!(out, "{}", line_json(view, result, state))?;
        } else {
            rows.push(line(view, result, state));
        }
    }
    if !as_json {
        let head = ["VIEW", "ROWS", "PUBLISHED", "AGE", "LAST RUN", "ERROR"];
        for line in table::lines(&head, &rows) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn line(view: &View, result: Option<&StoredViewResult>, state: Option<&JobState>) -> Vec<String> {
    let or_none = |text: Option<String>| text.unwrap_or("-".to_owned());
    let last = state.map(|state| &state.last);
    vec![
        view.name.to_string(),
        or_none(result.map(|result| result.rows.to_string())),
        table::moment(result.map(|result| result.published_at)),
        or_none(
            result.map(|result| table::length(clock::now().duration_since(result.published_at))),
        ),
        last.map_or("never ran", |run| run.outcome.as_str())
            .to_owned(),
        table::first_line(last.and_then(|run| run.error.as_deref())),
    ]
}

fn line_json(view: &View, result: Option<&StoredViewResult>, state: Option<&JobState>) -> Value {
    let last = state.map(|state| &state.last);
    let age = result.map(|result| clock::now().duration_since(result.published_at).as_secs());
    json!({
        "view": view.name,
        "description": view.header.description,
        "run": result.map(|result| &result.run),
        "rows": result.map(|result| result.rows),
        "published_at": result.map(|result| result.published_at),
        "age_s": age,
        "running": last.is_some_and(|run| run.outcome == JobOutcome::Running),
        "last_outcome": last.map(|run| run.outcome.as_str()),
        "last_error": last.and_then(|run| run.error.as_ref()),
    })
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Table,
    Json,
    Csv,
}

/// The rows of the last good result, in its order.
pub(super) async fn show(
    name: &str,
    limit: Option<usize>,
    shape: Shape,
    settings: &Settings,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let catalog = Catalog::load(settings.views.dir.as_deref())?;
    let view = catalog.get(name)?;
    let warehouse = ready::warehouse(settings)?;
    let nothing_there = || ViewError::NothingThere {
        url: format!("the view {name}"),
        cure: format!("comptoir-batch views run {name}"),
    };
    let found = match warehouse.view_result(&view.name).await {
        Err(WarehouseError::NotMigrated { .. }) => None,
        found => found?,
    };
    let result = found.ok_or_else(nothing_there)?;
    let chunks = warehouse.view_result_chunks(&result).await?;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for chunk in chunks.ok_or_else(nothing_there)? {
        let chunk: Vec<Vec<Value>> = serde_json::from_str(&chunk).map_err(std::io::Error::from)?;
        rows.extend(chunk);
    }
    rows.truncate(limit.unwrap_or(usize::MAX));
    print(&result.about.columns, rows, shape, out)?;
    Ok(())
}

fn print(
    columns: &[ViewColumn],
    rows: Vec<Vec<Value>>,
    shape: Shape,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let head: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let text = |cell: &Value| match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match shape {
        Shape::Table => {
            let rows: Vec<Vec<String>> = (rows.iter())
                .map(|row| row.iter().map(text).collect())
                .collect();
            (table::lines(&head, &rows).iter()).try_for_each(|line| writeln!(out, "{line}"))
        }
        Shape::Json => rows.into_iter().try_for_each(|row| {
            let names = head.iter().map(ToString::to_string);
            let row: Map<String, Value> = names.zip(row).collect();
            writeln!(out, "{}", Value::Object(row))
        }),
        Shape::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(&head)?;
            for row in &rows {
                csv.write_record(row.iter().map(text))?;
            }
            csv.flush()
        }
    }
}
