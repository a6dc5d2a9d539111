//! The API described for programs (OpenAPI) and for people.
//!
//! Types describe themselves, see the feature `openapi` of comptoir-model; paths are described in
//! [`paths`], a few lines each. A route that is not described there fails a test.

mod archive;
mod describe;
mod docs;
mod example;
mod paths;
mod views;

use crate::http::answer::{content, json};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_warehouse::StoredViewResult;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathsBuilder,
};

const ABOUT: &str = "What the page shows, for programs. GET and HEAD, and where it says so POST; no body is taken.\n\n\
    Money is exact: a decimal string and its currency. Times are RFC 3339 in UTC. `as_of` says what \
    an answer includes: a moment, and for each partition the offset below which everything is in \
    it. Errors are problems as in RFC 9457; `errors` names the parameters that can't be used. \
    Answers carry an `ETag`: send it back as `If-None-Match` to get 304 while nothing has changed.";

/// Said in the document of a moment in which the published views are not known.
const VIEWS_UNKNOWN: &str =
    "\n\nThe published views are missing here: the warehouse does not answer.";

const TAGS: [(&str, &str); 10] = [
    (paths::HISTORY, "The newest import in the lake"),
    (paths::LIVE, "What the tills sell, as it is counted"),
    (paths::VIEWS, "What batch views answered when they ran last"),
    (
        paths::TRUST,
        "Whether the figures are complete, and how every part is",
    ),
    (paths::JOBS, "Imports and views, as they ran"),
    (paths::LAKE, "What lies in the lake"),
    (paths::LOGS, "The archive of logs, and who ships them"),
    (paths::ACCESS, "Who asks, and who did what"),
    (paths::PROBES, "For those who watch this process"),
    (paths::DOCUMENT, "What you are reading"),
];

/// `GET /api/openapi.json`
pub(crate) async fn openapi(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    json(&headers, &now(&server).await)
}

/// `GET /docs`
pub(crate) async fn docs(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let page = docs::page(&now(&server).await);
    content(&headers, "text/html; charset=utf-8", page.into_bytes())
}

/// Views are published while the server runs: the document is put together when it is asked for.
async fn now(server: &Server) -> OpenApi {
    match server.views.published().await {
        Ok(views) => document(&views, ABOUT.to_owned()),
        Err(_) => document(&[], format!("{ABOUT}{VIEWS_UNKNOWN}")),
    }
}

fn document(views: &[StoredViewResult], about: String) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new();
    let of_views = views.iter().map(views::path);
    for described in paths::all().into_iter().chain(of_views) {
        let (path, item, schemas) = described.build();
        paths = paths.path(path, item);
        components = components.schemas_from_iter(schemas);
    }
    let tags = TAGS.map(|(name, about)| {
        let tag = TagBuilder::new().name(name);
        tag.description(Some(about)).build()
    });
    let licence = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"));
    let info = InfoBuilder::new()
        .title("Comptoir")
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(licence.build()))
        .description(Some(about));
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(tags))
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

/// A type and all that it is made of, by their names.
fn schemas_of<T: ToSchema>() -> describe::Schemas {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}

#[cfg(test)]
mod tests;
