//! A view's rows as a file: CSV or Parquet, filtered and sorted as asked for.

use super::cache::Loaded;
use super::parquet_file;
use super::question::{Question, ViewFormat};
use crate::export::{CsvFile, PAGE_ROWS, Page, add_line, fits, named};
use crate::http::answer::content;
use crate::http::problem::{Refused, problem};
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::ProblemKind;
use serde_json::Value;
use std::future;
use std::sync::Arc;

pub(crate) const PARQUET: &str = "application/vnd.apache.parquet";

/// Without a `limit` all rows that match.
pub(super) async fn file(
    loaded: Arc<Loaded>,
    question: Question,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    // Sorting many rows takes a while.
    let made = tokio::task::spawn_blocking(move || {
        let found = question.matching(loaded.rows.len(), |row, column| loaded.cell(row, column));
        let limit = question.limit.unwrap_or(usize::MAX);
        let rows: Vec<_> = (found.into_iter())
            .skip(question.skip)
            .take(limit)
            .collect();
        fits(rows.len())?;
        match question.format {
            ViewFormat::Parquet => parquet_answer(&loaded, &rows, &headers),
            ViewFormat::Csv | ViewFormat::Json => Ok(csv(loaded, rows, question.bom)),
        }
    });
    made.await
        .unwrap_or_else(|error| Err(unwritten(&error.to_string())))
}

fn csv(loaded: Arc<Loaded>, rows: Vec<usize>, bom: bool) -> Response {
    let file = CsvFile {
        what: what(&loaded),
        at: loaded.result.about.as_of,
        bom,
    };
    let of = Arc::clone(&loaded);
    let columns = of.result.about.columns.iter();
    let header: Vec<_> = columns.map(|column| column.name.as_str()).collect();
    let read = move |from: usize| {
        let rest = &rows[from..];
        let mut lines = String::new();
        for row in rest.iter().take(PAGE_ROWS) {
            let cells: Vec<_> = loaded.rows[*row].iter().map(text).collect();
            add_line(&mut lines, &cells);
        }
        let next = (rest.len() > PAGE_ROWS).then_some(from + PAGE_ROWS);
        future::ready(Ok(Page { lines, next }))
    };
    let first = Page {
        lines: String::new(),
        next: Some(0),
    };
    file.pages(&header, first, read)
}

fn parquet_answer(
    loaded: &Loaded,
    rows: &[usize],
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let about = &loaded.result.about;
    let cell = |row: usize, column| loaded.cell(rows[row], column);
    let bytes = parquet_file::file(&about.columns, rows.len(), cell)
        .map_err(|error| unwritten(&error.to_string()))?;
    let response = content(headers, PARQUET, bytes);
    Ok(named(response, &what(loaded), about.as_of, "parquet"))
}

fn what(loaded: &Loaded) -> String {
    format!("view-{}", loaded.result.view)
}

/// A cell as JSON has it; NULL is nothing.
fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn unwritten(why: &str) -> Refused {
    let detail = format!("the file could not be written: {why}");
    Refused(problem(ProblemKind::TimedOut, detail, None))
}
