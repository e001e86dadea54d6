//! Both ends of a control channel as machines without sockets: messages and the time in, messages and events out.
//!
//! The channel itself promises nothing: a socket may die with anything in flight, official agents drop jobs that come
//! too early, and replies overtake one another. So each side keeps what it sent until the other has acknowledged it and
//! sends it again: jobs until `agent_job_ack`, replies until `agent_job_reply_ack`. Exactly one execution is the work of
//! the node's ledger, exactly one result that of the server's database; the machines make sure that both get to see
//! everything at least once. Not for: opening sockets, checking tokens, keep-alive.

mod node;
mod pending;
mod progress;
mod server;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use node::{NodeChannel, NodeEvent};
pub use progress::JobProgress;
pub use server::{ServerChannel, ServerEvent};

use crate::frame::{Frame, FrameError, MessageType};
use crate::message::{self, MessageError};
use muster_ids::{IdError, JobId, ManagedNodeId};
use serde::Serialize;
use uuid::Uuid;

/// A message that is not taken. The channel goes on, unless [`fatal`](Self::fatal).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The first message is not the opening one.
    #[error("the channel was not opened")]
    NotOpened,
    /// Not a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame whose payload is not what its type says.
    #[error("{message_type}: {error}")]
    Message {
        /// Of the frame.
        message_type: MessageType,
        /// What is wrong.
        error: MessageError,
    },
    /// A job id of another form.
    #[error(transparent)]
    JobId(#[from] IdError),
    /// A job of another node: a node speaks for itself alone.
    #[error("the job belongs to another node")]
    ForeignJob,
}

impl ChannelError {
    /// Whether the channel cannot go on.
    pub fn fatal(&self) -> bool {
        matches!(self, Self::NotOpened)
    }
}

/// Reads a payload as what the frame's type says.
fn payload<T: serde::de::DeserializeOwned>(frame: &Frame) -> Result<T, ChannelError> {
    message::read(&frame.payload)
        .map_err(|error| ChannelError::Message { message_type: frame.message_type.clone(), error })
}

/// A frame around a payload, in bytes.
fn encode(message_type: MessageType, message_id: Uuid, now_ms: i64, payload: &impl Serialize) -> Vec<u8> {
    Frame::control(message_type, message_id, now_ms, message::write(payload)).encode()
}

/// Refuses jobs of other nodes.
fn check_owner(job_id: &str, node: &ManagedNodeId) -> Result<(), ChannelError> {
    let (_, owner) = JobId::parts(job_id)?;
    if owner == *node { Ok(()) } else { Err(ChannelError::ForeignJob) }
}
