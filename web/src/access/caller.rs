//! Who asks, and what they may.

use super::journal::Actor;
use super::rights::{Right, Role, Scope};
use comptoir_model::api::access::{CallerKind, SessionInfo};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Of every request that reaches a handler: an `Extension`.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(super) who: Who,
    pub(super) address: IpAddr,
    /// Cancelled when the session ends or the token does: streams end with it.
    pub(crate) ended: CancellationToken,
    /// A stream that keeps it keeps the session from growing idle.
    pub(super) _in_use: Arc<()>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Nobody is asked.
    Anyone {
        may_operate: bool,
    },
    User {
        name: String,
        role: Role,
    },
    Token {
        name: String,
        scopes: Vec<Scope>,
    },
    /// They would be asked, and what they want needs no answer.
    Unknown,
}

impl Who {
    pub(super) fn may(&self, right: Right) -> bool {
        match self {
            Self::Anyone { may_operate } => right != Right::Operate || *may_operate,
            Self::User { role, .. } => role.rights().contains(&right),
            Self::Token { scopes, .. } => {
                scopes.iter().any(|scope| scope.rights().contains(&right))
            }
            Self::Unknown => false,
        }
    }
}

impl Caller {
    /// As the journal names them.
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            who: match &self.who {
                Who::Anyone { .. } => "anyone".to_owned(),
                Who::User { name, .. } => format!("user:{name}"),
                Who::Token { name, .. } => format!("token:{name}"),
                Who::Unknown => "unknown".to_owned(),
            },
            address: self.address.to_string(),
        }
    }

    pub(super) fn info(&self) -> SessionInfo {
        let (kind, name, role) = match &self.who {
            Who::Anyone { .. } | Who::Unknown => (CallerKind::Anyone, None, None),
            Who::User { name, role } => (CallerKind::User, Some(name), Some(role)),
            Who::Token { name, .. } => (CallerKind::Token, Some(name), None),
        };
        SessionInfo {
            kind,
            name: name.cloned(),
            role: role.map(|role| role.as_str().to_owned()),
            rights: Right::ALL
                .into_iter()
                .filter(|right| self.who.may(*right))
                .collect(),
        }
    }
}
