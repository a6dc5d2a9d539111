//! What every log is at, for whoever asks.

use super::shell::lock;
use comptoir_model::api::logs::LogSource;
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::sync::watch;

#[derive(Debug)]
pub struct Board {
    sources: Mutex<BTreeMap<String, LogSource>>,
    changed: watch::Sender<()>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            sources: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }
}

impl Board {
    /// Of all logs, by name.
    pub fn sources(&self) -> Vec<LogSource> {
        lock(&self.sources).values().cloned().collect()
    }

    /// Marked as changed whenever a log is at something else.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(crate) fn put(&self, source: LogSource) {
        lock(&self.sources).insert(source.name.clone(), source);
        self.changed.send_replace(());
    }

    pub(crate) fn remove(&self, name: &str) {
        lock(&self.sources).remove(name);
        self.changed.send_replace(());
    }

    /// `change` says whether it changed something.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut LogSource) -> bool) {
        let changed = lock(&self.sources).get_mut(name).is_some_and(change);
        if changed {
            self.changed.send_replace(());
        }
    }

    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&mut dyn Iterator<Item = &LogSource>) -> T,
    ) -> T {
        read(&mut lock(&self.sources).values())
    }
}
