//! The edge: one port for AWS clients, nodes, probes. Bytes become checked calls here and answers become bytes.
//!
//! A call passes, in this order: `listener` (connection, TLS), [`Edge::call`] (path), `route` (operation, codec),
//! `auth` (who), `codec` (typed input), `validate` (constraints), the dispatcher (whether the caller may), the
//! handler. Nothing inside knows HTTP, and nothing here an operation. Not for: rules of the product.

mod api;
mod auth;
mod body;
mod codec;
mod completion;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod listener;
mod metrics;
mod node;
mod route;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod trail;
mod transport;
mod validate;

pub(crate) use listener::Listener;

use crate::{
    ControlPlane,
    context::{Principal, Proof, RequestContext},
    dispatch::Router,
    error::ApiError,
};
use auth::{Authenticator, Identity};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response,
    header::{DATE, HeaderName, REFERER, USER_AGENT},
    request::Parts,
};
use http_body_util::Full;
use hyper::body::Body;
use metrics::Metrics;
use muster_service_model::OperationSchema;
use std::{
    fmt::Display,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// Letters of a client's words about itself that are kept.
const HEADER_LETTERS: usize = 256;

/// What answers requests; shared by all connections.
#[derive(Debug)]
pub(crate) struct Edge {
    control_plane: Arc<ControlPlane>,
    router: Router,
    authenticator: Authenticator,
    metrics: Metrics,
    ready: AtomicBool,
}

/// A request on its way: what is known of it before its caller is.
struct Arrival {
    request_id: String,
    peer: SocketAddr,
    now_ms: i64,
    begin: Instant,
    /// Whether it came over TLS.
    secure: bool,
}

impl Edge {
    /// An edge that is not ready yet.
    pub(crate) fn new(control_plane: Arc<ControlPlane>, router: Router) -> Self {
        Self {
            control_plane,
            router,
            authenticator: Authenticator::default(),
            metrics: Metrics::new(),
            ready: AtomicBool::new(false),
        }
    }

    /// Says at `/readyz` whether to send requests here.
    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Answers one request. Whatever comes in, the answer to it is a response.
    pub(crate) async fn call<B>(
        self: &Arc<Self>,
        mut request: Request<B>,
        peer: SocketAddr,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Display,
    {
        let arrival = Arrival {
            request_id: uuid::Uuid::new_v4().to_string(),
            peer,
            now_ms: self.control_plane.clock.now_ms(),
            begin: Instant::now(),
            secure: self.control_plane.config.tls != crate::config::Tls::Off,
        };
        let get = matches!(*request.method(), Method::GET | Method::HEAD);
        let path = request.uri().path();
        let mut response = if path == "/" {
            self.api(request, &arrival).await
        } else if path.starts_with(node::CONTROL_CHANNEL) {
            let upgrade = hyper::upgrade::on(&mut request);
            self.control_channel(request, upgrade, &arrival).await
        } else if path.starts_with(node::OUTPUTS) {
            self.outputs(request, &arrival).await
        } else {
            match path {
                "/healthz" if get => codec::response(200, "text/plain; charset=utf-8", "ok\n"),
                "/readyz" if get => self.readiness().await,
                _ if get && path.ends_with(".pem") => self.message_certificate(path).await,
                "/metrics" if get => {
                    let text = self
                        .metrics
                        .render(self.control_plane.channels.count(), self.control_plane.audit.metrics());
                    codec::response(200, metrics::CONTENT_TYPE, text)
                }
                _ => route::not_json(),
            }
        };
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&arrival.request_id) {
            headers.insert(REQUEST_ID.clone(), id);
        }
        // From our own clock: nodes find the difference of theirs in it.
        if let Some(date) = http_date(arrival.now_ms) {
            headers.insert(DATE, date);
        }
        response.map(Full::new)
    }

    /// The certificate of a key that signs messages of topics.
    async fn message_certificate(&self, path: &str) -> Response<Bytes> {
        match self.control_plane.message_certificate(path).await {
            Ok(Some(pem)) => codec::response(200, "application/x-pem-file", pem),
            Ok(None) => route::not_json(),
            Err(_) => codec::response(503, "text/plain; charset=utf-8", "the database does not answer\n"),
        }
    }

    async fn readiness(&self) -> Response<Bytes> {
        const TEXT: &str = "text/plain; charset=utf-8";
        if !self.ready.load(Ordering::Acquire) {
            return codec::response(503, TEXT, "starting or stopping\n");
        }
        // Any point read tells whether the database answers.
        match muster_store::access_key::find(&self.control_plane.db, "").await {
            Ok(_) => codec::response(200, TEXT, "ready\n"),
            Err(error) => {
                tracing::warn!(%error, "not ready");
                codec::response(503, TEXT, "the database does not answer\n")
            }
        }
    }

    /// Notes a call's end: metrics, and one line in the log. Codes and names are ours; nothing of the request's
    /// content is in it.
    fn note(
        &self,
        arrival: &Arrival,
        call: Option<&'static OperationSchema>,
        principal: Option<&Principal>,
        outcome: Result<(), &ApiError>,
    ) {
        let (service, operation) = call.map_or(("unknown", "Unknown"), |call| (call.service, call.name));
        let code = outcome.map_or_else(|error| error.schema.code, |()| "OK");
        let took = arrival.begin.elapsed();
        self.metrics.called(service, operation, code, took);
        let caller = match principal {
            Some(Principal::Root { .. }) => "root",
            Some(Principal::User(user)) => user.name.as_str(),
            Some(Principal::Role(role)) => role.role.as_str(),
            Some(Principal::Node { node, .. }) => node.as_str(),
            Some(Principal::Anonymous) => "anonymous",
            None => "unproven",
        };
        tracing::info!(
            target: "muster::access",
            request_id = arrival.request_id,
            operation = format_args!("{service}:{operation}"),
            code,
            caller,
            source = %arrival.peer.ip(),
            ms = took.as_micros() as f64 / 1000.0,
        );
        if let Err(error) = outcome {
            note_cause(&arrival.request_id, error);
        }
    }
}

/// The inner cause of an error, once, with all that it came from.
fn note_cause(request_id: &str, error: &ApiError) {
    let mut cause = std::error::Error::source(error);
    if cause.is_none() {
        return;
    }
    let mut chain = String::new();
    while let Some(inner) = cause {
        if !chain.is_empty() {
            chain.push_str(": ");
        }
        chain.push_str(&inner.to_string());
        cause = inner.source();
    }
    if error.schema.status >= 500 {
        tracing::error!(request_id, code = error.schema.code, cause = chain, "a call failed");
    } else {
        tracing::debug!(request_id, code = error.schema.code, cause = chain, "a call was refused");
    }
}

/// A header that the client says something about itself in, its end cut off if it is long.
fn header_text(parts: &Parts, name: HeaderName) -> Option<String> {
    let text = parts.headers.get(name)?.to_str().ok()?;
    // What reads as text is ASCII, so that every byte is a letter.
    Some(text.get(..HEADER_LETTERS).unwrap_or(text).to_owned())
}

/// What a handler is told about the call.
fn context(
    arrival: &Arrival,
    parts: &Parts,
    identity: Identity,
    operation: &'static OperationSchema,
) -> RequestContext {
    let Identity { principal, proof, tenant, authority } = identity;
    RequestContext {
        request_id: arrival.request_id.clone(),
        principal,
        proof,
        tenant,
        now_ms: arrival.now_ms,
        source_ip: arrival.peer.ip(),
        secure: arrival.secure,
        user_agent: header_text(parts, USER_AGENT).unwrap_or_default(),
        referer: header_text(parts, REFERER),
        operation,
        authority,
        decisions: Arc::default(),
    }
}

impl Identity {
    /// An unsigned caller: the server's account, and a region that must not be used.
    fn anonymous(control_plane: &ControlPlane) -> Result<Self, ApiError> {
        let region = muster_ids::Region::parse("unknown").map_err(ApiError::internal)?;
        let tenant = muster_ids::Tenant::new(control_plane.config.account_id.clone(), region);
        Ok(Self { principal: Principal::Anonymous, proof: Proof::None, tenant, authority: Arc::default() })
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(now_ms: i64) -> Option<HeaderValue> {
    let time = jiff::Timestamp::from_millisecond(now_ms).ok()?;
    HeaderValue::from_str(&time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}
