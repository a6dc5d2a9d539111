//! Users and tokens: one file, which `comptoir-web user` and `comptoir-web token` change and the
//! server reads again whenever it has changed.
//!
//! A file and not the warehouse: people have to get in when the warehouse is down, and then most of
//! all; whether a login is needed is known before any other part answers; and who reads the
//! warehouse with a tool of their own finds no password hashes there.

use super::error::AccessError;
use super::file::AccessDir;
use super::rights::{Role, Scope};
use super::secrets::{Fingerprint, PasswordHash, new_secret, weakness};
use comptoir_config::Secret;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const FILE: &str = "users.json";
const LOCK: &str = "users.lock";
const VERSION: u32 = 1;
const ACCOUNTS_MAX: usize = 10_000;
pub(crate) const NAME_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accounts {
    version: u32,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) tokens: BTreeMap<String, Token>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) role: Role,
    pub(crate) password: PasswordHash,
    pub(crate) added_at: Timestamp,
    pub(crate) password_since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) scopes: Vec<Scope>,
    fingerprint: Fingerprint,
    pub(crate) added_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            version: VERSION,
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }
}

impl Accounts {
    /// None where there is no file yet.
    pub(crate) fn load(dir: &AccessDir) -> Result<Self, AccessError> {
        let Some(text) = dir.read(FILE)? else {
            return Ok(Self::default());
        };
        serde_json::from_str(&text).map_err(|source| AccessError::Damaged {
            path: dir.file(FILE),
            source,
        })
    }

    /// Changes the file, one process at a time; after an error it is as it was.
    pub(crate) fn edit<T>(
        dir: &AccessDir,
        change: impl FnOnce(&mut Self) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        dir.make()?;
        let _lock = dir.lock(LOCK)?;
        let mut accounts = Self::load(dir)?;
        let done = change(&mut accounts)?;
        let text = serde_json::to_string_pretty(&accounts)
            .unwrap_or_else(|error| unreachable!("our own types have string keys: {error}"));
        dir.replace(FILE, &(text + "\n"))?;
        Ok(done)
    }

    pub(crate) fn add_user(
        &mut self,
        name: &str,
        role: Role,
        password: &Secret,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        self.check_new(name)?;
        if self.users.contains_key(name) {
            return Err(AccessError::Exists {
                what: "user",
                name: name.to_owned(),
                cure: "user passwd changes the password; for another role, remove the user first",
            });
        }
        let user = User {
            role,
            password: hashed(password)?,
            added_at: now,
            password_since: now,
        };
        self.users.insert(name.to_owned(), user);
        Ok(())
    }

    pub(crate) fn change_password(
        &mut self,
        name: &str,
        password: &Secret,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let user = (self.users.get_mut(name)).ok_or_else(|| unknown("user", name))?;
        user.password = hashed(password)?;
        user.password_since = now;
        Ok(())
    }

    pub(crate) fn remove_user(&mut self, name: &str) -> Result<(), AccessError> {
        (self.users.remove(name).map(drop)).ok_or_else(|| unknown("user", name))
    }

    /// The token itself: it is known to nobody else from now on.
    pub(crate) fn add_token(
        &mut self,
        name: &str,
        scopes: &[Scope],
        lifetime: SignedDuration,
        now: Timestamp,
    ) -> Result<Secret, AccessError> {
        self.check_new(name)?;
        if self.tokens.contains_key(name) {
            return Err(AccessError::Exists {
                what: "token",
                name: name.to_owned(),
                cure: "remove it first; the programs that have it need the new one",
            });
        }
        let secret = new_secret();
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let token = Token {
            scopes,
            fingerprint: Fingerprint::of(secret.expose()),
            added_at: now,
            expires_at: now.saturating_add(lifetime).unwrap_or(Timestamp::MAX),
        };
        self.tokens.insert(name.to_owned(), token);
        Ok(secret)
    }

    pub(crate) fn remove_token(&mut self, name: &str) -> Result<(), AccessError> {
        (self.tokens.remove(name).map(drop)).ok_or_else(|| unknown("token", name))
    }

    /// The token with this secret, unless it has expired.
    pub(crate) fn token(&self, secret: &str, now: Timestamp) -> Option<(&str, &Token)> {
        let wanted = Fingerprint::of(secret);
        let (name, token) = (self.tokens.iter()).find(|(_, token)| token.fingerprint == wanted)?;
        (now < token.expires_at).then_some((name.as_str(), token))
    }

    fn check_new(&self, name: &str) -> Result<(), AccessError> {
        if !is_name(name) {
            return Err(AccessError::Name(name.to_owned()));
        }
        if self.users.len() + self.tokens.len() >= ACCOUNTS_MAX {
            return Err(AccessError::TooMany(ACCOUNTS_MAX));
        }
        Ok(())
    }
}

fn hashed(password: &Secret) -> Result<PasswordHash, AccessError> {
    match weakness(password) {
        Some(weakness) => Err(AccessError::WeakPassword(weakness)),
        None => Ok(PasswordHash::of(password)),
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && (name.chars()).all(|c| c.is_ascii_alphanumeric() || "._-@".contains(c))
}

fn unknown(what: &'static str, name: &str) -> AccessError {
    AccessError::Unknown {
        what,
        name: name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_one_plain_word() {
        for name in ["ada", "ada.l@shop-1", "7_of_9"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(65);
        for name in ["", "-ada", "a b", "é", "<img>", "a\nb", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_token_ends_with_its_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut accounts = Accounts::default();
        let hour = SignedDuration::from_hours(1);
        let scopes = [Scope::Logs, Scope::Read, Scope::Logs];
        let secret = accounts.add_token("a", &scopes, hour, at(0)).unwrap();
        let (name, token) = accounts.token(secret.expose(), at(3599)).unwrap();
        assert_eq!(
            (name, token.scopes.as_slice()),
            ("a", [Scope::Read, Scope::Logs].as_slice())
        );
        assert_eq!(accounts.token(secret.expose(), at(3600)), None);
        assert_eq!(accounts.token("", at(0)), None);
        let stored = serde_json::to_string(&accounts).unwrap();
        assert!(!stored.contains(secret.expose()));
    }
}
