//! What holds a job's lock: the operating system for `SQLite`, the server for the others.
//!
//! - `SQLite`: a file beside the database, locked (`flock`). It is free when its process ends,
//!   however it does, and stays held while the process is paused.
//! - `MySQL`, `MariaDB`: `GET_LOCK` of a session of its own. It is free when the session ends: at
//!   once when the process dies, and after [`SILENCE_MAX`] when its host or the network is gone, or
//!   the process is paused for so long.

use crate::error::{Result, WarehouseError};
use crate::session::Session;
use crate::warehouse::Inner;
use comptoir_config::DatabaseUrl;
use comptoir_database::Value;
use comptoir_model::ids::JobName;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

/// After this the server takes a session that says nothing for dead.
const SILENCE_MAX: Duration = Duration::from_mins(5);
const BEAT_EVERY: Duration = Duration::from_mins(1);

/// Those who only look at the lock file hold it for an instant.
const FILE_TRIES: u32 = 20;
const FILE_PAUSE: Duration = Duration::from_millis(25);

/// Held until it is released or dropped.
pub(super) enum Hold {
    File { _locked: File },
    Session(Held),
}

/// A session at the server, kept from falling silent.
pub(super) struct Held {
    session: Arc<Mutex<Session>>,
    beat: AbortHandle,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

impl Hold {
    /// `None`: somebody else holds it.
    pub(super) async fn take(inner: &Inner, job: &JobName) -> Result<Option<Self>> {
        match &inner.url {
            DatabaseUrl::Sqlite { path } => take_file(&file_of(path, job)).await,
            DatabaseUrl::MySql { .. } => take_session(inner, job).await,
        }
    }

    /// Whether it is still held. A file is, until it is dropped.
    pub(super) async fn is_held(&self, job: &JobName) -> Result<bool> {
        let Self::Session(held) = self else {
            return Ok(true);
        };
        let sql = format!("SELECT COALESCE(IS_USED_LOCK({NAME}) = CONNECTION_ID(), 0)");
        let values = [Value::Text(job.as_str())];
        let mut session = held.session.lock().await;
        let rows = (session.select("asking for the job's lock", &sql, &values)).await?;
        Ok(is_one(&rows))
    }

    /// Lets the next one in, before this returns.
    pub(super) async fn release(self, job: &JobName) {
        let Self::Session(held) = self else { return };
        let sql = format!("SELECT RELEASE_LOCK({NAME})");
        let values = [Value::Text(job.as_str())];
        let mut session = held.session.lock().await;
        // Ends with the session at the latest.
        if let Err(error) = session.select("freeing the job", &sql, &values).await {
            tracing::debug!(%error, "the lock ends with its session");
        }
    }
}

/// Whether anybody holds it. Makes nothing.
pub(super) async fn is_taken(inner: &Inner, session: &mut Session, job: &JobName) -> Result<bool> {
    match &inner.url {
        DatabaseUrl::Sqlite { path } => {
            let path = file_of(path, job);
            match File::open(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
                Err(source) => Err(WarehouseError::LockFile { path, source }),
                Ok(file) => match file.try_lock_shared() {
                    Ok(()) => Ok(false),
                    Err(TryLockError::WouldBlock) => Ok(true),
                    Err(TryLockError::Error(source)) => {
                        Err(WarehouseError::LockFile { path, source })
                    }
                },
            }
        }
        DatabaseUrl::MySql { .. } => {
            let sql = format!("SELECT IS_USED_LOCK({NAME}) IS NOT NULL");
            let values = [Value::Text(job.as_str())];
            let rows = session
                .select("asking for the job's lock", &sql, &values)
                .await?;
            Ok(is_one(&rows))
        }
    }
}

/// Of this job in this database, at most 64 characters.
const NAME: &str = "CONCAT('comptoir.', LEFT(SHA2(CONCAT(DATABASE(), '.job.', ?), 256), 40))";

fn is_one(rows: &[comptoir_database::Row]) -> bool {
    let first = rows.first().map(|row| row.optional_integer(0));
    matches!(first, Some(Ok(Some(1))))
}

/// `warehouse.db.job-sales.lock`
fn file_of(database: &Path, job: &JobName) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".job-{job}.lock"));
    path.into()
}

async fn take_file(path: &Path) -> Result<Option<Hold>> {
    let failed = |source| WarehouseError::LockFile {
        path: path.to_owned(),
        source,
    };
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let file = options.open(path).map_err(failed)?;
    for _ in 0..FILE_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Hold::File { _locked: file })),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(FILE_PAUSE).await,
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    Ok(None)
}

async fn take_session(inner: &Inner, job: &JobName) -> Result<Option<Hold>> {
    let mut session = Session::open(inner).await?;
    session.end_after_silence(SILENCE_MAX).await?;
    let sql = format!("SELECT GET_LOCK({NAME}, 0)");
    let values = [Value::Text(job.as_str())];
    let rows = session.select("locking the job", &sql, &values).await?;
    if !is_one(&rows) {
        session.close().await;
        return Ok(None);
    }
    let session = Arc::new(Mutex::new(session));
    let beating = Arc::clone(&session);
    let beat = tokio::spawn(async move {
        loop {
            tokio::time::sleep(BEAT_EVERY).await;
            let mut session = beating.lock().await;
            if let Err(error) = session.execute("keeping the job's lock", "DO 0").await {
                tracing::warn!(%error, "the job's lock may be lost; it is looked at before anything is published");
                return;
            }
        }
    });
    Ok(Some(Hold::Session(Held {
        session,
        beat: beat.abort_handle(),
    })))
}
