//! Asks the server what the newest import holds.

use crate::state::{Fault, Look, Snapshot};
use comptoir_model::api::{HistoryBy, Problem};
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
    let summary = answer(&path, response).await?;
    let by = try_join_all(Dimension::ALL.map(|dimension| async move {
        let path = format!("/api/v1/history/by/{dimension}{and}{filters}");
        answer::<HistoryBy>(&path, get(&path, None).await?).await
    }))
    .await?;
    let filters = filters.to_owned();
    Ok(Snapshot::of(summary, by, etag, filters)
        .map_or(Look::Between, |new| Look::New(Box::new(new))))
}

/// One JSON answer.
pub(crate) async fn read<T: DeserializeOwned>(path: &str) -> Result<T, Fault> {
    answer(path, get(path, None).await?).await
}

/// Asks for something to be done, and takes what the server says of it.
pub(crate) async fn ask<T: DeserializeOwned>(path: &str) -> Result<T, Fault> {
    let limit = AbortSignal::timeout_with_u32(LIMIT_MS);
    let asked = Request::post(path).abort_signal(Some(&limit)).send();
    answer(path, asked.await.map_err(|_| Fault::Unreachable)?).await
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
    answer::<Problem>(path, response).await.err()
}

/// `None` of what is not what the API promises.
pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}

async fn get(path: &str, etag: Option<&str>) -> Result<Response, Fault> {
    let limit = AbortSignal::timeout_with_u32(LIMIT_MS);
    let mut request = Request::get(path).abort_signal(Some(&limit));
    if let Some(etag) = etag {
        request = request.header("if-none-match", etag);
    }
    request.send().await.map_err(|_| Fault::Unreachable)
}

async fn answer<T: DeserializeOwned>(path: &str, response: Response) -> Result<T, Fault> {
    let path = path.to_owned();
    if response.ok() {
        return response
            .json()
            .await
            .map_err(|_| Fault::Unreadable { path });
    }
    let status = response.status();
    match response.json::<Problem>().await {
        Ok(problem) => Err(Fault::Problem(problem)),
        Err(_) => Err(Fault::Status { path, status }),
    }
}
