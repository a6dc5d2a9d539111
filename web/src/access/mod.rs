//! Who may see what: users with roles and sessions, tokens with scopes, and the journal of what
//! they did.
//!
//! Without users the server asks nobody, and listens where only this machine reaches it. With users
//! every request below `/api` has to say whose it is, wherever it comes from.

mod accounts;
mod caller;
mod ends;
mod error;
mod file;
pub(crate) mod guard;
mod journal;
mod journal_page;
mod limiter;
pub(crate) mod login;
mod login_page;
pub(crate) mod manage;
mod quota;
mod rights;
mod secrets;
mod sessions;

pub use error::AccessError;
pub use rights::{Role, Scope};

pub(crate) use caller::{Caller, Peer};
pub(crate) use journal::Actor;
#[cfg(test)]
pub(crate) use journal_page::JournalQuery;
pub(crate) use journal_page::{ENTRIES_DEFAULT as JOURNAL_ENTRIES_DEFAULT, journal};
pub(crate) use rights::{Need, methods};

use accounts::Accounts;
use caller::Who;
use comptoir_config::{Settings, clock};
use comptoir_warehouse::Warehouse;
use ends::Ends;
use file::{AccessDir, Version};
use jiff::Timestamp;
use journal::Journal;
use limiter::Limiter;
use quota::Quota;
use sessions::Sessions;
use std::convert::Infallible;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tracing::{info, warn};

/// How often the file of users is looked at, and sessions that are over are ended.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A copy of when sessions were used last is made no more often.
const COPY_EVERY: Duration = Duration::from_mins(1);
/// How often the right to keep that copy is asked for.
const COPY_TRIES: u32 = 20;
const COPY_PAUSE: Duration = Duration::from_millis(50);
const SESSIONS_FILE: &str = "sessions.json";
const SESSIONS_LOCK: &str = "sessions.lock";
/// Each takes 19 MiB.
const PASSWORD_CHECKS_MAX: usize = 2;

/// What decides whether anybody is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRequest {
    /// Of users, tokens and sessions.
    pub dir: PathBuf,
    /// `web.allow_remote_without_login`
    pub allow_remote_without_login: bool,
}

impl AccessRequest {
    pub fn of(settings: &Settings) -> Self {
        Self {
            dir: settings.web.access_dir.clone(),
            allow_remote_without_login: settings.web.allow_remote_without_login,
        }
    }

    /// Whether the server may listen there.
    pub fn check(&self, address: SocketAddr) -> Result<(), AccessError> {
        self.found(address).map(drop)
    }

    fn found(&self, address: SocketAddr) -> Result<Accounts, AccessError> {
        let accounts = Accounts::load(&AccessDir::new(self.dir.clone()))?;
        let is_open = address.ip().is_loopback() || self.allow_remote_without_login;
        if accounts.users.is_empty() && !is_open {
            return Err(AccessError::NoUsers {
                address,
                dir: self.dir.clone(),
            });
        }
        Ok(accounts)
    }
}

/// The server's side of all this.
pub(crate) struct Access {
    dir: AccessDir,
    /// Whether somebody is asked even after the last user was removed.
    always_asks: bool,
    /// Whether only this machine reaches the server.
    is_local: bool,
    /// Whether passwords and cookies cross the network encrypted.
    pub(crate) is_secure: bool,
    now: fn() -> Timestamp,
    accounts: RwLock<Arc<Accounts>>,
    sessions: Mutex<Sessions>,
    /// The right to keep the copy of the sessions, where this process has it.
    copy: Mutex<Option<File>>,
    ends: Mutex<Ends>,
    limiter: Mutex<Limiter>,
    refusals: Mutex<Quota>,
    password_checks: Semaphore,
    pub(crate) journal: Journal,
}

impl Access {
    pub(crate) async fn open(
        request: &AccessRequest,
        address: SocketAddr,
        is_secure: bool,
        warehouse: Warehouse,
        now: fn() -> Timestamp,
    ) -> Result<Self, AccessError> {
        let accounts = request.found(address)?;
        let is_local = address.ip().is_loopback();
        let dir = AccessDir::new(request.dir.clone());
        let (sessions, copy) = if accounts.users.is_empty() {
            (Sessions::default(), None)
        } else {
            if !is_local && !is_secure {
                warn!(
                    "passwords cross the network as they are: web.tls_certificate and web.tls_key cure it, or a proxy that speaks TLS"
                );
            }
            stored_sessions(&dir, &accounts, now()).await?
        };
        Ok(Self {
            always_asks: !is_local && !request.allow_remote_without_login,
            is_local,
            is_secure,
            now,
            accounts: RwLock::new(Arc::new(accounts)),
            sessions: Mutex::new(sessions),
            copy: Mutex::new(copy),
            ends: Mutex::default(),
            limiter: Mutex::default(),
            refusals: Mutex::default(),
            password_checks: Semaphore::new(PASSWORD_CHECKS_MAX),
            journal: Journal::new(dir.clone(), warehouse),
            dir,
        })
    }

    /// Looks after accounts, sessions and the journal until it is dropped.
    pub(crate) async fn run(self: Arc<Self>) -> Infallible {
        let mut seen = Version::of(&self.dir.file(accounts::FILE));
        // What the server was opened with may be older than that.
        self.read_accounts();
        let mut copied_at = clock::instant();
        loop {
            let (accounts, now) = (self.accounts(), (self.now)());
            self.sessions().sweep(&accounts, now);
            self.ends().sweep(self.asks(), &accounts, now);
            if self.asks() && (self.sessions().changed || copied_at.elapsed() > COPY_EVERY) {
                copied_at = clock::instant();
                self.copy_sessions().await;
            }
            self.journal.try_to_send().await;
            tokio::time::sleep(LOOK_EVERY).await;
            let found = Version::of(&self.dir.file(accounts::FILE));
            if found != seen {
                seen = found;
                self.read_accounts();
            }
        }
    }

    /// Takes in a changed file. One that can't be read changes nothing.
    fn read_accounts(&self) {
        match Accounts::load(&self.dir) {
            Ok(found) => {
                let mut accounts = (self.accounts.write()).unwrap_or_else(PoisonError::into_inner);
                if **accounts != found {
                    let (users, tokens) = (found.users.len(), found.tokens.len());
                    info!("accounts have changed: {users} users, {tokens} tokens");
                    *accounts = Arc::new(found);
                }
            }
            Err(error) => warn!("the users of before go on being known: {error}"),
        }
    }

    /// Written before an answer that promises a session, or its end.
    async fn copy_sessions(self: &Arc<Self>) {
        let access = Arc::clone(self);
        let copied = tokio::task::spawn_blocking(move || access.copy_sessions_now());
        match copied.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!("a restart will log people out: {error}"),
            Err(panicked) => warn!("a restart will log people out: {panicked}"),
        }
    }

    /// One at a time, and the newest last.
    fn copy_sessions_now(&self) -> Result<(), AccessError> {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let json = self.sessions().take_json();
        if copy.is_none() {
            self.dir.make()?;
            *copy = self.dir.try_lock(SESSIONS_LOCK)?;
        }
        match *copy {
            Some(_) => self.dir.replace(SESSIONS_FILE, &json),
            // Another server's.
            None => Ok(()),
        }
    }

    fn asks(&self) -> bool {
        self.always_asks || !self.accounts().users.is_empty()
    }

    /// Whoever is not asked. Nobody can tell who changes something from another machine.
    fn anyone(&self) -> Who {
        Who::Anyone {
            may_operate: self.is_local,
        }
    }

    fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The copy that an earlier process left, and the right to keep it from now on.
async fn stored_sessions(
    dir: &AccessDir,
    accounts: &Accounts,
    now: Timestamp,
) -> Result<(Sessions, Option<File>), AccessError> {
    dir.make()?;
    let mut copy = dir.try_lock(SESSIONS_LOCK)?;
    for _ in 0..COPY_TRIES {
        // The one before may still be ending.
        if copy.is_none() {
            tokio::time::sleep(COPY_PAUSE).await;
            copy = dir.try_lock(SESSIONS_LOCK)?;
        }
    }
    let Some(copy) = copy else {
        info!("another server keeps the sessions of this directory: those of this one end with it");
        return Ok((Sessions::default(), None));
    };
    let json = dir.read(SESSIONS_FILE)?.unwrap_or_default();
    let sessions = if json.is_empty() {
        Sessions::default()
    } else {
        Sessions::from_json(&json, accounts, now).unwrap_or_else(|error| {
            warn!("people have to log in again, {SESSIONS_FILE} can't be read: {error}");
            Sessions::default()
        })
    };
    Ok((sessions, Some(copy)))
}
