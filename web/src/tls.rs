//! TLS by rustls, with a certificate that is read again when its files change.

use crate::health::board::Board;
use crate::health::finding::Finding;
use comptoir_config::clock;
use comptoir_model::api::health::{Cause, PartKind, PartState};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, DEFAULT_VERSIONS};
use tracing::info;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The certificate's place on the board, apart from the probes'.
const PROBE: usize = usize::MAX;

/// PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate first, then those that sign it.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why TLS can't be spoken with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("web.tls_certificate and web.tls_key are set together or not at all")]
    OneOfTwo,
    #[error("the certificate {path}: {source}\nhint: web.tls_certificate names a PEM file")]
    Certificate { path: PathBuf, source: pem::Error },
    #[error("the key {path}: {source}\nhint: web.tls_key names a PEM file that this user may read")]
    Key { path: PathBuf, source: pem::Error },
    #[error("the certificate {certificate} with the key {key}: {source}")]
    Pair {
        certificate: PathBuf,
        key: PathBuf,
        source: rustls::Error,
    },
    #[error("TLS can't be spoken: {0}")]
    Settings(rustls::Error),
}

impl TlsFiles {
    /// `None` without TLS.
    pub fn of(
        certificate: Option<PathBuf>,
        key: Option<PathBuf>,
    ) -> Result<Option<Self>, TlsError> {
        match (certificate, key) {
            (Some(certificate), Some(key)) => Ok(Some(Self { certificate, key })),
            (None, None) => Ok(None),
            _ => Err(TlsError::OneOfTwo),
        }
    }

    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let found = CertificateDer::pem_file_iter(&self.certificate);
        let certificates: Result<Vec<_>, _> = found.and_then(Iterator::collect);
        let certificates = certificates.map_err(|source| TlsError::Certificate {
            path: self.certificate.clone(),
            source,
        })?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|source| TlsError::Key {
            path: self.key.clone(),
            source,
        })?;
        CertifiedKey::from_der(certificates, key, provider).map_err(|source| TlsError::Pair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            source,
        })
    }
}

/// The certificate that is served now.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    pub(crate) fn open(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let current = files.read(&provider)?;
        Ok(Arc::new(Self {
            files: files.clone(),
            provider,
            current: RwLock::new(Arc::new(current)),
        }))
    }

    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(DEFAULT_VERSIONS)
            .map_err(TlsError::Settings)?
            .with_no_client_auth();
        let resolver = Arc::clone(self);
        let mut config = config.with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Looks at the files until it is dropped. They are small, and what counts is what is in them.
    pub(crate) async fn run(self: Arc<Self>, board: Arc<Board>) -> Infallible {
        loop {
            board.learn(PROBE, vec![self.look()], clock::now());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Takes in what is new and good. What is not good changes nothing.
    fn look(&self) -> Finding {
        let name = self.files.certificate.display().to_string();
        let part = Finding::up(PartKind::Certificate, "certificate", name);
        let found = match self.files.read(&self.provider) {
            Ok(found) => found,
            Err(error) => {
                let detail = format!("{error}; the certificate of before goes on being served");
                return part.but(PartState::Degraded, Cause::Failed, detail);
            }
        };
        if found.cert != self.current().cert {
            info!(
                "a new certificate is served: {}",
                self.files.certificate.display()
            );
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            *current = Arc::new(found);
        }
        part
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}
