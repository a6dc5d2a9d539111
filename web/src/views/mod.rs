//! The results of batch views, out of the warehouse.

mod cache;
mod files;
mod parquet_file;
mod question;

pub(crate) use files::PARQUET;

use crate::http::answer::json;
use crate::http::parameters::{Parameters, Segment};
use crate::http::problem::{Refused, invalid_parameter, problem, refused_cursor};
use crate::live::rest::{asked, rows};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cache::{Cache, Loaded};
use comptoir_model::api::views::{ViewFailure, ViewInfo, ViewList, ViewPage, ViewResultInfo};
use comptoir_model::api::{AsOf, Problem, ProblemKind};
use comptoir_model::view_result::{InLake, ViewName};
use comptoir_warehouse::{JobOutcome, JobRun, StoredViewResult, Warehouse};
use jiff::Timestamp;
use question::{Fault, Question, ViewFormat, Wrong};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const ROWS_DEFAULT: usize = 100;

/// How often a result is looked for that was replaced while it was read.
const TRIES: usize = 3;

/// What the handlers need.
pub(crate) struct Views {
    warehouse: Warehouse,
    cache: Cache,
    now: fn() -> Timestamp,
}

impl Views {
    pub(crate) fn new(warehouse: Warehouse, now: fn() -> Timestamp) -> Self {
        Self {
            warehouse,
            cache: Cache::default(),
            now,
        }
    }

    /// What is served, without the rows.
    pub(crate) async fn published(&self) -> Result<Vec<StoredViewResult>, Refused> {
        let mut results = asked(self.warehouse.view_results()).await?;
        results.retain(|result| result.about.only_in_the_lake().is_none());
        Ok(results)
    }

    async fn load(&self, view: &ViewName) -> Result<Arc<Loaded>, Refused> {
        for _ in 0..TRIES {
            let found = asked(self.warehouse.view_result(view)).await?;
            let result = found.ok_or_else(|| unknown(view.as_str()))?;
            if let Some(lake) = result.about.only_in_the_lake() {
                return Err(not_served(view, lake));
            }
            if let Some(loaded) = asked(self.cache.get(&self.warehouse, result)).await? {
                return Ok(loaded);
            }
        }
        let detail = format!("the view {view} was replaced {TRIES} times while it was read");
        Err(Refused(problem(
            ProblemKind::WarehouseUnavailable,
            detail,
            None,
        )))
    }
}

pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let views = &server.views;
    let results = asked(views.warehouse.view_results()).await?;
    let states = asked(views.warehouse.job_states()).await?;
    let now = (views.now)();
    let mut infos: BTreeMap<ViewName, ViewInfo> = BTreeMap::new();
    let nothing = |name: &ViewName| ViewInfo {
        name: name.clone(),
        result: None,
        last_failure: None,
    };
    for result in results {
        let name = result.view.clone();
        let info = infos.entry(name.clone()).or_insert_with(|| nothing(&name));
        info.result = Some(result_info(result, now));
    }
    for state in states {
        if let Some(name) = ViewName::of_job(&state.last.job) {
            let failed = failure(&state.last);
            // The live run has no rows of its own: it is told where it failed.
            if name == ViewName::live() && failed.is_none() {
                continue;
            }
            let info = infos.entry(name.clone()).or_insert_with(|| nothing(&name));
            info.last_failure = failed;
        }
    }
    let views = infos.into_values().collect();
    Ok(json(&headers, &ViewList { views }))
}

pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    Segment(name): Segment,
    Parameters(parameters): Parameters<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let views = &server.views;
    let view = ViewName::parse(&name).map_err(|_| unknown(&name))?;
    let loaded = views.load(&view).await?;
    let (columns, run) = (&loaded.result.about.columns, &loaded.result.run);
    let question = Question::read(&parameters, columns, run).map_err(wrong)?;
    let limit = rows(question.limit, ROWS_DEFAULT)?;
    if question.format != ViewFormat::Json {
        return files::file(loaded, question, headers).await;
    }
    let last = asked(views.warehouse.job_runs(Some(&view.job()), 1)).await?;
    let last_failure = last.first().and_then(failure);
    // Sorting many rows takes a while.
    let answer = tokio::task::spawn_blocking(move || answer(&loaded, &question, limit));
    let answer = answer.await.map_err(|error| {
        let detail = format!("the rows could not be put in order: {error}");
        Refused(problem(ProblemKind::TimedOut, detail, None))
    })?;
    Ok(json(
        &headers,
        &ViewPage {
            last_failure,
            ..answer
        },
    ))
}

fn answer(loaded: &Loaded, question: &Question, limit: usize) -> ViewPage {
    let StoredViewResult {
        view,
        run,
        published_at,
        about,
        ..
    } = &loaded.result;
    let found = question.matching(loaded.rows.len(), |row, column| loaded.cell(row, column));
    let wanted = found.iter().skip(question.skip).take(limit);
    let names = || about.columns.iter().map(|column| column.name.clone());
    let rows: Vec<_> = wanted
        .map(|row| names().zip(loaded.rows[*row].iter().cloned()).collect())
        .collect();
    let end = question.skip.saturating_add(rows.len());
    ViewPage {
        name: view.clone(),
        run: run.clone(),
        published_at: *published_at,
        columns: about.columns.clone(),
        rows,
        matching_rows: found.len() as u64,
        next_cursor: (end < found.len()).then(|| question.cursor(run, end)),
        as_of: as_of(&loaded.result),
        last_failure: None,
    }
}

fn result_info(result: StoredViewResult, now: Timestamp) -> ViewResultInfo {
    let age = now.duration_since(result.published_at).as_secs();
    ViewResultInfo {
        as_of: as_of(&result),
        age_s: u64::try_from(age).unwrap_or(0),
        run: result.run,
        published_at: result.published_at,
        rows: result.about.rows(result.rows),
        lake: result.about.lake,
        unknown: result.about.unknown,
        broken: result.about.broken,
        description: result.about.description,
        columns: result.about.columns,
        sources: result.about.sources,
    }
}

fn as_of(result: &StoredViewResult) -> AsOf {
    AsOf {
        time: result.about.as_of,
        offsets: Vec::new(),
    }
}

fn failure(last: &JobRun) -> Option<ViewFailure> {
    let otherwise = match last.outcome {
        JobOutcome::Running | JobOutcome::Done => return None,
        JobOutcome::Crashed => "the run ended without a word",
        JobOutcome::Failed | JobOutcome::Skipped => "no reason is on record",
    };
    Some(ViewFailure {
        at: last.ended_at.unwrap_or(last.started_at),
        error: last.error.clone().unwrap_or(otherwise.to_owned()),
    })
}

fn unknown(name: &str) -> Refused {
    let detail = format!("there is no result of a view `{name}`");
    let hint = "comptoir-batch views ls lists the views, and views run computes them".to_owned();
    Refused(problem(ProblemKind::NotFound, detail, Some(hint)))
}

fn not_served(view: &ViewName, lake: &InLake) -> Refused {
    let (format, location) = (lake.format.as_str(), &lake.location);
    let detail = format!("the rows of the view `{view}` lie in the lake only");
    let hint = format!(
        "they are at {location}, as {format}; comptoir-batch views show {view} prints some of them"
    );
    Refused(problem(ProblemKind::NotFound, detail, Some(hint)))
}

fn wrong(wrong: Wrong) -> Refused {
    let Wrong {
        fault,
        parameter,
        detail,
        hint,
    } = wrong;
    Refused(match fault {
        Fault::Parameter => Problem {
            hint,
            ..invalid_parameter(&parameter, detail)
        },
        Fault::NoCursor => refused_cursor(ProblemKind::InvalidParameter, detail),
        Fault::StaleCursor => refused_cursor(ProblemKind::StaleCursor, detail),
    })
}
