//! `GET /api/v1/journal`: who did what, the newest first.

use crate::http::answer::json;
use crate::http::parameters::Parameters;
use crate::http::problem::Refused;
use crate::live::rest::{asked, rows};
use crate::routes::Server;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use comptoir_model::api::access::JournalPage;
use serde::Deserialize;
use std::sync::Arc;

pub(crate) const ENTRIES_DEFAULT: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JournalQuery {
    limit: Option<usize>,
    before: Option<i64>,
}

pub(crate) async fn journal(
    State(server): State<Arc<Server>>,
    Parameters(query): Parameters<JournalQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let JournalQuery { limit, before } = query;
    let limit = rows(limit, ENTRIES_DEFAULT)?;
    let journal = &server.access.journal;
    let read = async {
        // What happened a moment ago belongs to the answer.
        journal.try_to_send().await;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        (journal.warehouse())
            .journal(before, limit.saturating_add(1))
            .await
    };
    let mut entries = asked(read).await?;
    let is_more = entries.len() > limit;
    entries.truncate(limit);
    let next = (entries.last().filter(|_| is_more)).map(|last| last.number);
    Ok(json(&headers, &JournalPage { entries, next }))
}
