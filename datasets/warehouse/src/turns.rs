//! Writers of one `SQLite` file wait for each other in the order in which they came.
//!
//! `SQLite` itself lets them try again and again with growing pauses, up to a tenth of a second:
//! one that is unlucky waits far longer than the transactions before it take. This is for the
//! writers within one process; those of others still meet in the file.

use comptoir_config::DatabaseUrl;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

type Lock = tokio::sync::Mutex<()>;

/// The right to write, until it is dropped.
pub(crate) struct Turn {
    _guard: Option<OwnedMutexGuard<()>>,
}

impl Turn {
    pub(crate) async fn take(url: &DatabaseUrl) -> Self {
        let guard = match url {
            DatabaseUrl::Sqlite { path } => Some(lock_of(path.clone()).lock_owned().await),
            DatabaseUrl::MySql { .. } => None,
        };
        Self { _guard: guard }
    }
}

fn lock_of(path: PathBuf) -> Arc<Lock> {
    static LOCKS: OnceLock<Mutex<BTreeMap<PathBuf, Weak<Lock>>>> = OnceLock::new();
    let locks = LOCKS.get_or_init(Mutex::default);
    let mut locks = locks.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lock) = locks.get(&path).and_then(Weak::upgrade) {
        return lock;
    }
    locks.retain(|_, lock| lock.strong_count() > 0);
    let lock = Arc::new(Lock::default());
    locks.insert(path, Arc::downgrade(&lock));
    lock
}
