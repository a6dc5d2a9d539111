//! `comptoir-batch views ls` and `show`: nothing is changed.

use super::broken;
use super::catalog::{Catalog, View};
use super::error::{CommandError, ViewError};
use super::live;
use super::result;
use super::sources::{Sources, Stores};
use super::unknown;
use crate::jobs::ready::none_before_the_first;
use crate::jobs::{ready, table};
use comptoir_config::{Settings, clock};
use comptoir_model::view_result::{ViewColumn, ViewName};
use comptoir_warehouse::{BatchFacts, JobOutcome, JobState, StoredViewResult, WarehouseError};
use futures::StreamExt;
use serde_json::{Map, Value, json};
use std::io::Write;

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
    let live = ViewName::live();
    let facts = none_before_the_first(warehouse.batch_facts().await)?;
    let mut rows = Vec::new();
    if let Some(state) = states.iter().find(|state| state.last.job == live.job()) {
        if as_json {
            writeln!(out, "{}", live_json(&facts, state))?;
        } else {
            rows.push(live_line(&facts, state));
        }
    }
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
        let head = ["VIEW", "ROWS", "PUBLISHED", "AGE", "LAST RUN", "REMARKS"];
        for line in table::lines(&head, &rows) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Its rows are the events that it counts; it is as old as what it includes.
fn live_line(facts: &BatchFacts, state: &JobState) -> Vec<String> {
    let age = facts
        .as_of
        .map(|as_of| table::length(clock::now().duration_since(as_of)));
    vec![
        live::NAME.to_owned(),
        events(facts).to_string(),
        table::moment(facts.as_of),
        age.unwrap_or("-".to_owned()),
        state.last.outcome.as_str().to_owned(),
        table::first_line(state.last.error.as_deref()),
    ]
}

fn live_json(facts: &BatchFacts, state: &JobState) -> Value {
    json!({
        "view": live::NAME,
        "rows": events(facts),
        "as_of": facts.as_of,
        "last_run": state.last.outcome.as_str(),
        "error": state.last.error,
    })
}

fn events(facts: &BatchFacts) -> u64 {
    let counted = facts.partitions.values().map(|recorded| &recorded.counted);
    counted.map(|counted| counted.counted().accepted).sum()
}

fn line(view: &View, result: Option<&StoredViewResult>, state: Option<&JobState>) -> Vec<String> {
    let or_none = |text: Option<String>| text.unwrap_or("-".to_owned());
    let last = state.map(|state| &state.last);
    vec![
        view.name.to_string(),
        or_none(result.map(|result| result.about.rows(result.rows).to_string())),
        table::moment(result.map(|result| result.published_at)),
        or_none(
            result.map(|result| table::length(clock::now().duration_since(result.published_at))),
        ),
        last.map_or("never ran", |run| run.outcome.as_str())
            .to_owned(),
        match last.and_then(|run| run.error.as_deref()) {
            Some(error) => table::first_line(Some(error)),
            None => remarks(result).join("; "),
        },
    ]
}

/// What references do not know, and rules that are broken.
fn remarks(result: Option<&StoredViewResult>) -> Vec<String> {
    let Some(StoredViewResult { about, .. }) = result else {
        return Vec::new();
    };
    let unknown = about.unknown.iter().filter_map(unknown::told);
    unknown.chain(broken::told(&about.broken)).collect()
}

fn line_json(view: &View, result: Option<&StoredViewResult>, state: Option<&JobState>) -> Value {
    let last = state.map(|state| &state.last);
    let age = result.map(|result| clock::now().duration_since(result.published_at).as_secs());
    json!({
        "view": view.name,
        "description": view.header.description,
        "run": result.map(|result| &result.run),
        "rows": result.map(|result| result.about.rows(result.rows)),
        "lake": result.and_then(|result| result.about.lake.as_ref()),
        "unknown": result.map(|result| &result.about.unknown),
        "broken": result.map(|result| &result.about.broken),
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

/// The rows of the last good result, in its order; of one that only the lake has, in any order.
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
    let limit = limit.unwrap_or(usize::MAX);
    let rows = if result.about.only_in_the_lake().is_some() {
        in_the_lake(view, &catalog, limit, settings).await?
    } else {
        let chunks = warehouse.view_result_chunks(&result).await?;
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for chunk in chunks.ok_or_else(nothing_there)? {
            let chunk: Vec<Vec<Value>> =
                serde_json::from_str(&chunk).map_err(std::io::Error::from)?;
            rows.extend(chunk);
        }
        rows.truncate(limit);
        rows
    };
    print(&result.about.columns, rows, shape, out)?;
    for told in remarks(Some(&result)) {
        tracing::warn!("{name}: {told}");
    }
    Ok(())
}

/// The most rows that are printed of a result that is not served.
const LAKE_ROWS_MAX: usize = 1_000;

async fn in_the_lake(
    view: &View,
    catalog: &Catalog,
    limit: usize,
    settings: &Settings,
) -> Result<Vec<Vec<Value>>, CommandError> {
    let stores = Stores::of(settings)?;
    let sources = Sources::of(&stores, catalog);
    let opened = sources.open_result("result", view).await?;
    let sql = format!("SELECT * FROM result LIMIT {}", limit.min(LAKE_ROWS_MAX));
    let tables = [("result", &opened.table)];
    let planned = stores.engine.query(&view.file, &sql, tables).await?;
    let columns = planned.columns()?;
    let schema = result::schema(&columns);
    let mut batches = planned.rows()?;
    let mut rows = Vec::new();
    while let Some(batch) = batches.next().await {
        let batch = result::cast(&planned.batch(batch)?, &schema);
        let batch = batch.map_err(|error| ViewError::Write(error.to_string()))?;
        for row in 0..batch.num_rows() {
            if let Value::Array(cells) = result::row(&batch, row, &columns) {
                rows.push(cells);
            }
        }
    }
    Ok(rows)
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
