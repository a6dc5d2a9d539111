//! The history: read once from each published import, served from memory.

mod asked;
pub(crate) mod sight;
pub(crate) mod view;
pub(crate) mod watcher;

use crate::export::{CsvFile, Format, Table};
use crate::http::answer::json;
use crate::http::parameters::Segment;
use crate::http::problem::{Refused, problem};
use crate::routes::Server;
use asked::{Asked, Filters};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::{HistoryBy, HistorySummary, Problem, ProblemKind};
use comptoir_model::history::{Dimension, UnknownDimension};
use sight::{Served, Sight};
use std::sync::Arc;
use std::time::Duration;
use view::Unfiltered;

/// How long the first requests after a start wait for the first look at the lake.
const FIRST_LOOK_MAX: Duration = Duration::from_secs(5);

pub(crate) async fn summary(
    State(server): State<Arc<Server>>,
    Filters(filter): Filters,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Served { view, stale } = served(&server).await?;
    let answer = HistorySummary {
        stale,
        ..counted(move || view.summary(&filter)).await?
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn by(
    State(server): State<Arc<Server>>,
    Segment(dimension): Segment,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let dimension: Dimension = dimension.parse().map_err(|unknown: UnknownDimension| {
        Refused(problem(ProblemKind::NotFound, unknown.to_string(), None))
    })?;
    let Asked {
        filter,
        format,
        bom,
    } = asked;
    let Served { view, stale } = served(&server).await?;
    let answer = HistoryBy {
        stale,
        ..counted(move || view.by(dimension, &filter)).await?
    };
    if format == Format::Csv {
        let file = CsvFile {
            what: format!("history-by-{dimension}"),
            at: answer.as_of.time,
            bom,
        };
        return Ok(file.table(&headers, &Table::of_history(&answer)));
    }
    Ok(json(&headers, &answer))
}

/// Going through a million lines takes a while.
async fn counted<T: Send + 'static>(
    count: impl FnOnce() -> Result<T, Unfiltered> + Send + 'static,
) -> Result<T, Refused> {
    let counted = tokio::task::spawn_blocking(count).await;
    let (kind, detail, hint) = match counted {
        Ok(Ok(counted)) => return Ok(counted),
        Ok(Err(trouble @ Unfiltered::TooManyLines)) => {
            let hint = "a batch view in SQL counts any of them; see batch/VIEWS.md";
            (ProblemKind::TooManyRows, trouble.to_string(), Some(hint))
        }
        Ok(Err(trouble @ Unfiltered::Sum(_))) => {
            (ProblemKind::UnreadableImport, trouble.to_string(), None)
        }
        Err(error) => (ProblemKind::TimedOut, error.to_string(), None),
    };
    Err(Refused(problem(kind, detail, hint.map(str::to_owned))))
}

/// The view of this moment. Waits only where the lake has not been looked at yet.
async fn served(server: &Server) -> Result<Served, Refused> {
    let mut sight = server.sight.clone();
    let looked = sight.wait_for(|sight| !matches!(sight, Sight::Unknown));
    match tokio::time::timeout(FIRST_LOOK_MAX, looked).await {
        Ok(Ok(sight)) => sight.served().map_err(Refused),
        // Still unknown, or the watcher is gone because the server is stopping.
        Ok(Err(_)) | Err(_) => server.sight.borrow().served().map_err(Refused),
    }
}

/// The first look goes on: reading a large import takes a while, and so does a lake that hangs.
fn not_looked_yet() -> Problem {
    problem(
        ProblemKind::LakeUnavailable,
        "the first look at the lake since this server started has not ended yet".to_owned(),
        Some("ask again; `comptoir doctor` says whether the lake answers".to_owned()),
    )
}
