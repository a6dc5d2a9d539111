//! Who looks at the page, and what they may. The server decides again with every request.

use crate::api;
use comptoir_model::api::access::{Right, SessionInfo};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

const PATH: &str = "/api/v1/session";
/// While the server does not answer.
const AGAIN_MS: u32 = 5_000;

#[derive(Clone, Copy)]
pub(crate) struct Session(RwSignal<Option<SessionInfo>>);

/// A context of [`crate::app::App`].
pub(crate) fn use_session() -> Session {
    expect_context()
}

impl Session {
    /// Asks until there is an answer: it holds as long as the page is open.
    pub(crate) fn open() -> Self {
        let session = RwSignal::new(None);
        spawn_local(async move {
            loop {
                if let Ok(found) = api::read::<SessionInfo>(PATH).await {
                    session.set(Some(found));
                    return;
                }
                TimeoutFuture::new(AGAIN_MS).await;
            }
        });
        Self(session)
    }

    /// Not before that is known.
    pub(crate) fn may(self, right: Right) -> bool {
        let has = |session: &SessionInfo| session.rights.contains(&right);
        self.0.with(|session| session.as_ref().is_some_and(has))
    }

    /// Not before that is known, either.
    pub(crate) fn lacks(self, right: Right) -> bool {
        self.0.with(Option::is_some) && !self.may(right)
    }

    /// Of whom is logged in.
    pub(crate) fn name(self) -> Option<String> {
        self.0
            .with(|session| session.as_ref().and_then(|session| session.name.clone()))
    }
}
