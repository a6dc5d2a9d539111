//! Who is logged in: sessions by the hash of their cookie, in memory, with a copy on the disk so
//! that a restart logs nobody out. Time is an argument.

use super::accounts::Accounts;
use super::secrets::{Fingerprint, new_secret};
use comptoir_config::Secret;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Without a request and without an open stream.
const IDLE_MAX: SignedDuration = SignedDuration::from_hours(2);
pub(crate) const AGE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Of one user. One more ends the one that was silent for longest.
const SESSIONS_MAX: usize = 20;
/// Browsers in which a user has logged in are remembered for so long, and so many of one user.
pub(crate) const BROWSER_AGE_MAX: SignedDuration = SignedDuration::from_hours(180 * 24);
const BROWSERS_MAX: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: BTreeMap<Fingerprint, Session>,
    browsers: BTreeMap<Fingerprint, Browser>,
    /// Something is not in the copy yet.
    pub(crate) changed: bool,
}

#[derive(Debug)]
struct Session {
    stored: StoredSession,
    /// Cancelled when the session ends. Whoever holds a clone is at work in it.
    ended: CancellationToken,
    in_use: Arc<()>,
}

/// As the copy has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredSession {
    user: String,
    /// Of the password that it was opened with.
    password: Fingerprint,
    opened_at: Timestamp,
    seen_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Browser {
    user: String,
    seen_at: Timestamp,
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    sessions: BTreeMap<Fingerprint, StoredSession>,
    browsers: BTreeMap<Fingerprint, Browser>,
}

/// A session that is open.
#[derive(Clone, Debug)]
pub(crate) struct OpenSession {
    pub(crate) user: String,
    pub(crate) ended: CancellationToken,
    /// The session does not grow idle while this lives, as for an open stream.
    pub(crate) in_use: Arc<()>,
}

impl Sessions {
    /// The secret of the new session's cookie. `password` is the mark of the user's password.
    pub(crate) fn open(&mut self, user: &str, password: Fingerprint, now: Timestamp) -> Secret {
        let own = (self.open.iter()).filter(|(_, session)| session.stored.user == user);
        let own: Vec<_> = own
            .map(|(key, session)| (session.stored.seen_at, *key))
            .collect();
        if own.len() >= SESSIONS_MAX
            && let Some((_, silent)) = own.iter().min()
        {
            self.end(*silent);
        }
        let secret = new_secret();
        let stored = StoredSession {
            user: user.to_owned(),
            password,
            opened_at: now,
            seen_at: now,
        };
        (self.open).insert(Fingerprint::of(secret.expose()), Session::of(stored));
        self.changed = true;
        secret
    }

    /// The session of a cookie, which is in use now.
    pub(crate) fn find(
        &mut self,
        cookie: &str,
        accounts: &Accounts,
        now: Timestamp,
    ) -> Option<OpenSession> {
        let key = Fingerprint::of(cookie);
        let session = self.open.get_mut(&key)?;
        if !session.is_good(accounts, now) {
            self.end(key);
            return None;
        }
        session.stored.seen_at = session.stored.seen_at.max(now);
        Some(OpenSession {
            user: session.stored.user.clone(),
            ended: session.ended.clone(),
            in_use: Arc::clone(&session.in_use),
        })
    }

    /// Ends the session of a cookie, and says whose it was.
    pub(crate) fn close(&mut self, cookie: &str) -> Option<String> {
        self.end(Fingerprint::of(cookie))
    }

    /// Ends what has expired, and the sessions of users who are gone or have another password.
    pub(crate) fn sweep(&mut self, accounts: &Accounts, now: Timestamp) {
        for session in self.open.values_mut() {
            if session.is_in_use() {
                session.stored.seen_at = session.stored.seen_at.max(now);
            }
        }
        let over = (self.open.iter()).filter(|(_, session)| !session.is_good(accounts, now));
        for key in over.map(|(key, _)| *key).collect::<Vec<_>>() {
            self.end(key);
        }
        let before = self.browsers.len();
        self.browsers.retain(|_, browser| {
            now.duration_since(browser.seen_at) < BROWSER_AGE_MAX
                && accounts.users.contains_key(&browser.user)
        });
        self.changed |= self.browsers.len() != before;
    }

    /// Remembers the browser of a login. The secret for its cookie, where it has none yet.
    pub(crate) fn remember(
        &mut self,
        user: &str,
        cookie: Option<&str>,
        now: Timestamp,
    ) -> Option<Secret> {
        self.changed = true;
        if let Some(known) = cookie.and_then(|cookie| self.browser(user, cookie)) {
            if let Some(browser) = self.browsers.get_mut(&known) {
                browser.seen_at = now;
            }
            return None;
        }
        let own = (self.browsers.iter()).filter(|(_, browser)| browser.user == user);
        let own: Vec<_> = own.map(|(key, browser)| (browser.seen_at, *key)).collect();
        if own.len() >= BROWSERS_MAX
            && let Some((_, oldest)) = own.iter().min()
        {
            self.browsers.remove(oldest);
        }
        let secret = new_secret();
        let browser = Browser {
            user: user.to_owned(),
            seen_at: now,
        };
        (self.browsers).insert(Fingerprint::of(secret.expose()), browser);
        Some(secret)
    }

    /// A browser in which this user has logged in before.
    pub(crate) fn browser(&self, user: &str, cookie: &str) -> Option<Fingerprint> {
        let key = Fingerprint::of(cookie);
        let browser = self.browsers.get(&key)?;
        (browser.user == user).then_some(key)
    }

    /// For a copy that holds everything.
    pub(crate) fn take_json(&mut self) -> String {
        self.changed = false;
        let sessions = self.open.iter();
        let stored = Stored {
            sessions: sessions
                .map(|(key, open)| (*key, open.stored.clone()))
                .collect(),
            browsers: self.browsers.clone(),
        };
        serde_json::to_string(&stored)
            .unwrap_or_else(|error| unreachable!("our own types have string keys: {error}"))
    }

    /// What a copy held, without what is over.
    pub(crate) fn from_json(
        json: &str,
        accounts: &Accounts,
        now: Timestamp,
    ) -> Result<Self, serde_json::Error> {
        let stored: Stored = serde_json::from_str(json)?;
        let open = stored.sessions.into_iter();
        let mut sessions = Self {
            open: open
                .map(|(key, stored)| (key, Session::of(stored)))
                .collect(),
            browsers: stored.browsers,
            changed: false,
        };
        sessions.sweep(accounts, now);
        Ok(sessions)
    }

    fn end(&mut self, key: Fingerprint) -> Option<String> {
        let session = self.open.remove(&key)?;
        session.ended.cancel();
        self.changed = true;
        Some(session.stored.user)
    }
}

impl Session {
    fn of(stored: StoredSession) -> Self {
        Self {
            stored,
            ended: CancellationToken::new(),
            in_use: Arc::default(),
        }
    }

    /// A request or a stream is at work in it.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.in_use) > 1
    }

    fn is_good(&self, accounts: &Accounts, now: Timestamp) -> bool {
        let stored = &self.stored;
        let user = accounts.users.get(&stored.user);
        let is_idle = now.duration_since(stored.seen_at) >= IDLE_MAX;
        (!is_idle || self.is_in_use())
            && now.duration_since(stored.opened_at) < AGE_MAX
            && user.is_some_and(|user| user.password.mark() == stored.password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::rights::Role;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn accounts() -> Accounts {
        let mut accounts = Accounts::default();
        let password = Secret::new("a long password");
        (accounts.add_user("ada", Role::Viewer, &password, at(0))).unwrap();
        accounts
    }

    fn opened(accounts: &Accounts) -> (Sessions, Secret) {
        let mut sessions = Sessions::default();
        let cookie = sessions.open("ada", accounts.users["ada"].password.mark(), at(0));
        (sessions, cookie)
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old() {
        let accounts = accounts();
        let (mut sessions, cookie) = opened(&accounts);
        assert!(sessions.find("another", &accounts, at(0)).is_none());
        let open = sessions.find(cookie.expose(), &accounts, at(1)).unwrap();
        // A stream is open: the session does not grow idle.
        sessions.sweep(&accounts, at(50));
        assert!(!open.ended.is_cancelled());
        sessions.sweep(&accounts, at(7 * 24));
        assert!(open.ended.is_cancelled());

        let (mut sessions, cookie) = opened(&accounts);
        assert!(sessions.find(cookie.expose(), &accounts, at(1)).is_some());
        assert!(sessions.find(cookie.expose(), &accounts, at(3)).is_none());
        assert!(sessions.find(cookie.expose(), &accounts, at(1)).is_none());
    }

    #[test]
    fn all_sessions_end_with_the_password_and_with_the_user() {
        let mut accounts = accounts();
        let (mut sessions, cookie) = opened(&accounts);
        let open = sessions.find(cookie.expose(), &accounts, at(0)).unwrap();
        let other = Secret::new("another password");
        accounts.change_password("ada", &other, at(1)).unwrap();
        sessions.sweep(&accounts, at(1));
        assert!(open.ended.is_cancelled());

        let (mut sessions, cookie) = opened(&accounts);
        accounts.remove_user("ada").unwrap();
        // Somebody of the same name is somebody else.
        (accounts.add_user("ada", Role::Operator, &other, at(1))).unwrap();
        assert!(sessions.find(cookie.expose(), &accounts, at(1)).is_none());
    }

    #[test]
    fn a_restart_ends_no_session_and_the_copy_has_no_cookie() {
        let accounts = accounts();
        let (mut sessions, cookie) = opened(&accounts);
        let browser = sessions.remember("ada", None, at(0)).unwrap();
        let copy = sessions.take_json();
        assert!(!copy.contains(cookie.expose()) && !copy.contains(browser.expose()));
        let mut again = Sessions::from_json(&copy, &accounts, at(1)).unwrap();
        assert!(again.find(cookie.expose(), &accounts, at(1)).is_some());
        assert!(again.browser("ada", browser.expose()).is_some());
        assert!(again.browser("bob", browser.expose()).is_none());
        let mut late = Sessions::from_json(&copy, &accounts, at(9)).unwrap();
        assert!(late.find(cookie.expose(), &accounts, at(9)).is_none());
    }

    #[test]
    fn one_user_has_so_many_sessions_and_no_more() {
        let accounts = accounts();
        let (mut sessions, first) = opened(&accounts);
        let mark = accounts.users["ada"].password.mark();
        for _ in 0..SESSIONS_MAX {
            sessions.open("ada", mark, at(1));
            sessions.remember("ada", None, at(1));
        }
        assert_eq!(
            (sessions.open.len(), sessions.browsers.len()),
            (SESSIONS_MAX, BROWSERS_MAX)
        );
        assert!(sessions.find(first.expose(), &accounts, at(1)).is_none());
    }
}
