//! What a node has still to be told: commands to run, commands to cancel.

use crate::ControlPlane;
use muster_ids::{CommandId, JobId, ManagedNodeId};
use muster_protocol::message::AgentJob;
use muster_store::{StoreError, command, invocation};
use std::sync::Arc;

/// A job that a node has not acknowledged.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// What identifies it to the node.
    pub(crate) job_id: JobId,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Send(CommandId),
    Cancel(JobId),
}

impl Delivery {
    /// The job itself, with its content; `None` if the command is gone.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn job(&self, control_plane: &ControlPlane) -> Result<Option<AgentJob>, StoreError> {
        let job_id = self.job_id.to_string();
        Ok(match &self.kind {
            Kind::Cancel(cancelled) => Some(AgentJob::cancel(job_id, cancelled.to_string())),
            Kind::Send(command) => content(control_plane, command)
                .await?
                .map(|content| AgentJob::send(job_id, content.to_string())),
        })
    }
}

/// Everything that the node has still to be told, oldest first; cancellations after the commands.
///
/// # Errors
/// The store's.
pub(crate) async fn deliveries(
    control_plane: &ControlPlane,
    node: &ManagedNodeId,
) -> Result<Vec<Delivery>, StoreError> {
    let commands = invocation::outbox(&control_plane.db, node, control_plane.clock.now_ms()).await?;
    let cancellations = invocation::cancellations(&control_plane.db, node).await?;
    let send = |command| Delivery { job_id: JobId::for_command(&command, node), kind: Kind::Send(command) };
    let cancel = |(command, cancel_id)| Delivery {
        job_id: JobId::for_command(&cancel_id, node),
        kind: Kind::Cancel(JobId::for_command(&command, node)),
    };
    Ok(commands.into_iter().map(send).chain(cancellations.into_iter().map(cancel)).collect())
}

/// A command's content, read from the store once for all its nodes.
async fn content(control_plane: &ControlPlane, command: &CommandId) -> Result<Option<Arc<str>>, StoreError> {
    if let Some(content) = control_plane.channels.content(command) {
        return Ok(Some(content));
    }
    let found = command::job_content(&control_plane.db, command).await?.map(Arc::<str>::from);
    if let Some(content) = &found {
        control_plane.channels.keep_content(command, content.clone());
    }
    Ok(found)
}
