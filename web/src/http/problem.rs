//! Errors as RFC 9457 describes them.

use axum::http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use comptoir_model::api::{ParameterError, Problem, ProblemKind};

const FROM_THE_FIRST: &str = "ask for the first page again, without cursor";

pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A problem of this kind: its title and status follow from the kind.
pub(crate) fn problem(kind: ProblemKind, detail: String, hint: Option<String>) -> Problem {
    let (status, title) = describe(kind);
    Problem {
        kind,
        title: title.to_owned(),
        status: status.as_u16(),
        detail,
        hint,
        errors: Vec::new(),
    }
}

/// No handler takes this method there, but `others`.
pub(crate) fn method_not_allowed(method: &Method, path: &str, others: &str) -> Problem {
    let detail = format!("{method} is not allowed on {path}: use {others}");
    problem(ProblemKind::MethodNotAllowed, detail, None)
}

/// An error in its own words, of which a line that begins with `hint: ` is the cure.
pub(crate) fn told(kind: ProblemKind, text: &str) -> Problem {
    match text.split_once("\nhint: ") {
        Some((detail, hint)) => problem(kind, detail.to_owned(), Some(hint.to_owned())),
        None => problem(kind, text.to_owned(), None),
    }
}

/// Parameters that can't be used: the detail names them all.
pub(crate) fn invalid(errors: Vec<ParameterError>) -> Problem {
    let details: Vec<_> = (errors.iter())
        .map(|error| format!("{}: {}", error.parameter, error.detail))
        .collect();
    let detail = details.join("; ");
    Problem {
        errors,
        ..problem(ProblemKind::InvalidParameter, detail, None)
    }
}

/// The same of one parameter.
pub(crate) fn invalid_parameter(parameter: &str, detail: String) -> Problem {
    let parameter = parameter.to_owned();
    invalid(vec![ParameterError { parameter, detail }])
}

/// Of a cursor that can't be gone on from, either because it is none or because its page is gone.
pub(crate) fn refused_cursor(kind: ProblemKind, detail: String) -> Problem {
    let error = invalid_parameter("cursor", detail);
    Problem {
        errors: error.errors,
        ..problem(kind, error.detail, Some(FROM_THE_FIRST.to_owned()))
    }
}

pub(crate) fn describe(kind: ProblemKind) -> (StatusCode, &'static str) {
    match kind {
        ProblemKind::NoImport => (StatusCode::NOT_FOUND, "nothing has been imported yet"),
        ProblemKind::LakeUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "the lake can't be read"),
        ProblemKind::UnreadableImport => (StatusCode::BAD_GATEWAY, "the import can't be read"),
        ProblemKind::NotFound => (StatusCode::NOT_FOUND, "there is nothing here"),
        ProblemKind::MethodNotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            "the method can't be used here",
        ),
        ProblemKind::BodyRefused => (StatusCode::PAYLOAD_TOO_LARGE, "the request has a body"),
        ProblemKind::WrongHost => (
            StatusCode::MISDIRECTED_REQUEST,
            "the host is not this server",
        ),
        ProblemKind::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "the answer took too long"),
        ProblemKind::WarehouseUnavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the warehouse can't be read",
        ),
        ProblemKind::LogsUnavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the log shipper does not answer",
        ),
        ProblemKind::LogArchiveUnavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the archive of logs can't be read",
        ),
        ProblemKind::InvalidParameter => (StatusCode::BAD_REQUEST, "a parameter has no such value"),
        ProblemKind::StaleCursor => (StatusCode::CONFLICT, "the cursor leads nowhere any longer"),
        ProblemKind::JournalUnavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the journal can't be written",
        ),
        ProblemKind::NoExecutor => (
            StatusCode::SERVICE_UNAVAILABLE,
            "nobody runs jobs that are asked for",
        ),
        ProblemKind::TooManyRows => (StatusCode::BAD_REQUEST, "there are too many rows for this"),
        ProblemKind::TooManyStreams => (
            StatusCode::SERVICE_UNAVAILABLE,
            "too many live streams are open",
        ),
        ProblemKind::LoginRequired => (StatusCode::UNAUTHORIZED, "nobody is logged in"),
        ProblemKind::NotAllowed => (StatusCode::FORBIDDEN, "this is not for everybody"),
        ProblemKind::ForeignOrigin => {
            (StatusCode::FORBIDDEN, "the request comes from another site")
        }
    }
}

/// A problem as the answer of a handler.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Problem);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if problem.kind == ProblemKind::MethodNotAllowed {
            let only_post = problem.detail.ends_with("use POST");
            let allowed = if only_post { "POST" } else { "GET, HEAD" };
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        if problem.kind == ProblemKind::LoginRequired {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
