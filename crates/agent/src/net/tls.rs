//! TLS to the server: the system's certificates, and those of a file the operator names.

use crate::endpoint::Endpoint;
use crate::net::NetError;
use crate::platform;
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// TLS, set up when it is first needed: an agent on plain http never pays for it.
pub(super) struct Tls {
    ca_file: Option<PathBuf>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, config: OnceCell::new() }
    }

    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
        tcp: TcpStream,
    ) -> Result<TlsStream<TcpStream>, NetError> {
        let config = match self.config.get() {
            Some(config) => Arc::clone(config),
            None => {
                let config = Arc::new(build(self.ca_file.as_deref())?);
                Arc::clone(self.config.get_or_init(|| config))
            }
        };
        let address = endpoint.host_and_port();
        let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| {
            NetError::Trust(format!("{} is not a name that a certificate can bear", endpoint.host))
        })?;
        TlsConnector::from(config).connect(name, tcp).await.map_err(|source| NetError::Tls {
            address,
            hint: hint(&source),
            source,
        })
    }
}

fn hint(error: &std::io::Error) -> String {
    let unknown_issuer =
        error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some_and(|inner| {
            matches!(inner, rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))
        });
    if unknown_issuer {
        format!(
            " (give the server's CA with --ca-file, or add it to {})",
            platform::system_certificate_hint()
        )
    } else {
        String::new()
    }
}

fn build(ca_file: Option<&Path>) -> Result<ClientConfig, NetError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    // Single unreadable certificates of the system are none of our business; having none at all is told below.
    roots.add_parsable_certificates(system.certs);
    if let Some(path) = ca_file {
        let failed = |reason: String| NetError::Trust(format!("{}: {reason}", path.display()));
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
        let before = roots.len();
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(failed("it holds no certificate".to_owned()));
        }
    }
    if roots.is_empty() {
        return Err(NetError::Trust(format!(
            "no certificates to trust: {} is empty, and no --ca-file is given",
            platform::system_certificate_hint()
        )));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NetError::Trust(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // One server, a connection now and then: the default of 256 sessions would only hold memory.
    config.resumption = Resumption::in_memory_sessions(4);
    Ok(config)
}
