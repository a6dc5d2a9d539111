//! `GET /api/v1/live/stream`: server-sent events.

use super::Live;
use super::feed::{MessageId, View};
use crate::access::Caller;
use crate::http::problem::{Refused, problem};
use crate::routes::Server;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use comptoir_model::api::ProblemKind;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

/// After so long without a message a comment keeps proxies from closing the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long the browser waits before it comes back, in its first words.
const HELLO: &[u8] = b"retry: 1000\n\n";
const COMMENT: &[u8] = b": alive\n\n";

/// One client. It is told the newest view when it is ready for it, so that one who reads slowly
/// misses some in between and none is kept for it; see also [`crate::stall`].
struct Client {
    views: watch::Receiver<Option<Arc<View>>>,
    known: Option<MessageId>,
    greeted: bool,
    ending: CancellationToken,
    /// Its session ends the stream, and does not grow idle meanwhile.
    caller: Caller,
    _slot: OwnedSemaphorePermit,
}

pub(crate) async fn stream(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let live = &server.live;
    let Ok(slot) = Arc::clone(&live.streams).try_acquire_owned() else {
        return Err(Refused(too_many(live)));
    };
    let mut views = live.views.subscribe();
    // The newest view is news to this client.
    views.mark_changed();
    let client = Client {
        views,
        known: last_event_id(&headers),
        greeted: false,
        ending: server.ending.clone(),
        caller,
        _slot: slot,
    };
    live.looked_at.notify_one();
    let events = futures::stream::unfold(client, |mut client| async move {
        let event = client.next().await?;
        Some((Ok::<_, Infallible>(event), client))
    });
    let kind = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Proxies of the nginx kind pass each event on at once.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((kind, Body::from_stream(events)).into_response())
}

impl Client {
    /// `None` once the server ends, or the session.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(Bytes::from_static(HELLO));
        }
        loop {
            tokio::select! {
                () = self.ending.cancelled() => return None,
                () = self.caller.ended.cancelled() => return None,
                changed = self.views.changed() => changed.ok()?,
                () = tokio::time::sleep(KEEP_ALIVE) => return Some(Bytes::from_static(COMMENT)),
            }
            let view = self.views.borrow_and_update().clone();
            if let Some(view) = view {
                let event = view.event(self.known.as_ref());
                self.known = Some(view.id());
                return Some(event);
            }
        }
    }
}

fn last_event_id(headers: &HeaderMap) -> Option<MessageId> {
    MessageId::parse(headers.get("last-event-id")?.to_str().ok()?)
}

fn too_many(live: &Live) -> comptoir_model::api::Problem {
    let detail = format!("{} live streams are open", live.open_streams());
    let hint = "close other tabs, or ask /api/v1/live/summary now and then".to_owned();
    problem(ProblemKind::TooManyStreams, detail, Some(hint))
}
