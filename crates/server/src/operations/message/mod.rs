//! `ec2messages`: how agents get their commands that have no control channel, by polling.
//!
//! The same outbox and the same results as on the control channel. Source: the protocol notes of the message
//! delivery service.

mod acknowledge_message;
mod delete_message;
mod fail_message;
mod get_endpoint;
mod get_messages;
mod send_reply;

use crate::{dispatch::Router, error::ApiError};
use muster_ids::JobId;
use muster_protocol::agent_api::ec2messages::{
    AcknowledgeMessage, DeleteMessage, FailMessage, GetEndpoint, GetMessages, SendReply,
    errors::INVALID_MESSAGE_ID_EXCEPTION,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<AcknowledgeMessage>()
        .on::<DeleteMessage>()
        .on::<FailMessage>()
        .on::<GetEndpoint>()
        .on::<GetMessages>()
        .on::<SendReply>()
}

/// The node that a message id speaks of: its last part.
fn node_of(message_id: &str) -> Option<&str> {
    message_id.rsplit('.').next()
}

fn job_id(message_id: &str) -> Result<JobId, ApiError> {
    JobId::parse(message_id)
        .map_err(|_| ApiError::new(&INVALID_MESSAGE_ID_EXCEPTION, "The message ID is not valid."))
}
