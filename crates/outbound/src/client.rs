//! The client: options, and one exchange within its bounds.

use crate::{
    Network, OptionsError, OutboundError,
    connector::{Connector, Inner},
    network::default_denied_networks,
    tls::Trust,
};
use bytes::Bytes;
use http::{Request, Response, header::PROXY_AUTHORIZATION};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::{
    client::{legacy, proxy::matcher::Matcher},
    rt::{TokioExecutor, TokioTimer},
};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// Connections to one host that are kept for the next call.
const IDLE_CONNECTIONS: usize = 8;
const IDLE: Duration = Duration::from_secs(30);

/// Bounds and rules of a client.
#[derive(Debug, Clone)]
pub struct Options {
    /// For the name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For the whole exchange, connecting included.
    pub total_timeout: Duration,
    /// Of the body of an answer.
    pub max_response_bytes: usize,
    /// Certificates, PEM, that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Networks that calls must not reach. With a proxy, only addresses in URLs are checked: the proxy resolves names.
    pub denied_networks: Vec<Network>,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` hold.
    pub proxy_from_environment: bool,
}

impl Default for Options {
    /// Five seconds to connect, fifteen in all, a mebibyte of answer, no link-local addresses, the environment's proxies.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
            max_response_bytes: 1 << 20,
            ca_file: None,
            denied_networks: default_denied_networks(),
            proxy_from_environment: true,
        }
    }
}

/// A client. Clones are cheap and share its connections.
#[derive(Clone)]
pub struct Client {
    http: legacy::Client<Connector, Full<Bytes>>,
    inner: Arc<Inner>,
    total_timeout: Duration,
    max_response_bytes: usize,
}

impl Client {
    /// A client with these options. Connects to nothing yet.
    ///
    /// # Errors
    /// The CA file cannot be used.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        let proxies = options.proxy_from_environment.then(Matcher::from_env);
        Self::with_proxies(options, proxies)
    }

    pub(crate) fn with_proxies(options: Options, proxies: Option<Matcher>) -> Result<Self, OptionsError> {
        let inner = Arc::new(Inner {
            connect_timeout: options.connect_timeout,
            denied: options.denied_networks,
            proxies,
            trust: Trust::new(options.ca_file.as_deref())?,
        });
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(Connector { inner: Arc::clone(&inner) });
        let Options { total_timeout, max_response_bytes, .. } = options;
        Ok(Self { http, inner, total_timeout, max_response_bytes })
    }

    /// Sends a request with a whole URL and gives the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`OutboundError`]: there is no answer, or not all of it.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError> {
        self.send_within(self.total_timeout, request).await
    }

    /// As [`send`](Self::send), with another time for the whole exchange.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_within(
        &self,
        total: Duration,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, OutboundError> {
        let exchange = self.exchange(request);
        tokio::time::timeout(total, exchange).await.unwrap_or(Err(OutboundError::TimedOut))
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, OutboundError> {
        if !matches!(request.uri().scheme_str(), Some("http" | "https")) {
            return Err(OutboundError::Url);
        }
        if request.uri().scheme_str() == Some("http")
            && let Some(proxy) = self.inner.proxies.as_ref().and_then(|all| all.intercept(request.uri()))
            && let Some(value) = proxy.basic_auth()
        {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value.clone());
        }
        let response = self.http.request(request.map(Full::new)).await;
        let (head, body) = response.map_err(|error| OutboundError::inside(&error))?.into_parts();
        let announced = usize::try_from(hyper::body::Body::size_hint(&body).lower());
        if announced.is_ok_and(|announced| announced > self.max_response_bytes) {
            return Err(OutboundError::TooLarge(self.max_response_bytes));
        }
        match Limited::new(body, self.max_response_bytes).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(OutboundError::TooLarge(self.max_response_bytes))
            }
            Err(error) => Err(OutboundError::inside(&*error)),
        }
    }
}

impl fmt::Debug for Client {
    /// Without the proxies, which may hold passwords.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("denied_networks", &self.inner.denied).finish_non_exhaustive()
    }
}
