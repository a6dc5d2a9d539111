//! What ends the server.

use crate::access::AccessError;
use crate::health::KafkaSettingsError;
use crate::tls::TlsError;
use std::net::SocketAddr;

/// Why the server can't start. A retry helps only after the cause is gone.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error(
        "{address} can't be listened on: {source}\nhint: another port: --listen 127.0.0.1:PORT, or port 0 for a free one"
    )]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("the listening socket has no address: {0}")]
    Socket(std::io::Error),
    #[error("no HTTP client can be made: {0}")]
    Client(reqwest::Error),
    #[error(transparent)]
    Kafka(#[from] KafkaSettingsError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}
