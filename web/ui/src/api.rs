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

/// One look; `known` is the snapshot on the page, asked for only if it has changed.
pub(crate) async fn look(known: Option<&Snapshot>) -> Look {
    for _ in 0..ATTEMPTS {
        match attempt(known).await {
            Ok(Look::Between) => {}
            Ok(look) => return look,
            Err(fault) => return Look::Failed(fault),
        }
    }
    Look::Between
}

async fn attempt(known: Option<&Snapshot>) -> Result<Look, Fault> {
    let response = get(SUMMARY, known.and_then(|known| known.etag.as_deref())).await?;
    if response.status() == 304 {
        return Ok(Look::Unchanged);
    }
    let etag = response.headers().get("etag");
    let summary = of_text(SUMMARY, &body(SUMMARY, response).await?)?;
    let by = try_join_all(Dimension::ALL.map(|dimension| async move {
        let path = format!("/api/v1/history/by/{dimension}");
        read::<HistoryBy>(&path).await
    }))
    .await?;
    Ok(Snapshot::of(summary, by, etag).map_or(Look::Between, |new| Look::New(Box::new(new))))
}

/// One JSON answer.
pub(crate) async fn read<T: DeserializeOwned>(path: &str) -> Result<T, Fault> {
    // In a box, so that little of it is compiled for every type.
    let text = Box::pin(async { body(path, get(path, None).await?).await });
    of_text(path, &text.await?)
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
