//! An answer with an entity tag, or "you have it already".

use super::etag::EntityTag;
use axum::Json;
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Answers 304 where the request's `If-None-Match` names this very content.
pub(crate) fn json<T: Serialize>(request: &HeaderMap, value: &T) -> Response {
    let Ok(body) = serde_json::to_vec(value) else {
        // Our types have string keys only; axum words the impossible.
        return Json(value).into_response();
    };
    content(request, "application/json", body)
}

/// Any content, with a tag.
pub(crate) fn content(request: &HeaderMap, content_type: &'static str, body: Vec<u8>) -> Response {
    let tag = EntityTag::of(&body);
    let etag = [(ETAG, tag.weak_header())];
    if tag.is_known_to(request) {
        (StatusCode::NOT_MODIFIED, etag).into_response()
    } else {
        (etag, [(CONTENT_TYPE, content_type)], Bytes::from(body)).into_response()
    }
}
