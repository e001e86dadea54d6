//! Opens a control channel: the signed POST that yields a token, then the signed websocket handshake.

use super::{Channel, Socket};
use crate::api::{Api, ApiError, Call, Content, Refusal, Signer};
use crate::endpoint::Endpoint;
use crate::net::NetError;
use crate::net::http::Answer;
use muster_protocol::ids::ManagedNodeId;
use muster_protocol::message::{CreateChannel, token_of_channel_response, write};
use muster_protocol::signing::sigv4::{Credentials, EMPTY_PAYLOAD};
use std::time::Duration;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use uuid::Uuid;

/// Longest time for the POST, and for the handshake.
const LIMIT: Duration = Duration::from_secs(15);
/// The largest message taken from the server. Documents have at most some 100 kB; sessions will not come here.
const MESSAGE_LIMIT: usize = 4 << 20;
/// Read and write buffers of an idle channel: small, there are few messages.
const BUFFER: usize = 4096;

/// Asks for a channel; returns its token.
pub(crate) async fn create_channel(
    api: &Api,
    endpoint: &Endpoint,
    node: &ManagedNodeId,
    credentials: &Credentials,
) -> Result<String, ApiError> {
    let body = write(&CreateChannel {
        message_schema_version: "1.0".to_owned(),
        request_id: Uuid::new_v4().to_string(),
    });
    let call = Call {
        endpoint,
        method: "POST",
        path: &path(node),
        query: "",
        service: "ssmmessages",
        headers: &[("content-type", "application/json")],
        limit: LIMIT,
    };
    let content = Content::Bytes(body.into());
    let answer = api.send(&call, Signer::Credentials(credentials), &content).await?;
    if answer.status != http::StatusCode::CREATED {
        return Err(refusal(&answer).into());
    }
    token_of_channel_response(&String::from_utf8_lossy(&answer.body))
        .ok_or_else(|| ApiError::Malformed("it has no channel token".to_owned()))
}

/// Opens the socket; once more when this machine's clock was the reason for a refusal.
pub(super) async fn open_socket(channel: &Channel, credentials: &Credentials) -> Result<Socket, ApiError> {
    match try_socket(channel, credentials).await {
        Err(SocketError::Refused(answer)) => {
            if channel.api.learn_time(answer.status, &answer.headers) {
                try_socket(channel, credentials).await.map_err(ApiError::from)
            } else {
                Err(refusal(&answer).into())
            }
        }
        other => other.map_err(ApiError::from),
    }
}

enum SocketError {
    Refused(Answer),
    Other(ApiError),
}

impl From<SocketError> for ApiError {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Refused(answer) => refusal(&answer).into(),
            SocketError::Other(error) => error,
        }
    }
}

impl From<ApiError> for SocketError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

async fn try_socket(channel: &Channel, credentials: &Credentials) -> Result<Socket, SocketError> {
    let call = Call {
        endpoint: &channel.endpoint,
        method: "GET",
        path: &path(&channel.node),
        query: "role=subscribe&stream=input",
        service: "ssmmessages",
        headers: &[],
        limit: LIMIT,
    };
    let mut request = channel.api.signed(&call, Signer::Credentials(credentials), EMPTY_PAYLOAD)?;
    let scheme = if channel.endpoint.tls { "wss" } else { "ws" };
    let uri = format!("{scheme}://{}{}?{}", channel.endpoint.authority(), call.path, call.query);
    *request.uri_mut() = uri.parse().map_err(|_| ApiError::Local(format!("{uri} is not an address")))?;
    let key = generate_key();
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", &key),
    ];
    for (name, value) in upgrade {
        let value =
            value.parse().map_err(|_| ApiError::Local("a websocket header is malformed".to_owned()))?;
        request.headers_mut().insert(name, value);
    }
    let address = channel.endpoint.host_and_port();
    let stream = channel.api.dialler.dial(&channel.endpoint).await.map_err(ApiError::from)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT));
    match tokio::time::timeout(LIMIT, client_async_with_config(request, stream, Some(config))).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(answer))) => {
            let (parts, body) = answer.into_parts();
            let (status, headers) = (parts.status, parts.headers);
            Err(SocketError::Refused(Answer { status, headers, body: body.unwrap_or_default().into() }))
        }
        Ok(Err(error)) => Err(ApiError::from(NetError::Broken { address, reason: error.to_string() }).into()),
        Err(_) => Err(ApiError::from(NetError::Timeout { address, seconds: LIMIT.as_secs() }).into()),
    }
}

fn path(node: &ManagedNodeId) -> String {
    // A node id is letters, digits and hyphens: nothing to encode.
    format!("/v1/control-channel/{node}")
}

/// A refusal of this service, whose errors are XML: the element after the root, or inside it, names the code.
fn refusal(answer: &Answer) -> Refusal {
    let json = Refusal::of(answer);
    if !json.code.starts_with("HTTP ") {
        return json;
    }
    let text = String::from_utf8_lossy(&answer.body);
    let code = text
        .split('<')
        .filter_map(|part| part.split(['>', ' ', '/']).next())
        .find(|name| name.ends_with("Exception"))
        .map(str::to_owned);
    let message = text
        .split_once("essage>")
        .and_then(|(_, rest)| rest.split('<').next())
        .map(|message| message.chars().take(300).collect());
    Refusal { status: json.status, code: code.unwrap_or(json.code), message: message.unwrap_or(json.message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    fn refused(body: &str) -> Refusal {
        refusal(&Answer {
            status: http::StatusCode::FORBIDDEN,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    #[test]
    fn reads_errors_in_xml_and_json() {
        let error = refused("<AccessDeniedException><Message>not yours</Message></AccessDeniedException>");
        assert_eq!((error.code.as_str(), error.message.as_str()), ("AccessDeniedException", "not yours"));
        assert_eq!(refused("{\"__type\":\"ExpiredTokenException\"}").code, "ExpiredTokenException");
        assert_eq!(refused("nothing").code, "HTTP 403");
    }
}
