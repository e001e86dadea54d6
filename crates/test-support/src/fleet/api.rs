//! What a node calls: registration, its role token, the heart-beat, the channel's token, the channel. Not for: when.

use super::identity::NodeIdentity;
use crate::{
    client::{ApiFailure, CONTENT_TYPE, answer, post, target},
    http::{Endpoint, HttpError, HttpPool, Stream},
    time::TimeSource,
};
use bytes::Bytes;
use futures_util::SinkExt as _;
use http::Request;
use muster_protocol::{
    control_channel::NodeChannel,
    ids::ManagedNodeId,
    message::{self, CreateChannel, token_of_channel_response},
    signing::{
        self,
        rsa::{KeyError, NodeKey},
        sigv4::{Credentials, EMPTY_PAYLOAD, PathEncoding, payload_hash, sign},
    },
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error as WebSocketError, Message, handshake::client::generate_key, protocol::WebSocketConfig,
    },
};
use uuid::Uuid;

/// What simulated nodes say they are.
pub(super) const AGENT_VERSION: &str = "3.3.0.0";
/// Jobs are some kilobytes; a larger message is read in pieces.
const BUFFER: usize = 4096;
const LARGEST_MESSAGE: usize = 4 << 20;
/// Credentials are renewed when they have less left: agents take the last ten minutes for expired.
const RENEW_BEFORE_MS: i64 = 10 * 60_000;

/// A node's control channel.
pub(super) type Socket = WebSocketStream<Stream>;

/// What went wrong for a node.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] ApiFailure),
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The channel.
    #[error("control channel: {0}")]
    Channel(#[from] Box<WebSocketError>),
    /// The node's key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An answer without what it must have.
    #[error("the answer to {0} is not complete")]
    Answer(&'static str),
    /// The channel is not open, or was closed.
    #[error("the control channel is closed")]
    Closed,
    /// Nothing came.
    #[error("nothing came within {0:?}")]
    Late(std::time::Duration),
}

impl NodeError {
    /// A word for counting: the code of the server's error, or the kind of failure.
    pub fn kind(&self) -> String {
        match self {
            Self::Refused(failure) if failure.code.is_empty() => format!("status {}", failure.status),
            Self::Refused(failure) => failure.code.clone(),
            Self::Http(HttpError::Connect { source, .. }) => format!("connect: {}", source.kind()),
            Self::Http(_) => "no answer".to_owned(),
            Self::Channel(error) => match &**error {
                WebSocketError::Http(response) => format!("channel: status {}", response.status().as_u16()),
                WebSocketError::Io(error) => format!("channel: {}", error.kind()),
                _ => "channel: protocol".to_owned(),
            },
            Self::Key(_) => "key".to_owned(),
            Self::Answer(what) => format!("incomplete answer: {what}"),
            Self::Closed => "closed".to_owned(),
            Self::Late(_) => "late".to_owned(),
        }
    }
}

impl From<WebSocketError> for NodeError {
    fn from(error: WebSocketError) -> Self {
        Self::Channel(Box::new(error))
    }
}

/// Temporary credentials of a node.
#[derive(Debug, Clone)]
pub(super) struct NodeCredentials {
    pub(super) credentials: Credentials,
    expires_ms: i64,
}

impl NodeCredentials {
    pub(super) fn fresh(&self, now_ms: i64) -> bool {
        now_ms < self.expires_ms - RENEW_BEFORE_MS
    }
}

/// The way of all nodes of a fleet to their server.
#[derive(Debug)]
pub(super) struct NodeApi {
    http: HttpPool,
    region: String,
    key: Arc<NodeKey>,
    public_key: String,
    pub(super) time: TimeSource,
}

impl NodeApi {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        region: &str,
        key: Arc<NodeKey>,
        connections: usize,
        time: TimeSource,
    ) -> Result<Self, KeyError> {
        let public_key = key.public_spki_base64()?;
        Ok(Self {
            http: HttpPool::new(endpoint, connections),
            region: region.to_owned(),
            key,
            public_key,
            time,
        })
    }

    fn endpoint(&self) -> &Endpoint {
        self.http.endpoint()
    }

    /// Becomes a node.
    pub(super) async fn register(&self, activation_id: &str, code: &str) -> Result<NodeIdentity, NodeError> {
        let fingerprint = Uuid::new_v4().to_string();
        let input = json!({
            "ActivationCode": code, "ActivationId": activation_id, "Fingerprint": &fingerprint,
            "PublicKey": &self.public_key, "PublicKeyType": "Rsa",
        });
        let (target, _) = target("ssm", "RegisterManagedInstance");
        let output = self.post(&self.head(&target), &[], input.to_string().into()).await?;
        let id = text(&output, "InstanceId").and_then(|id| ManagedNodeId::parse(id).ok());
        let id = id.ok_or(NodeError::Answer("RegisterManagedInstance"))?;
        Ok(NodeIdentity { id, fingerprint })
    }

    /// Asks for credentials, signed with the node's key.
    pub(super) async fn role_token(&self, node: &NodeIdentity) -> Result<NodeCredentials, NodeError> {
        let body = Bytes::from(json!({ "Fingerprint": node.fingerprint }).to_string());
        let (target, _) = target("ssm", "RequestManagedInstanceRoleToken");
        let head = self.head(&target);
        let signed = self.key.sign_request(
            &signing::Request::new("POST", "/", "", head),
            &payload_hash(&body),
            &node.id,
            &self.region,
            self.time.now_ms(),
        )?;
        let output = self.post(&head, &signed, body).await?;
        let incomplete = || NodeError::Answer("RequestManagedInstanceRoleToken");
        let part = |name| text(&output, name).ok_or_else(incomplete);
        let expires = output.get("TokenExpirationDate").and_then(Value::as_f64).ok_or_else(incomplete)?;
        let token = part("SessionToken")?.to_owned();
        Ok(NodeCredentials {
            credentials: Credentials::new(part("AccessKeyId")?, part("SecretAccessKey")?, Some(token)),
            #[expect(clippy::cast_possible_truncation, reason = "a date")]
            expires_ms: (expires * 1000.0) as i64,
        })
    }

    /// The heart-beat.
    pub(super) async fn update_information(
        &self,
        node: &ManagedNodeId,
        credentials: &Credentials,
    ) -> Result<(), NodeError> {
        let input = json!({
            "AgentName": "amazon-ssm-agent", "AgentStatus": "Active", "AgentVersion": AGENT_VERSION,
            "ComputerName": format!("{node}.simulated"), "IPAddress": "127.0.0.1", "InstanceId": node,
            "PlatformName": "Simulated Linux", "PlatformType": "Linux", "PlatformVersion": "1",
            "SSMConnectionChannel": "ssmmessages",
        });
        self.call(credentials, "ssm", "UpdateInstanceInformation", input).await.map(drop)
    }

    /// Any operation, with the node's credentials.
    pub(super) async fn call(
        &self,
        credentials: &Credentials,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, NodeError> {
        let body = Bytes::from(input.to_string());
        let (target, scope) = target(service, operation);
        let head = self.head(&target);
        let signed = sign(
            &signing::Request::new("POST", "/", "", head),
            PathEncoding::Double,
            &payload_hash(&body),
            credentials,
            &self.region,
            scope,
            self.time.now_ms(),
        );
        self.post(&head, &signed, body).await
    }

    /// Opens the control channel: a token for it, the websocket, the first message, and every reply that the
    /// server has not acknowledged.
    pub(super) async fn open_channel(
        &self,
        node: &ManagedNodeId,
        credentials: &Credentials,
        machine: &mut NodeChannel,
    ) -> Result<Socket, NodeError> {
        let path = format!("/v1/control-channel/{node}");
        let token = self.channel_token(&path, credentials).await?;
        let mut socket = self.websocket(&path, credentials).await?;
        let now_ms = self.time.now_ms();
        let open = machine.open_message(&token, AGENT_VERSION, "linux", now_ms);
        socket.feed(Message::text(open)).await?;
        for frame in machine.on_timer(now_ms) {
            socket.feed(Message::binary(frame)).await?;
        }
        socket.flush().await?;
        Ok(socket)
    }

    async fn channel_token(&self, path: &str, credentials: &Credentials) -> Result<String, NodeError> {
        let request = CreateChannel {
            message_schema_version: "1.0".to_owned(),
            request_id: Uuid::new_v4().to_string(),
        };
        let body = Bytes::from(message::write(&request));
        let head = [("host", self.endpoint().authority()), ("content-type", "application/json")];
        let signed = sign(
            &signing::Request::new("POST", path, "", head),
            PathEncoding::Double,
            &payload_hash(&body),
            credentials,
            &self.region,
            "ssmmessages",
            self.time.now_ms(),
        );
        let response = self.http.send(post(path, &head, &signed, body)?).await?;
        // Official agents take 201 and nothing else.
        if response.status() != http::StatusCode::CREATED {
            let failure = answer(&response).err();
            return Err(failure.map_or(NodeError::Answer("CreateControlChannel"), NodeError::Refused));
        }
        let text = String::from_utf8_lossy(response.body());
        token_of_channel_response(&text).ok_or(NodeError::Answer("CreateControlChannel"))
    }

    async fn websocket(&self, path: &str, credentials: &Credentials) -> Result<Socket, NodeError> {
        const QUERY: &str = "role=subscribe&stream=input";
        let authority = self.endpoint().authority();
        let signed = sign(
            &signing::Request::new("GET", path, QUERY, [("host", authority)]),
            PathEncoding::Double,
            EMPTY_PAYLOAD,
            credentials,
            &self.region,
            "ssmmessages",
            self.time.now_ms(),
        );
        let mut request = Request::get(self.endpoint().websocket_url(&format!("{path}?{QUERY}")))
            .header("host", authority)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", generate_key());
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let request = request.body(()).map_err(HttpError::from)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_write_buffer_size(LARGEST_MESSAGE)
            .max_message_size(Some(LARGEST_MESSAGE));
        let stream = self.endpoint().connect().await?;
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        Ok(socket)
    }

    fn head<'a>(&'a self, target: &'a str) -> [(&'a str, &'a str); 3] {
        [("host", self.endpoint().authority()), ("content-type", CONTENT_TYPE), ("x-amz-target", target)]
    }

    async fn post(
        &self,
        head: &[(&str, &str)],
        signed: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Value, NodeError> {
        Ok(answer(&self.http.send(post("/", head, signed, body)?).await?)?)
    }
}

fn text<'a>(output: &'a Value, name: &str) -> Option<&'a str> {
    output.get(name).and_then(Value::as_str)
}
