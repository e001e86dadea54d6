//! Paths of nodes beside the API: the control channel, and full outputs of steps.
//!
//! Requests are signed for the service `ssmmessages`; errors are XML whose root is the code, which is what official
//! agents look for. Not for: what is said on a channel.

use super::{Arrival, Edge, auth, body, codec, context, trail::Trail};
use crate::{
    authority::Requirement,
    channels,
    context::{Principal, RequestContext},
    dispatch::denied,
    error::{ApiError, UNKNOWN_OPERATION, query_code},
};
use auth::Rules;
use bytes::Bytes;
use codec::Element;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
    request::Parts,
};
use hyper::{body::Body, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use muster_ids::{ManagedNodeId, Tenant};
use muster_protocol::signing::sigv4::EMPTY_PAYLOAD;
use muster_service_model::{HttpBinding, OperationSchema, Structure};
use serde_json::Value;
use std::{fmt::Display, sync::Arc};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

/// Path of the control channel, before the node's id.
pub(super) const CONTROL_CHANNEL: &str = "/v1/control-channel/";
/// Path of outputs, before command, node (for an operator), step and stream.
pub(super) const OUTPUTS: &str = "/v1/muster/outputs/";

const RULES: Rules = Rules::strict("ssmmessages");
/// A node's longest message: a reply with its outputs, and room to spare.
const MAX_MESSAGE: usize = 4 << 20;
/// Small, because every idle node keeps one.
const READ_BUFFER: usize = 2048;
const WRITE_BUFFER: usize = 16 << 10;

static NOTHING: Structure = Structure { name: "Nothing", members: &[], sensitive: false };

/// These are no operations of a model, but are named in logs, denials and metrics like one.
const fn operation(name: &'static str, method: &'static str, uri: &'static str) -> OperationSchema {
    OperationSchema {
        service: "ssmmessages",
        name,
        http: HttpBinding { method, uri },
        input: &NOTHING,
        output: &NOTHING,
        result_wrapper: None,
        errors: &[],
        paginator: None,
    }
}

static CREATE_CHANNEL: OperationSchema =
    operation("CreateControlChannel", "POST", "/v1/control-channel/{instanceId}");
static OPEN_CHANNEL: OperationSchema =
    operation("OpenControlChannel", "GET", "/v1/control-channel/{instanceId}");
static PUT_OUTPUT: OperationSchema =
    operation("PutOutput", "PUT", "/v1/muster/outputs/{command}/{step}/{stream}");
static GET_OUTPUT: OperationSchema =
    operation("GetOutput", "GET", "/v1/muster/outputs/{command}/{node}/{step}/{stream}");

impl Edge {
    /// `POST` gives a token, `GET` opens the websocket that begins with it.
    pub(super) async fn control_channel<B>(
        self: &Arc<Self>,
        request: Request<B>,
        upgrade: OnUpgrade,
        arrival: &Arrival,
    ) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Display,
    {
        let (parts, body) = request.into_parts();
        let instance_id = parts.uri.path().strip_prefix(CONTROL_CHANNEL).unwrap_or_default().to_owned();
        match parts.method {
            Method::POST => {
                let limit = self.control_plane.config.limits.request_body_bytes;
                let mut trail = Trail::begin(&parts, arrival, &CREATE_CHANNEL);
                let outcome = async {
                    let body = body::collect(body, limit).await?;
                    let hash = body::sha256_hex(&body);
                    let context =
                        self.node_context(&parts, &hash, &CREATE_CHANNEL, arrival, &mut trail).await?;
                    self.unless_denied(&context, &instance_id).await?;
                    channels::open_control_channel(&self.control_plane, &context, &instance_id, &body)
                }
                .await;
                self.answer(arrival, &trail, outcome, token_response).await
            }
            Method::GET => {
                let mut trail = Trail::begin(&parts, arrival, &OPEN_CHANNEL);
                let outcome = async {
                    let accept = websocket_accept(&parts.headers)?;
                    let context =
                        self.node_context(&parts, EMPTY_PAYLOAD, &OPEN_CHANNEL, arrival, &mut trail).await?;
                    let (tenant, node) = own(&context, &instance_id)?;
                    self.unless_denied(&context, &instance_id).await?;
                    tokio::spawn(serve(Arc::clone(self), tenant, node, upgrade));
                    Ok(accept)
                }
                .await;
                self.answer(arrival, &trail, outcome, switching).await
            }
            _ => super::route::not_json(),
        }
    }

    /// `PUT` takes a stream of a step from its node, `GET` gives it to an operator.
    pub(super) async fn outputs<B>(
        self: &Arc<Self>,
        request: Request<B>,
        arrival: &Arrival,
    ) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Display,
    {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().strip_prefix(OUTPUTS).unwrap_or_default();
        let segments: Vec<String> =
            path.split('/').map(|segment| codec::percent_decode(segment.as_bytes(), false)).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (&parts.method, segments.as_slice()) {
            (&Method::PUT, [command, step, stream]) => {
                let mut trail = Trail::begin(&parts, arrival, &PUT_OUTPUT);
                trail.path(&[("commandId", command), ("stepId", step), ("stream", stream)]);
                let outcome = async {
                    let hash = self.announced_hash(&parts)?;
                    let context = self.node_context(&parts, &hash, &PUT_OUTPUT, arrival, &mut trail).await?;
                    let body = body::checked(body, hash);
                    channels::put_output(&self.control_plane, &context, command, step, stream, body).await
                }
                .await;
                self.answer(arrival, &trail, outcome, |()| {
                    codec::response(200, "text/plain; charset=utf-8", Bytes::new())
                })
                .await
            }
            (&Method::GET, [command, node, step, stream]) => {
                let mut trail = Trail::begin(&parts, arrival, &GET_OUTPUT);
                trail.path(&[
                    ("commandId", command),
                    ("instanceId", node),
                    ("stepId", step),
                    ("stream", stream),
                ]);
                let outcome = async {
                    let context =
                        self.node_context(&parts, EMPTY_PAYLOAD, &GET_OUTPUT, arrival, &mut trail).await?;
                    channels::get_output(&self.control_plane, &context, command, node, step, stream).await
                }
                .await;
                self.answer(arrival, &trail, outcome, |content| {
                    codec::response(200, "application/octet-stream", content)
                })
                .await
            }
            _ => super::route::not_json(),
        }
    }

    /// The hash that a streamed body must turn out to have. It is in the signature, so a stranger cannot choose it.
    fn announced_hash(&self, parts: &Parts) -> Result<String, ApiError> {
        let hash = parts.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
        match hash {
            Some(hash) if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok(hash.to_ascii_lowercase())
            }
            _ => Err(ApiError::validation(
                "The header x-amz-content-sha256 must hold the SHA-256 of the body in hexadecimal.",
            )),
        }
    }

    /// A channel needs no permission, but the node's role may forbid it.
    async fn unless_denied(&self, context: &RequestContext, node: &str) -> Result<(), ApiError> {
        let requirement = Requirement::on_node(context, node);
        self.control_plane.unless_denied(context, requirement).await
    }

    async fn node_context(
        &self,
        parts: &Parts,
        payload_hash: &str,
        operation: &'static OperationSchema,
        arrival: &Arrival,
        trail: &mut Trail,
    ) -> Result<RequestContext, ApiError> {
        let request = auth::signed_view(parts);
        let identity = self
            .authenticator
            .authenticate(&self.control_plane, &request, payload_hash, RULES, arrival.now_ms)
            .await
            .inspect_err(|_| trail.refused(parts))?;
        let context = context(arrival, parts, identity, operation);
        trail.proven(&context);
        self.control_plane.audit.admit(operation, arrival.now_ms)?;
        Ok(context)
    }

    async fn answer<T>(
        &self,
        arrival: &Arrival,
        trail: &Trail,
        outcome: Result<T, ApiError>,
        success: impl FnOnce(T) -> Response<Bytes>,
    ) -> Response<Bytes> {
        let ended = outcome.as_ref().map(|_| ());
        trail.end(&self.control_plane.audit, ended.map(|()| &Value::Null)).await;
        self.note(arrival, Some(trail.operation()), trail.principal(), ended);
        match outcome {
            Ok(value) => success(value),
            Err(error) => {
                let (_, status) = query_code(error.schema);
                let root = Element::new(error.schema.code).with(Element::text("Message", &error.message));
                codec::response(status, "application/xml", root.render())
            }
        }
    }
}

/// Official agents take exactly 201 for success, and these two elements.
fn token_response(token: String) -> Response<Bytes> {
    let root = Element::new("CreateControlChannelResponse")
        .with(Element::text("MessageSchemaVersion", "1.0"))
        .with(Element::text("TokenValue", token));
    codec::response(201, "application/xml", root.render())
}

fn own(context: &RequestContext, instance_id: &str) -> Result<(Tenant, ManagedNodeId), ApiError> {
    match &context.principal {
        Principal::Node { tenant, node, .. } if node.as_str() == instance_id => {
            Ok((tenant.clone(), node.clone()))
        }
        _ => Err(denied(context)),
    }
}

/// Checks the websocket's own headers; the value of `Sec-WebSocket-Accept`.
fn websocket_accept(headers: &HeaderMap) -> Result<HeaderValue, ApiError> {
    let has = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| !key.is_empty());
    match key {
        Some(key)
            if has(UPGRADE, "websocket")
                && has(CONNECTION, "upgrade")
                && has(SEC_WEBSOCKET_VERSION, "13") =>
        {
            HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(ApiError::internal)
        }
        _ => Err(ApiError::new(&UNKNOWN_OPERATION, "This path wants a websocket of version 13.")),
    }
}

fn switching(accept: HeaderValue) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// Takes the bare connection out of hyper's hands, so that an idle node costs nothing but its socket and its task.
async fn serve(edge: Arc<Edge>, tenant: Tenant, node: ManagedNodeId, upgrade: OnUpgrade) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%node, %error, "a control channel was not opened");
            return;
        }
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<super::transport::Transport>>() else {
        tracing::error!(%node, "a control channel came over an unknown transport");
        return;
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    // Copied: the buffer it came in has 8 KiB, and would be kept for as long as the channel.
    let early = parts.read_buf.to_vec();
    drop(parts.read_buf);
    let stream = parts.io.into_inner();
    let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
    // What answered the handshake is no longer needed.
    let control_plane = Arc::clone(&edge.control_plane);
    drop(edge);
    channels::serve_control_channel(control_plane, tenant, node, socket).await;
}
