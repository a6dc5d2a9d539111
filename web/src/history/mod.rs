//! The history: read once from each published import, served from memory.

pub(crate) mod sight;
pub(crate) mod view;
pub(crate) mod watcher;

use crate::http::answer::json;
use crate::http::parameters::Segment;
use crate::http::problem::{Refused, problem};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::{HistoryBy, HistorySummary, Problem, ProblemKind};
use comptoir_model::history::{Dimension, UnknownDimension};
use sight::{Served, Sight};
use std::sync::Arc;
use std::time::Duration;

/// How long the first requests after a start wait for the first look at the lake.
const FIRST_LOOK_MAX: Duration = Duration::from_secs(5);

pub(crate) async fn summary(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Served { view, stale } = served(&server).await?;
    let answer = HistorySummary {
        stale,
        ..view.summary()
    };
    Ok(json(&headers, &answer))
}

pub(crate) async fn by(
    State(server): State<Arc<Server>>,
    Segment(dimension): Segment,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let dimension: Dimension = dimension.parse().map_err(|unknown: UnknownDimension| {
        Refused(problem(ProblemKind::NotFound, unknown.to_string(), None))
    })?;
    let Served { view, stale } = served(&server).await?;
    let answer = HistoryBy {
        stale,
        ..view.by(dimension)
    };
    Ok(json(&headers, &answer))
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
