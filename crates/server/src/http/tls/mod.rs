//! Certificates and the TLS settings made of them; looked at again while the server runs. Not for: handshakes.

mod own_ca;
#[cfg(test)]
mod tests;

use crate::{
    clock::Clock,
    config::{Config, Tls},
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::{Ticketer, default_provider},
    server::{NoServerSessionStorage, ProducesTickets},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{} is not {wanted} in PEM", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
    },
    /// Certificate and key do not fit each other, or rustls does not take them.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// A certificate of our own could not be made.
    #[error("cannot make a certificate: {0}")]
    Making(#[from] rcgen::Error),
}

/// The certificate in use.
pub(crate) struct Certificates {
    source: Source,
    current: RwLock<Arc<ServerConfig>>,
}

struct Source {
    config: Config,
    clock: Arc<dyn Clock>,
    tickets: Arc<dyn ProducesTickets>,
}

impl Certificates {
    /// Loads or makes what the settings say; none for plain HTTP.
    ///
    /// # Errors
    /// [`TlsError`]: files that are missing, unreadable or do not fit.
    pub(crate) fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Option<Self>, TlsError> {
        if config.tls == Tls::Off {
            return Ok(None);
        }
        let source = Source { config: config.clone(), clock, tickets: Ticketer::new()? };
        let Some(current) = source.load()? else { return Ok(None) };
        Ok(Some(Self { source, current: RwLock::new(current) }))
    }

    /// For one handshake.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes replaced files and renews what ends soon. What was good stays in use if that fails.
    pub(super) fn refresh(&self) {
        match self.source.load() {
            Ok(Some(loaded)) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the certificate could not be loaded again"),
        }
    }
}

impl Source {
    fn load(&self) -> Result<Option<Arc<ServerConfig>>, TlsError> {
        let (cert, key) = match &self.config.tls {
            Tls::Off => return Ok(None),
            Tls::Files { cert, key } => (cert.clone(), key.clone()),
            Tls::SelfSigned => own_ca::ensure(&self.config, self.clock.now_ms())?,
        };
        let mut settings = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(read_chain(&cert)?, read_key(&key)?)?;
        settings.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Tickets carry the state of a session to the client: nothing of it stays here.
        settings.session_storage = Arc::new(NoServerSessionStorage {});
        settings.ticketer = Arc::clone(&self.tickets);
        settings.send_tls13_tickets = 1;
        Ok(Some(Arc::new(settings)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let content = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&content).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(TlsError::Content { path: path.to_owned(), wanted: "a certificate chain" }),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let content = zeroize::Zeroizing::new(read(path)?);
    PrivateKeyDer::from_pem_slice(&content)
        .map_err(|_| TlsError::Content { path: path.to_owned(), wanted: "a private key" })
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Certificates")
    }
}
