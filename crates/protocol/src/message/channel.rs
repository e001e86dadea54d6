//! Opening and closing of channels: the signed POST that yields a token, the first message, the closing one.

use super::nullable;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Body of the POST that asks for a channel's token. Its answer is [`channel_response`], with status 201.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateChannel {
    /// `1.0`.
    #[serde(rename = "MessageSchemaVersion")]
    pub message_schema_version: String,
    /// A UUID.
    #[serde(rename = "RequestId")]
    pub request_id: String,
}

/// The answer to [`CreateChannel`]: XML with the token, which official agents fall over without.
pub fn channel_response(token: &str) -> String {
    let token = escape(token);
    format!(
        "<CreateControlChannelResponse><MessageSchemaVersion>1.0</MessageSchemaVersion>\
         <TokenValue>{token}</TokenValue></CreateControlChannelResponse>"
    )
}

/// The token in that answer, whatever its root element is called.
pub fn token_of_channel_response(xml: &str) -> Option<String> {
    let (_, rest) = xml.split_once("<TokenValue>")?;
    let (token, _) = rest.split_once("</TokenValue>")?;
    let token = unescape(token.trim());
    (!token.is_empty()).then_some(token)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescape(text: &str) -> String {
    // The ampersand last: `&amp;lt;` is `&lt;`.
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// The first message of a node on a control channel: a text frame of this JSON, not a binary frame. No answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenControlChannel {
    /// Always null.
    #[serde(rename = "Cookie", default)]
    pub cookie: Option<String>,
    /// `1.0`.
    #[serde(rename = "MessageSchemaVersion", default, deserialize_with = "nullable")]
    pub message_schema_version: String,
    /// A UUID.
    #[serde(rename = "RequestId", default, deserialize_with = "nullable")]
    pub request_id: String,
    /// The token of the POST.
    #[serde(rename = "TokenValue")]
    pub token_value: String,
    /// Of the agent.
    #[serde(rename = "AgentVersion", default, deserialize_with = "nullable")]
    pub agent_version: String,
    /// `linux`, `windows` or `macos`.
    #[serde(rename = "PlatformType", default, deserialize_with = "nullable")]
    pub platform_type: String,
}

impl fmt::Debug for OpenControlChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenControlChannel")
            .field("request_id", &self.request_id)
            .field("agent_version", &self.agent_version)
            .field("platform_type", &self.platform_type)
            .finish_non_exhaustive()
    }
}

/// `channel_closed`: on the control channel, end this session; on a data channel, this channel is over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChannelClosed {
    /// `channel_closed`.
    #[serde(rename = "MessageType", default, deserialize_with = "nullable")]
    pub message_type: String,
    /// A UUID.
    #[serde(rename = "MessageId", default, deserialize_with = "nullable")]
    pub message_id: String,
    /// The node.
    #[serde(rename = "DestinationId", default, deserialize_with = "nullable")]
    pub destination_id: String,
    /// The session.
    #[serde(rename = "SessionId")]
    pub session_id: String,
    /// 1.
    #[serde(rename = "SchemaVersion", default, deserialize_with = "nullable")]
    pub schema_version: u32,
    /// `2024-10-01T12:34:56.789Z`.
    #[serde(rename = "CreatedDate", default, deserialize_with = "nullable")]
    pub created_date: String,
    /// Data channel only: what to show to the user.
    #[serde(rename = "Output", default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}
