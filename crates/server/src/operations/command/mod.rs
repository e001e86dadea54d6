//! Run Command: send, list, look at, cancel.

mod cancel_command;
mod filter;
mod get_command_invocation;
mod list_command_invocations;
mod list_commands;
mod send_command;
mod targets;
mod view;

use crate::{dispatch::Router, error::ApiError};
use muster_ids::{CommandId, ManagedNodeId};
use muster_ssm_api::{
    CancelCommand, GetCommandInvocation, ListCommandInvocations, ListCommands, SendCommand,
    errors::INVALID_INSTANCE_ID,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CancelCommand>()
        .on::<GetCommandInvocation>()
        .on::<ListCommandInvocations>()
        .on::<ListCommands>()
        .on::<SendCommand>()
}

/// A command id that satisfies the model and is no UUID all the same.
fn command_id(text: &str) -> Result<CommandId, ApiError> {
    CommandId::parse(text).map_err(|_| {
        ApiError::validation(format!(
            "1 validation error detected: Value '{text}' at 'commandId' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: \
             ^[A-Fa-f0-9]{{8}}-[A-Fa-f0-9]{{4}}-[A-Fa-f0-9]{{4}}-[A-Fa-f0-9]{{4}}-[A-Fa-f0-9]{{12}}$"
        ))
    })
}

/// A node id; ids of EC2 instances satisfy the model and are no node of ours.
fn node_id(text: &str) -> Result<ManagedNodeId, ApiError> {
    ManagedNodeId::parse(text)
        .map_err(|_| ApiError::new(&INVALID_INSTANCE_ID, "Instances not in a valid state for account"))
}
