//! Hints that files changed. They may come late, twice or not at all: looking tells.

use super::shell::lock;
use crate::sources::logs_of;
use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tracing::debug;

/// Of one log.
#[derive(Debug, Default)]
pub(crate) struct Hint {
    notify: Notify,
    /// Files may have come, gone or changed names; else they have only grown.
    is_of_names: AtomicBool,
}

impl Hint {
    pub(crate) fn grew(&self) {
        self.notify.notify_one();
    }

    pub(crate) fn renamed(&self) {
        self.is_of_names.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    pub(crate) async fn next(&self) {
        self.notify.notified().await;
    }

    /// Whether names may have changed since the last time it was asked.
    pub(crate) fn take_names(&self) -> bool {
        self.is_of_names.swap(false, Ordering::AcqRel)
    }
}

/// One for all logs.
pub(crate) struct Watcher {
    routes: Arc<Routes>,
    /// `None` where the system can't, and looks come by the clock.
    system: Option<RecommendedWatcher>,
    /// With the inode that each had: a directory that is made anew is watched anew.
    watched: BTreeMap<PathBuf, u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Routes {
    logs: Mutex<HashMap<PathBuf, HashMap<String, Arc<Hint>>>>,
    /// A name came that is no log's yet, or hints were lost.
    unknown: Notify,
}

impl Watcher {
    pub(crate) fn new() -> Self {
        let routes = Arc::new(Routes::default());
        let routed = Arc::clone(&routes);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            routed.route(event.as_ref().ok());
        });
        Self {
            routes,
            system: (watcher.map_err(|error| debug!("no hints from the system: {error}"))).ok(),
            watched: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&self, log: &Path, hint: Arc<Hint>) {
        self.routes.add(log, hint);
    }

    pub(crate) fn remove(&self, log: &Path) {
        self.routes.remove(log);
    }

    /// A name came that is no log's yet.
    pub(crate) fn unknown(&self) -> impl Future<Output = ()> + use<> {
        let routes = Arc::clone(&self.routes);
        async move { routes.unknown.notified().await }
    }

    /// Watches these directories, and no others. Whether the system tells of all of them.
    pub(crate) fn watch(&mut self, directories: &BTreeSet<PathBuf>) -> bool {
        let Some(system) = &mut self.system else {
            return false;
        };
        self.watched.retain(|directory, inode| {
            let stays = directories.contains(directory) && inode_of(directory) == Some(*inode);
            if !stays {
                // One that is gone is not watched any more.
                system.unwatch(directory).ok();
            }
            stays
        });
        for directory in directories {
            if self.watched.contains_key(directory) {
                continue;
            }
            let Some(inode) = inode_of(directory) else {
                continue;
            };
            match system.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(directory.clone(), inode)),
                Err(error) => debug!("{}: no hints from the system: {error}", directory.display()),
            }
        }
        directories
            .iter()
            .all(|directory| self.watched.contains_key(directory))
    }
}

fn inode_of(directory: &Path) -> Option<u64> {
    let metadata = fs::metadata(directory).ok()?;
    metadata.is_dir().then(|| metadata.ino())
}

impl Routes {
    fn add(&self, log: &Path, hint: Arc<Hint>) {
        if let Some((directory, name)) = split(log) {
            let mut logs = lock(&self.logs);
            logs.entry(directory.to_owned())
                .or_default()
                .insert(name.to_owned(), hint);
        }
    }

    fn remove(&self, log: &Path) {
        if let Some((directory, name)) = split(log)
            && let Some(names) = lock(&self.logs).get_mut(directory)
        {
            names.remove(name);
        }
    }

    /// An event, or `None` of an error: it may have been one.
    fn route(&self, event: Option<&Event>) {
        let Some(event) = event.filter(|event| !event.need_rescan()) else {
            return self.all();
        };
        let has_grown = matches!(event.kind, EventKind::Modify(ModifyKind::Data(_)));
        // Reading a file, as we do it, changes nothing.
        if event.kind.is_access() {
            return;
        }
        let logs = lock(&self.logs);
        for path in &event.paths {
            let hint = split(path).and_then(|(directory, name)| {
                let logs = logs.get(directory)?;
                logs_of(name).find_map(|log| logs.get(log))
            });
            match hint {
                Some(hint) if has_grown => hint.grew(),
                Some(hint) => hint.renamed(),
                None => self.unknown.notify_one(),
            }
        }
    }

    /// Hints were lost: everybody looks at everything.
    fn all(&self) {
        for hint in lock(&self.logs).values().flat_map(HashMap::values) {
            hint.renamed();
        }
        self.unknown.notify_one();
    }
}

fn split(path: &Path) -> Option<(&Path, &str)> {
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    Some((
        directory.unwrap_or(Path::new(".")),
        path.file_name()?.to_str()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use notify::event::{CreateKind, DataChange, Flag};

    #[test]
    fn wakes_the_log_that_changed_and_all_of_them_when_hints_were_lost() {
        let routes = Routes::default();
        let logs =
            ["/log/a.log", "/log/b.log"].map(|log| (Path::new(log), Arc::new(Hint::default())));
        for (log, hint) in &logs {
            routes.add(log, Arc::clone(hint));
        }
        let woken = || {
            let hints = logs
                .iter()
                .map(|(_, hint)| hint.next().now_or_never().is_some());
            (
                hints.collect::<Vec<_>>(),
                routes.unknown.notified().now_or_never().is_some(),
            )
        };
        let event = |kind, path: &str| Event::new(kind).add_path(path.into());
        let grew = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        routes.route(Some(&event(grew, "/log/a.log")));
        assert_eq!(woken(), (vec![true, false], false));
        assert!(!logs[0].1.take_names());
        // A rotated sibling is its log's.
        routes.route(Some(&event(
            EventKind::Create(CreateKind::File),
            "/log/b.log.1.gz",
        )));
        assert_eq!(woken(), (vec![false, true], false));
        assert!(logs[1].1.take_names());
        routes.route(Some(&event(
            EventKind::Create(CreateKind::File),
            "/log/c.log",
        )));
        assert_eq!(woken(), (vec![false, false], true));
        routes.route(Some(&Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert_eq!(woken(), (vec![true, true], true));
        assert!(logs[0].1.take_names());
        routes.route(None);
        assert_eq!(woken(), (vec![true, true], true));
    }
}
