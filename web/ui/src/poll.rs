//! Asking the server again and again, for as long as the asking part of the page is there and seen.

use crate::browser;
use gloo_timers::future::TimeoutFuture;
use leptos::reactive::spawn_local_scoped_with_cancellation;

/// Looks at once and then every `every_ms`, until the component that calls this is gone. A page
/// that nobody sees asks nothing.
pub(crate) fn while_shown(every_ms: u32, look: impl AsyncFn() + 'static) {
    spawn_local_scoped_with_cancellation(async move {
        loop {
            if !browser::is_hidden() {
                look().await;
            }
            TimeoutFuture::new(every_ms).await;
        }
    });
}
