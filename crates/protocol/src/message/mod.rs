//! What is inside the frames of a control channel: the JSON of jobs, replies, acknowledgements and session control.
//!
//! Names, key order and null-or-absent are those of the official programs. Reading is as loose as theirs: keys in any
//! case, null as absent. Not for: frames around it ([`crate::frame`]) and the order of messages
//! ([`crate::control_channel`]).

mod any_case;
mod channel;
mod job;
mod reply;
mod status;
mod task;
#[cfg(test)]
mod tests;

pub use channel::{
    ChannelClosed, CreateChannel, OpenControlChannel, channel_response, token_of_channel_response,
};
pub use job::{
    AckCode, AgentJob, AgentJobAck, CANCEL_COMMAND_TOPIC, CancelCommandContent, JobContent,
    SEND_COMMAND_TOPIC, SendCommandContent,
};
pub use reply::{AdditionalInfo, AgentInfo, AgentJobReply, AgentJobReplyAck, ReplyContent, RuntimeStatus};
pub use status::Status;
pub use task::{AgentTask, AgentTaskAcknowledge, AgentTaskComplete, AgentTelemetry, AgentUpdateResult};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// Largest content of a reply that official agents send, in bytes of JSON.
pub const REPLY_CONTENT_LIMIT: usize = 120_000;

/// JSON that is not the message it should be. The text names the place, never the content, which may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, or not the right shape.
    #[error("not a valid message: {problem} at line {line} column {column}")]
    Json {
        /// Syntax, shape or sudden end.
        problem: &'static str,
        /// Counted from 1; 0 when the place is unknown.
        line: usize,
        /// Counted from 1; 0 when the place is unknown.
        column: usize,
    },
    /// The topic of a job is neither send nor cancel.
    #[error("unknown job topic")]
    Topic,
}

impl From<serde_json::Error> for MessageError {
    fn from(error: serde_json::Error) -> Self {
        let problem = match error.classify() {
            serde_json::error::Category::Syntax => "not JSON",
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Data | serde_json::error::Category::Io => "wrong or missing member",
        };
        Self::Json { problem, line: error.line(), column: error.column() }
    }
}

/// Reads a message.
///
/// # Errors
/// [`MessageError::Json`] when it is another.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, MessageError> {
    // Nearly all writers use the exact keys: look for others only when that fails.
    match serde_json::from_slice(bytes) {
        Ok(message) => Ok(message),
        Err(error) => any_case::read(bytes).map_err(|_| error.into()),
    }
}

/// Writes a message.
pub fn write(message: &impl Serialize) -> Vec<u8> {
    // Fails only for maps whose keys are not text and for failing writers; these messages have neither.
    serde_json::to_vec(message).unwrap_or_default()
}

/// Writes a message that travels as text inside another.
pub fn write_text(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// Null as absent, as Go reads.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
