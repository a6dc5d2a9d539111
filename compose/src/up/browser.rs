//! Opens the page for a person who sits at this machine.

use std::io::IsTerminal;
use std::process::Stdio;
use tokio::process::Command;

/// Does nothing without a terminal or a display. That it did not work is no reason to stop.
pub(super) fn open(page: &str) {
    let display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    if !(display && std::io::stdout().is_terminal()) {
        return;
    }
    let opened = Command::new("xdg-open")
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = opened {
        tracing::debug!(%error, "xdg-open does not start");
    }
}
