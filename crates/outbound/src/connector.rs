//! From a URL to a connection: proxy, name, the check of the address, TCP, TLS.

use crate::{
    Network, OutboundError,
    stream::{Kind, Stream},
    tls::Trust,
};
use http::{HeaderValue, Uri};
use hyper_util::{client::proxy::matcher::Matcher, rt::TokioIo};
use rustls_pki_types::ServerName;
use std::{
    future::Future,
    io::{Error, ErrorKind},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// An answer of a proxy to CONNECT is not longer than this, bytes.
const PROXY_HEAD: usize = 8 << 10;

/// Makes connections.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) connect_timeout: Duration,
    pub(crate) denied: Vec<Network>,
    pub(crate) proxies: Option<Matcher>,
    pub(crate) trust: Trust,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let connected = timeout(inner.connect_timeout, inner.connect(&uri)).await;
            connected.map_err(|_| OutboundError::TimedOut)?.map(TokioIo::new)
        })
    }
}

impl Inner {
    async fn connect(&self, uri: &Uri) -> Result<Stream, OutboundError> {
        let (host, port, tls) = target(uri)?;
        if let Ok(address) = host.parse::<IpAddr>() {
            // Whoever connects in the end, and even if it is a proxy.
            self.check(address)?;
        }
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.intercept(uri));
        let Some(proxy) = proxy else {
            let stream = self.dial(host, port, true).await?;
            let kind = if tls { self.encrypt(host, stream).await? } else { Kind::Plain(stream) };
            return Ok(Stream { kind, to_proxy: false });
        };
        let (proxy_host, proxy_port, proxy_tls) = target(proxy.uri())?;
        if proxy_tls || proxy.uri().scheme_str() != Some("http") {
            return Err(OutboundError::Proxy("only proxies at http:// are supported".to_owned()));
        }
        // The operator named the proxy, so it may be anywhere.
        let mut stream = self.dial(proxy_host, proxy_port, false).await?;
        if !tls {
            return Ok(Stream { kind: Kind::Plain(stream), to_proxy: true });
        }
        tunnel(&mut stream, uri, port, proxy.basic_auth()).await?;
        Ok(Stream { kind: self.encrypt(host, stream).await?, to_proxy: false })
    }

    fn check(&self, address: IpAddr) -> Result<(), OutboundError> {
        match self.denied.iter().any(|network| network.contains(address)) {
            true => Err(OutboundError::Denied(address)),
            false => Ok(()),
        }
    }

    /// Connects to the first address that takes the connection. One denied address refuses the name as a whole: a
    /// name that points there means no good.
    async fn dial(&self, host: &str, port: u16, checked: bool) -> Result<TcpStream, OutboundError> {
        let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => tokio::net::lookup_host((host, port))
                .await
                .map_err(|error| OutboundError::Resolve(error.to_string()))?
                .collect(),
        };
        if checked {
            addresses.iter().try_for_each(|address| self.check(address.ip()))?;
        }
        // An address that swallows packets leaves time for the next one.
        let share = self.connect_timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut last = Error::new(ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = ErrorKind::TimedOut.into(),
            }
        }
        match last.kind() {
            ErrorKind::TimedOut => Err(OutboundError::TimedOut),
            _ => Err(OutboundError::Connect(last.to_string())),
        }
    }

    async fn encrypt(&self, host: &str, stream: TcpStream) -> Result<Kind, OutboundError> {
        let config = self.trust.config().map_err(OutboundError::Tls)?;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| OutboundError::Url)?;
        let connected = tokio_rustls::TlsConnector::from(config).connect(name, stream).await;
        let stream = connected.map_err(|error| OutboundError::Tls(error.to_string()))?;
        Ok(Kind::Tls(Box::new(stream)))
    }
}

/// Host without brackets, port, whether TLS.
fn target(uri: &Uri) -> Result<(&str, u16, bool), OutboundError> {
    let tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(OutboundError::Url),
    };
    let host = uri.host().filter(|host| !host.is_empty()).ok_or(OutboundError::Url)?;
    Ok((host.trim_matches(['[', ']']), uri.port_u16().unwrap_or(if tls { 443 } else { 80 }), tls))
}

/// Asks a proxy for a tunnel to the host.
async fn tunnel(
    stream: &mut TcpStream,
    uri: &Uri,
    port: u16,
    authorization: Option<&HeaderValue>,
) -> Result<(), OutboundError> {
    let broken = |error: Error| OutboundError::Proxy(error.to_string());
    let host = uri.host().unwrap_or_default();
    let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(value) = authorization {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    stream.write_all(&head).await.map_err(broken)?;
    // Byte by byte: what comes after the head is TLS already.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == PROXY_HEAD {
            return Err(OutboundError::Proxy("its answer is too long".to_owned()));
        }
        answer.push(stream.read_u8().await.map_err(broken)?);
    }
    let line = answer.split(|&byte| byte == b'\r').next().unwrap_or_default();
    match line.split(|&byte| byte == b' ').nth(1) {
        Some([b'2', _, _]) => Ok(()),
        _ => Err(OutboundError::Proxy(String::from_utf8_lossy(line).into_owned())),
    }
}
