//! `/metrics`, `/healthz` and `/readyz` of the sink.

use super::WarehouseRole;
use super::metrics::Metrics;
use super::status::Status;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use comptoir_warehouse::ProcessPhase;
use std::sync::Arc;

#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) status: Arc<Status>,
    pub(crate) role: WarehouseRole,
}

pub(crate) fn router(served: Served) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(served)
}

/// Whether every part of the work goes on, else why not.
async fn ready(State(served): State<Served>) -> Response {
    let (phase, detail) = served.status.lock().phase(served.role);
    let status = match phase {
        ProcessPhase::Running => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, format!("{}: {detail}\n", phase.as_str())).into_response()
}

async fn metrics(State(served): State<Served>) -> Response {
    match served.metrics.text() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
