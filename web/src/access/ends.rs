//! What ends the streams of those who have no session: tokens, and whoever is not asked.

use super::accounts::{Accounts, Token};
use jiff::Timestamp;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
pub(crate) struct Ends {
    anyone: CancellationToken,
    tokens: BTreeMap<String, (Token, CancellationToken)>,
}

impl Ends {
    /// Of those who are not asked: cancelled once somebody is.
    pub(crate) fn of_anyone(&self) -> CancellationToken {
        self.anyone.clone()
    }

    /// Cancelled once the token has expired or is removed.
    pub(crate) fn of_token(&mut self, name: &str, token: &Token) -> CancellationToken {
        match self.tokens.get(name) {
            Some((known, ended)) if known == token => ended.clone(),
            _ => {
                let ended = CancellationToken::new();
                let in_use = (token.clone(), ended.clone());
                if let Some((_, earlier)) = self.tokens.insert(name.to_owned(), in_use) {
                    earlier.cancel();
                }
                ended
            }
        }
    }

    pub(crate) fn sweep(&mut self, asks: bool, accounts: &Accounts, now: Timestamp) {
        if asks {
            self.anyone.cancel();
        } else if self.anyone.is_cancelled() {
            self.anyone = CancellationToken::new();
        }
        self.tokens.retain(|name, (token, ended)| {
            let is_good = accounts.tokens.get(name) == Some(token) && now < token.expires_at;
            if !is_good {
                ended.cancel();
            }
            is_good
        });
    }
}
