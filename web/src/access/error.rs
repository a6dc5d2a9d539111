//! What is wrong with users, tokens, or how the server is to be reached.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Why nobody can be let in, or an account can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error(
        "web.listen = {address}: other machines could read the figures there, and no users are configured in {dir}\nhint: comptoir-web user add NAME --role viewer; or listen on 127.0.0.1; or, where a proxy asks for a password, web.allow_remote_without_login = true"
    )]
    NoUsers { address: SocketAddr, dir: PathBuf },
    #[error("{path}: {source}\nhint: {cure}")]
    File {
        path: PathBuf,
        source: io::Error,
        cure: &'static str,
    },
    #[error(
        "{path}: {source}\nhint: put back a copy of it, or move it away and add the users again: comptoir-web user add"
    )]
    Damaged {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error(
        "`{0}` can't be a name\nhint: 1 to 64 letters, digits, `.`, `_`, `-` and `@`, a letter or digit first"
    )]
    Name(String),
    #[error("{what} `{name}` is there already\nhint: {cure}")]
    Exists {
        what: &'static str,
        name: String,
        cure: &'static str,
    },
    #[error("there is no {what} `{name}`\nhint: comptoir-web {what} ls")]
    Unknown { what: &'static str, name: String },
    #[error("{0}")]
    WeakPassword(String),
    #[error("{done}, and the journal does not know it: {source}")]
    NotNoted {
        done: String,
        source: Box<AccessError>,
    },
    #[error("{0} users and tokens is the most there can be\nhint: remove some")]
    TooMany(usize),
}

impl AccessError {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            cure: match source.kind() {
                io::ErrorKind::PermissionDenied => {
                    "run the command as the user that runs the server, to whom the directory belongs"
                }
                _ => "web.access_dir says where it lies",
            },
            source,
        }
    }
}
