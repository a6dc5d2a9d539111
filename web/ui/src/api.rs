//! Asks the server what the newest import holds.

use crate::json;
use crate::state::{Fault, Look, Snapshot};
use comptoir_model::api::HistoryBy;
use comptoir_model::history::Dimension;
use futures::future::try_join_all;
use gloo_net::http::{Request, Response};
use serde::de::DeserializeOwned;
use web_sys::AbortSignal;

const SUMMARY: &str = "/api/v1/history/summary";
/// How long one request may take.
const LIMIT_MS: u32 = 10_000;
/// An import published between the answers makes them differ; two in a row are rare.
const ATTEMPTS: usize = 3;

/// One look at the lines that fit `filters`; `known` is the snapshot of them on the page, asked for
/// only if it has changed.
pub(crate) async fn look(known: Option<&Snapshot>, filters: &str) -> Look {
    for _ in 0..ATTEMPTS {
        match attempt(known, filters).await {
            Ok(Look::Between) => {}
            Ok(look) => return look,
            Err(fault) => return Look::Failed(fault),
        }
    }
    Look::Between
}

async fn attempt(known: Option<&Snapshot>, filters: &str) -> Result<Look, Fault> {
    let and = if filters.is_empty() { "" } else { "?" };
    let path = format!("{SUMMARY}{and}{filters}");
    let response = get(&path, known.and_then(|known| known.etag.as_deref())).await?;
    if response.status() == 304 {
        return Ok(Look::Unchanged);
    }
    let etag = response.headers().get("etag");
    let summary = of_text(&path, &body(&path, response).await?)?;
    let by = try_join_all(Dimension::ALL.map(|dimension| async move {
        read::<HistoryBy>(&format!("/api/v1/history/by/{dimension}{and}{filters}")).await
    }))
    .await?;
    let filters = filters.to_owned();
    Ok(Snapshot::of(summary, by, etag, filters)
        .map_or(Look::Between, |new| Look::New(Box::new(new))))
}

/// One JSON answer.
pub(crate) async fn read<T: DeserializeOwned>(path: &str) -> Result<T, Fault> {
    // In a box, so that little of it is compiled for every type.
    let text = Box::pin(async { body(path, get(path, None).await?).await });
    of_text(path, &text.await?)
}

/// Asks for something to be done, and takes what the server says of it.
pub(crate) async fn ask<T: DeserializeOwned>(path: &str) -> Result<T, Fault> {
    let limit = AbortSignal::timeout_with_u32(LIMIT_MS);
    let asked = Request::post(path).abort_signal(Some(&limit)).send();
    let response = asked.await.map_err(|_| Fault::Unreachable)?;
    of_text(path, &body(path, response).await?)
}

/// Why a path can't be had; `None` where it can.
pub(crate) async fn fault_of(path: &str) -> Option<Fault> {
    let response = match get(path, None).await {
        Ok(response) => response,
        Err(fault) => return Some(fault),
    };
    if response.ok() {
        return None;
    }
    body(path, response).await.err()
}

async fn get(path: &str, etag: Option<&str>) -> Result<Response, Fault> {
    let limit = AbortSignal::timeout_with_u32(LIMIT_MS);
    let mut request = Request::get(path).abort_signal(Some(&limit));
    if let Some(etag) = etag {
        request = request.header("if-none-match", etag);
    }
    request.send().await.map_err(|_| Fault::Unreachable)
}

/// What an answer says; why there is none, where it is an error.
async fn body(path: &str, response: Response) -> Result<String, Fault> {
    let text = response.text().await;
    if response.ok() {
        return text.map_err(|_| unreadable(path));
    }
    let problem = text.ok().and_then(|text| json::parse(&text));
    Err(problem.map_or_else(
        || Fault::Status {
            path: path.to_owned(),
            status: response.status(),
        },
        Fault::Problem,
    ))
}

fn of_text<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Fault> {
    json::parse(text).ok_or_else(|| unreadable(path))
}

fn unreadable(path: &str) -> Fault {
    Fault::Unreadable {
        path: path.to_owned(),
    }
}
