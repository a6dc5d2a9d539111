//! What others may ask a shipper: its state, the newest lines, its metrics.

use super::board::Board;
use super::error::ShipError;
use super::metrics::Metrics;
use super::newest::Newest;
use super::shell::lock;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, extract::Request};
use comptoir_config::clock;
use comptoir_model::api::logs::{LogLine, LogsSummary};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Lines of an answer without `limit`.
const LINES: usize = 100;

struct Shared {
    board: Arc<Board>,
    newest: Arc<Mutex<Newest>>,
    metrics: Arc<Metrics>,
}

/// Serves until it is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    board: Arc<Board>,
    newest: Arc<Mutex<Newest>>,
    metrics: Arc<Metrics>,
) -> Result<(), ShipError> {
    let address = listener.local_addr().map_err(ShipError::Serve)?;
    let shared = Arc::new(Shared {
        board,
        newest,
        metrics,
    });
    let app = Router::new()
        .route("/api/v1/logs/summary", get(summary))
        .route("/api/v1/logs/tail", get(tail))
        .route("/metrics", get(metrics_text))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(shared)
        .layer(from_fn_with_state(address, only_loopback_names));
    axum::serve(listener, app).await.map_err(ShipError::Serve)
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<usize>,
}

async fn summary(
    State(shared): State<Arc<Shared>>,
    Query(Limit { limit }): Query<Limit>,
) -> Json<LogsSummary> {
    Json(LogsSummary {
        time: clock::now(),
        sources: shared.board.sources(),
        lines: lock(&shared.newest).newest(limit.unwrap_or(LINES)),
    })
}

async fn tail(
    State(shared): State<Arc<Shared>>,
    Query(Limit { limit }): Query<Limit>,
) -> Json<Vec<LogLine>> {
    Json(lock(&shared.newest).newest(limit.unwrap_or(LINES)))
}

async fn metrics_text(State(shared): State<Arc<Shared>>) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match shared.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A web page elsewhere can point its own name at 127.0.0.1 and have the browser read the answers;
/// its requests still carry that name.
async fn only_loopback_names(
    State(address): State<SocketAddr>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    if address.ip().is_loopback() && !names_loopback(&headers) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "this server answers to localhost and 127.0.0.1 only\n",
        )
            .into_response();
    }
    next.run(request).await
}

fn names_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    let Some(host) = host else { return false };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}
