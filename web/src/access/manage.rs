//! Users and tokens as `comptoir-web user` and `comptoir-web token` change them. A running server
//! notices within about a second.

use super::accounts::Accounts;
use super::error::AccessError;
use super::file::AccessDir;
use super::journal::{Actor, Journal};
use super::rights::{Role, Scope};
use comptoir_config::{Secret, Settings};
use comptoir_model::api::access::JournalOutcome;
use comptoir_warehouse::Warehouse;
use jiff::{SignedDuration, Timestamp};

/// The accounts of a directory, and the journal of who changed them.
#[derive(Debug)]
pub struct Accountant {
    dir: AccessDir,
    journal: Journal,
    actor: Actor,
    now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    pub name: String,
    pub role: Role,
    pub added_at: Timestamp,
    pub password_since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    pub name: String,
    pub scopes: Vec<Scope>,
    pub added_at: Timestamp,
    pub expires_at: Timestamp,
    pub has_expired: bool,
}

impl Accountant {
    /// `user_id` is whoever runs the command.
    pub fn new(settings: &Settings, warehouse: Warehouse, user_id: u32, now: Timestamp) -> Self {
        let dir = AccessDir::new(settings.web.access_dir.clone());
        Self {
            journal: Journal::new(dir.clone(), warehouse),
            dir,
            actor: Actor {
                who: format!("uid:{user_id}"),
                address: "local".to_owned(),
            },
            now,
        }
    }

    pub fn users(&self) -> Result<Vec<UserInfo>, AccessError> {
        let accounts = Accounts::load(&self.dir)?;
        let users = accounts.users.into_iter().map(|(name, user)| UserInfo {
            name,
            role: user.role,
            added_at: user.added_at,
            password_since: user.password_since,
        });
        Ok(users.collect())
    }

    pub fn add_user(&self, name: &str, role: Role, password: &Secret) -> Result<(), AccessError> {
        Accounts::edit(&self.dir, |accounts| {
            accounts.add_user(name, role, password, self.now)
        })?;
        self.note("user.add", &format!("{name}, {}", role.as_str()))
    }

    /// Ends the user's sessions.
    pub fn change_password(&self, name: &str, password: &Secret) -> Result<(), AccessError> {
        Accounts::edit(&self.dir, |accounts| {
            accounts.change_password(name, password, self.now)
        })?;
        self.note("user.passwd", name)
    }

    /// Ends the user's sessions.
    pub fn remove_user(&self, name: &str) -> Result<(), AccessError> {
        Accounts::edit(&self.dir, |accounts| accounts.remove_user(name))?;
        self.note("user.remove", name)
    }

    pub fn tokens(&self) -> Result<Vec<TokenInfo>, AccessError> {
        let accounts = Accounts::load(&self.dir)?;
        let tokens = accounts.tokens.into_iter().map(|(name, token)| TokenInfo {
            name,
            has_expired: token.expires_at <= self.now,
            scopes: token.scopes,
            added_at: token.added_at,
            expires_at: token.expires_at,
        });
        Ok(tokens.collect())
    }

    /// The token itself, which is told this once.
    pub fn add_token(
        &self,
        name: &str,
        scopes: &[Scope],
        lifetime: SignedDuration,
    ) -> Result<Secret, AccessError> {
        let secret = Accounts::edit(&self.dir, |accounts| {
            accounts.add_token(name, scopes, lifetime, self.now)
        })?;
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        let days = lifetime.as_hours() / 24;
        let detail = format!("{name}, {}, {days} days", scopes.join(" "));
        self.note("token.add", &detail)?;
        Ok(secret)
    }

    pub fn remove_token(&self, name: &str) -> Result<(), AccessError> {
        Accounts::edit(&self.dir, |accounts| accounts.remove_token(name))?;
        self.note("token.remove", name)
    }

    /// Brings what was noted into the warehouse, where that answers; else a server does later.
    pub async fn send_journal(&self) {
        self.journal.try_to_send().await;
    }

    fn note(&self, action: &str, detail: &str) -> Result<(), AccessError> {
        let done = JournalOutcome::Done;
        let noted = (self.journal).note(&self.actor, action, done, detail, self.now);
        noted.map_err(|source| AccessError::NotNoted {
            done: format!("{action} {detail}: it is done"),
            source: Box::new(source),
        })
    }
}
