//! Asking the server again and again, for as long as the asking part of the page is there and seen.

use crate::browser;
use gloo_timers::future::TimeoutFuture;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use std::pin::Pin;

/// Looks at once and then every `every_ms`, until the component that calls this is gone. A page
/// that nobody sees asks nothing.
pub(crate) fn while_shown(every_ms: u32, look: impl AsyncFn() + 'static) {
    // In a box, so that what runs it is compiled once.
    let looking: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
        loop {
            if !browser::is_hidden() {
                look().await;
            }
            TimeoutFuture::new(every_ms).await;
        }
    });
    spawn_local_scoped_with_cancellation(looking);
}
