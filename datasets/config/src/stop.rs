//! How a process that runs for ever is ended.

use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Ctrl-C, or the signal of `kill` and of containers. The signals are taken when this is called,
/// not when the future is first polled.
pub fn stopped() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
