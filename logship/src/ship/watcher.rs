//! Hints that the files changed. They may come late, twice or not at all: looking tells.

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;
use tracing::debug;

pub(crate) struct Hints {
    changed: Arc<Notify>,
    /// Watches as long as it lives; `None` where the system can't, and looks come by the clock.
    _watcher: Option<RecommendedWatcher>,
}

impl Hints {
    /// Watches the log's directory, because files come and go there. Creates it: a directory that
    /// appears later would not be watched.
    pub(crate) fn watch(log: &Path) -> Self {
        let changed = Arc::new(Notify::new());
        let notify = Arc::clone(&changed);
        // An event, a lost one (`need_rescan`) and an error mean the same: look at everything.
        let watcher = notify::recommended_watcher(move |_| notify.notify_one());
        let directory = log.parent().unwrap_or(Path::new("."));
        let watching = watcher.and_then(|mut watcher| {
            std::fs::create_dir_all(directory)?;
            watcher.watch(directory, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        let watcher = watching.map_err(|error| debug!("no hints from the system: {error}"));
        Self {
            changed,
            _watcher: watcher.ok(),
        }
    }

    pub(crate) async fn next(&mut self) {
        self.changed.notified().await;
    }
}
