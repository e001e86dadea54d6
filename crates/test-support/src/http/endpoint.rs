//! Where a server is, how to trust it, and from which addresses to call it. Not for: keeping connections.

use super::{HttpError, Stream};
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpSocket, TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// A connection, its handshake included, is there by then, or it will not be.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A server, as `http://host[:port]` or `https://host[:port]`.
pub struct Endpoint {
    authority: String,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    sources: Vec<IpAddr>,
    next_source: AtomicUsize,
}

impl Endpoint {
    /// Reads an address. With `https`, `ca_file` holds the only certificates that are trusted, PEM.
    ///
    /// # Errors
    /// [`HttpError::Setting`] for an address or a file that cannot be used, or `https` without a file.
    pub fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, HttpError> {
        let wrong = |why: &str| HttpError::Setting(format!("`{url}` is no address of a server: {why}"));
        let uri: http::Uri = url.parse().map_err(|_| wrong("write http://host:port"))?;
        let host = uri.host().ok_or_else(|| wrong("the host is missing"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (secure, default_port) = match uri.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return Err(wrong("it must begin with http:// or https://")),
        };
        if !matches!(uri.path(), "" | "/") {
            return Err(wrong("a path is not supported"));
        }
        let tls = match (secure, ca_file) {
            (false, _) => None,
            (true, None) => return Err(wrong("https needs the file of a CA")),
            (true, Some(file)) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| wrong("the host is not a name"))?;
                Some((connector(file)?, name))
            }
        };
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let port = uri.port_u16().unwrap_or(default_port);
        Ok(Self { authority, host, port, tls, sources: Vec::new(), next_source: AtomicUsize::new(0) })
    }

    /// Calls from these addresses in turn: each gives some 28,000 further connections to the same server.
    #[must_use]
    pub fn from_sources(mut self, sources: Vec<IpAddr>) -> Self {
        self.sources = sources;
        self
    }

    /// Whether the host is this machine by its address.
    pub fn is_loopback(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Host and port as in the URL: the `Host` header.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The websocket address of a path, for a handshake.
    pub fn websocket_url(&self, path_and_query: &str) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}{path_and_query}", self.authority)
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`HttpError::Connect`] when there is none within 30 seconds.
    pub async fn connect(&self) -> Result<Stream, HttpError> {
        let failed = |source| HttpError::Connect { address: format!("{}:{}", self.host, self.port), source };
        match timeout(CONNECT_TIMEOUT, self.try_connect()).await {
            Ok(connected) => connected.map_err(failed),
            Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
        }
    }

    async fn try_connect(&self) -> io::Result<Stream> {
        let addresses = match self.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, self.port)],
            Err(_) => lookup_host((self.host.as_str(), self.port)).await?.collect(),
        };
        // A name such as `localhost` may have addresses at which nobody listens.
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in addresses {
            match self.dial(address).await {
                Ok(stream) => return self.secure(stream).await,
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if !self.sources.is_empty() {
            let turn = self.next_source.fetch_add(1, Ordering::Relaxed) % self.sources.len();
            if let Some(source) = self.sources.get(turn) {
                // Else a port is taken for the address alone, and found by a slow search once most are in use.
                setsockopt(&socket, IpBindAddressNoPort, &true)?;
                socket.bind(SocketAddr::new(*source, 0))?;
            }
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn secure(&self, stream: TcpStream) -> io::Result<Stream> {
        match &self.tls {
            None => Ok(Stream::Plain(stream)),
            Some((connector, name)) => {
                Ok(Stream::Tls(Box::new(connector.connect(name.clone(), stream).await?)))
            }
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").field("authority", &self.authority).finish_non_exhaustive()
    }
}

fn connector(ca_file: &Path) -> Result<TlsConnector, HttpError> {
    let wrong =
        |why: String| HttpError::Setting(format!("cannot use the CA of {}: {why}", ca_file.display()));
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Each simulated node is a machine of its own: it has no session to resume.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        let endpoint = Endpoint::new("http://127.0.0.1:8765/", None).unwrap();
        assert_eq!((endpoint.authority(), endpoint.port), ("127.0.0.1:8765", 8765));
        assert!(endpoint.is_loopback());
        assert_eq!(endpoint.websocket_url("/v1/x?y=z"), "ws://127.0.0.1:8765/v1/x?y=z");
        assert_eq!(Endpoint::new("http://[::1]:1", None).unwrap().host, "::1");
        assert_eq!(Endpoint::new("http://muster.example", None).unwrap().port, 80);
        for bad in ["", "127.0.0.1:8765", "ftp://x", "http://", "https://x", "http://x/y"] {
            assert!(Endpoint::new(bad, None).is_err(), "{bad}");
        }
    }
}
