//! Which path is answered by what.

use crate::access::{self, Access, guard::authorize, login};
use crate::health;
use crate::health::board::Board;
use crate::history;
use crate::history::sight::Sight;
use crate::http::guard::{Hosts, guard};
use crate::http::headers::secure;
use crate::http::problem::{Refused, method_not_allowed as not_allowed, problem};
use crate::jobs::{self, JobBook};
use crate::lake::{self, Browser};
use crate::live::{Live, compared, letter, lists, rest, stream};
use crate::logs::{self, LogArchive, Logs};
use crate::metrics::{Metrics, observe};
use crate::openapi;
use crate::page::Page;
use crate::probes;
use crate::reconcile::{self, Reconciler};
use crate::views::{self, Views};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use comptoir_model::api::ProblemKind;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;

/// What the handlers share.
pub(crate) struct Server {
    pub(crate) access: Arc<Access>,
    pub(crate) sight: watch::Receiver<Sight>,
    pub(crate) live: Arc<Live>,
    pub(crate) reconciler: Reconciler,
    pub(crate) board: Arc<Board>,
    pub(crate) logs: Logs,
    pub(crate) log_archive: Arc<LogArchive>,
    pub(crate) views: Views,
    pub(crate) jobs: JobBook,
    pub(crate) browser: Browser,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) page: Page,
    /// Cancelled when the server ends: streams would go on for ever.
    pub(crate) ending: CancellationToken,
}

pub(crate) fn router(server: Server, hosts: Hosts) -> Router {
    let metrics = Arc::clone(&server.metrics);
    let access = Arc::clone(&server.access);
    let is_secure = access.is_secure;
    routes()
        .fallback(page)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(server))
        .layer(from_fn_with_state(access, authorize))
        .layer(from_fn_with_state(hosts, guard))
        .layer(from_fn_with_state(metrics, observe))
        .layer(from_fn_with_state(is_secure, secure))
}

/// Each of them is described in [`crate::openapi`].
pub(crate) fn routes() -> Router<Arc<Server>> {
    // The page's files are compressed already, when they are built.
    let api = Router::new()
        .route("/api/v1/history/summary", get(history::summary))
        .route("/api/v1/history/by/{dimension}", get(history::by))
        .route("/api/v1/live/summary", get(rest::summary))
        .route("/api/v1/live/series", get(rest::series))
        .route("/api/v1/live/by/{dimension}", get(rest::by))
        .route("/api/v1/live/compared", get(compared::compared))
        .route("/api/v1/transactions", get(lists::transactions))
        .route("/api/v1/dead-letters", get(lists::dead_letters))
        .route(
            "/api/v1/dead-letters/{stream}/{partition}/{offset}",
            get(letter::letter),
        )
        .route("/api/v1/reconcile", get(reconcile::reconcile))
        .route("/api/v1/views", get(views::list))
        .route("/api/v1/views/{name}", get(views::page))
        .route("/api/v1/jobs", get(jobs::list))
        .route("/api/v1/jobs/{name}", get(jobs::history))
        .route("/api/v1/jobs/{name}/run", post(jobs::ask))
        .route("/api/v1/logs/summary", get(logs::summary::summary))
        .route("/api/v1/logs/search", get(logs::search::search))
        .route("/api/v1/logs/lines", get(logs::search::lines))
        .route("/api/v1/logs/verify", get(logs::verify::verified))
        .route("/api/v1/lake", get(lake::lake))
        .route("/api/v1/health", get(health::health))
        .route("/api/v1/journal", get(access::journal))
        .route("/api/v1/session", get(login::session))
        .route("/api/openapi.json", get(openapi::openapi))
        .route("/docs", get(openapi::docs))
        .route("/api/{*path}", any(unknown_api))
        .layer(CompressionLayer::new());
    Router::new()
        .merge(api)
        // Each event goes out at once: a compressor would hold it back.
        .route("/api/v1/live/stream", get(stream::stream))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
}

async fn page(State(server): State<Arc<Server>>, request: Request) -> Response {
    if [Method::GET, Method::HEAD].contains(request.method()) {
        server.page.respond(request.uri().path(), request.headers())
    } else {
        let (method, path) = (request.method(), request.uri().path());
        Refused(not_allowed(method, path, access::methods(None))).into_response()
    }
}

async fn unknown_api(uri: Uri) -> Refused {
    let detail = format!("the API has no {}", uri.path());
    let hint = "/docs says which paths there are, and /api/openapi.json for programs".to_owned();
    Refused(problem(ProblemKind::NotFound, detail, Some(hint)))
}

async fn method_not_allowed(method: Method, uri: Uri, route: Option<MatchedPath>) -> Refused {
    let route = route.as_ref().map(MatchedPath::as_str);
    Refused(not_allowed(&method, uri.path(), access::methods(route)))
}
