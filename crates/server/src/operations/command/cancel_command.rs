//! `CancelCommand`: for all nodes of a command, or some. What no node has acknowledged ends at once; what runs is
//! ended by its node, which says how. A command that has ended stays as it is.

use super::{command_id, node_id};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_bus::Notice;
use muster_ids::{CommandId, ManagedNodeId};
use muster_ssm_api::{
    CancelCommand, CancelCommandRequest, CancelCommandResult,
    errors::{DUPLICATE_INSTANCE_ID, INVALID_COMMAND_ID, INVALID_INSTANCE_ID},
};
use muster_store::{Batch, command, invocation};
use std::collections::BTreeSet;

/// Invocations cancelled in one batch.
const BATCH: usize = 500;

impl Handle<CancelCommand> for ControlPlane {
    const ACCESS: Access<CancelCommandRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CancelCommandRequest,
    ) -> Result<CancelCommandResult, ApiError> {
        let unknown =
            || ApiError::new(&INVALID_COMMAND_ID, format!("Command id {} does not exist.", input.command_id));
        let id = command_id(&input.command_id)?;
        let row = command::find(&self.db, &context.tenant, &id).await?.ok_or_else(unknown)?;
        let some = self.named(context, &id, input.instance_ids.as_deref().unwrap_or_default()).await?;
        if row.finished_ms.is_some() {
            return Ok(CancelCommandResult {});
        }
        let whole = some.is_none();
        let nodes = match some {
            Some(nodes) => nodes,
            None => invocation::unfinished_nodes(&self.db, &id).await?,
        };
        // The whole command is cancelled: nothing more is released from here on, whatever ends meanwhile.
        let mut batch = match whole {
            true => command::request_cancel(&context.tenant, &id, context.now_ms),
            false => Batch::new(),
        };
        for (index, node) in nodes.iter().enumerate() {
            let cancel_id = CommandId::random();
            batch.append(invocation::cancel_undelivered(&id, node, &cancel_id, context.now_ms));
            batch.append(invocation::request_cancel(&id, node, &cancel_id));
            if index % BATCH == BATCH - 1 {
                self.db.write(std::mem::take(&mut batch)).await?;
            }
        }
        self.db.write(batch).await?;
        self.bus.publish(Notice::NodesHaveWork(nodes.into()));
        self.bus.publish(Notice::CommandChanged(id));
        Ok(CancelCommandResult {})
    }
}

impl ControlPlane {
    /// The nodes that the caller named, if any; each must be one of the command's, and named once.
    async fn named(
        &self,
        context: &RequestContext,
        command: &CommandId,
        ids: &[String],
    ) -> Result<Option<Vec<ManagedNodeId>>, ApiError> {
        if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
            return Err(ApiError::new(&DUPLICATE_INSTANCE_ID, ""));
        }
        let mut nodes = Vec::with_capacity(ids.len());
        for id in ids {
            let node = node_id(id)?;
            if invocation::find(&self.db, &context.tenant, command, &node).await?.is_none() {
                return Err(ApiError::new(
                    &INVALID_INSTANCE_ID,
                    format!("Instance {id} is not in the command {command}."),
                ));
            }
            nodes.push(node);
        }
        Ok(Some(nodes).filter(|nodes| !nodes.is_empty()))
    }
}
