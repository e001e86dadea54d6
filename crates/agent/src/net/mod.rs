//! Connections to the server: TCP, through a proxy where the environment names one, TLS on https, HTTP/1.1 on top.
//!
//! Knows nothing of AWS, signatures or registration.

pub(crate) mod http;
mod proxy;
mod tls;

use crate::endpoint::Endpoint;
use proxy::ProxySettings;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for one TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for the proxy's answer, and for the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// A connection to the server, whatever it is made of.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetError {
    /// The name has no address.
    #[error("the name {host} cannot be resolved: {source}")]
    Resolve {
        /// Name asked for.
        host: String,
        /// Answer of the system.
        source: io::Error,
    },
    /// Nobody listens, or a firewall is between.
    #[error("no connection to {address}: {source}")]
    Connect {
        /// Host and port.
        address: String,
        /// Answer of the system.
        source: io::Error,
    },
    /// The proxy refused.
    #[error("the proxy {proxy} did not connect to {address}: {reason}")]
    Proxy {
        /// Proxy's host and port.
        proxy: String,
        /// Host and port wanted.
        address: String,
        /// Its answer.
        reason: String,
    },
    /// The certificates to trust cannot be read.
    #[error("{0}")]
    Trust(String),
    /// The TLS handshake failed.
    #[error("no TLS with {address}: {source}{hint}")]
    Tls {
        /// Host and port.
        address: String,
        /// Answer of the TLS library.
        source: io::Error,
        /// What to do about it.
        hint: String,
    },
    /// The connection broke or the answer was no HTTP.
    #[error("the connection to {address} failed: {reason}")]
    Broken {
        /// Host and port.
        address: String,
        /// What happened.
        reason: String,
    },
    /// It took too long.
    #[error("no answer from {address} within {seconds} s")]
    Timeout {
        /// Host and port.
        address: String,
        /// The limit.
        seconds: u64,
    },
}

/// Makes connections.
pub(crate) struct Dialler {
    proxy: ProxySettings,
    tls: tls::Tls,
}

impl Dialler {
    /// A dialler that takes proxies from the environment, and trusts the system's certificates and those of `ca_file`.
    pub(crate) fn new(ca_file: Option<PathBuf>) -> Self {
        Self {
            proxy: ProxySettings::from_source(|name| std::env::var(name).ok()),
            tls: tls::Tls::new(ca_file),
        }
    }

    /// The proxy used for an endpoint, for diagnostics: `host:port`.
    pub(crate) fn proxy_for(&self, endpoint: &Endpoint) -> Option<String> {
        self.proxy.for_endpoint(endpoint).map(|proxy| proxy.address())
    }

    /// Connects. The stream is ready for HTTP.
    pub(crate) async fn dial(&self, endpoint: &Endpoint) -> Result<Box<dyn Stream>, NetError> {
        let address = endpoint.host_and_port();
        let tcp = match self.proxy.for_endpoint(endpoint) {
            None => connect(&endpoint.host, endpoint.port).await?,
            Some(proxy) => {
                let mut tcp = connect(&proxy.host, proxy.port).await?;
                let tunnel = open_tunnel(&mut tcp, &address, proxy.authorization.as_deref());
                let failed =
                    |reason| NetError::Proxy { proxy: proxy.address(), address: address.clone(), reason };
                timeout(HANDSHAKE_TIMEOUT, tunnel)
                    .await
                    .map_err(|_| failed("no answer".to_owned()))?
                    .map_err(failed)?;
                tcp
            }
        };
        if !endpoint.tls {
            return Ok(Box::new(tcp));
        }
        match timeout(HANDSHAKE_TIMEOUT, self.tls.connect(endpoint, tcp)).await {
            Ok(stream) => Ok(Box::new(stream?)),
            Err(_) => Err(NetError::Timeout { address, seconds: HANDSHAKE_TIMEOUT.as_secs() }),
        }
    }
}

/// Tries the addresses of a host in turn.
async fn connect(host: &str, port: u16) -> Result<TcpStream, NetError> {
    let addresses: Vec<_> = match host.parse() {
        Ok(address) => vec![std::net::SocketAddr::new(address, port)],
        Err(_) => tokio::net::lookup_host((host, port))
            .await
            .map_err(|source| NetError::Resolve { host: host.to_owned(), source })?
            .collect(),
    };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small frames must not wait for each other's acknowledgement.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(NetError::Connect { address: format!("{host}:{port}"), source: last })
}

/// `CONNECT` through an HTTP proxy. Reads byte by byte, so that nothing that belongs to the tunnel is lost.
async fn open_tunnel<S: Stream>(
    stream: &mut S,
    address: &str,
    authorization: Option<&str>,
) -> Result<(), String> {
    let mut request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n");
    if let Some(authorization) = authorization {
        request.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > 8192 {
            return Err("its answer is too long".to_owned());
        }
        answer.push(stream.read_u8().await.map_err(|error| error.to_string())?);
    }
    let line = String::from_utf8_lossy(&answer);
    let line = line.lines().next().unwrap_or_default();
    match line.split_ascii_whitespace().nth(1) {
        Some(status) if status.starts_with('2') => Ok(()),
        _ => Err(format!("it answered {line:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn tunnel(answer: &str, authorization: Option<&str>) -> (Result<(), String>, String) {
        let (mut near, mut far) = tokio::io::duplex(4096);
        far.write_all(answer.as_bytes()).await.unwrap();
        far.write_all(b"TLS").await.unwrap();
        let result = open_tunnel(&mut near, "h:1", authorization).await;
        if result.is_ok() {
            let mut rest = [0; 3];
            near.read_exact(&mut rest).await.unwrap();
            assert_eq!(&rest, b"TLS");
        }
        drop(near);
        let mut request = String::new();
        far.read_to_string(&mut request).await.unwrap();
        (result, request)
    }

    #[tokio::test]
    async fn tunnels_open_or_say_why_not() {
        let (result, request) = tunnel("HTTP/1.1 200 OK\r\nX: y\r\n\r\n", Some("Basic eA==")).await;
        assert_eq!(result, Ok(()));
        assert_eq!(request, "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nProxy-Authorization: Basic eA==\r\n\r\n");
        let (result, _) = tunnel("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", None).await;
        assert!(result.unwrap_err().contains("407"));
    }
}
