//! For those who watch the process: is it alive, can it answer, what has it counted.

use crate::http::problem::Refused;
use crate::routes::Server;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// There is a view to serve, or the lake said that there is nothing to serve yet.
pub(crate) async fn ready(State(server): State<Arc<Server>>) -> Response {
    match server.sight.borrow().readiness() {
        Ok(()) => "ready\n".into_response(),
        Err(mut problem) => {
            problem.status = StatusCode::SERVICE_UNAVAILABLE.as_u16();
            Refused(problem).into_response()
        }
    }
}

pub(crate) async fn metrics(State(server): State<Arc<Server>>) -> Response {
    match server.metrics.text() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        // Writing to a string does not fail.
        Err(std::fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
