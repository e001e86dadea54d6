//! `DeleteMessage`: the node is done with a job that sends no reply; for the outbox the same as acknowledged.

use super::{job_id, node_of};
use crate::{
    ControlPlane,
    channels::apply_acknowledgement,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle, denied},
    error::ApiError,
};
use muster_protocol::{
    agent_api::ec2messages::{DeleteMessage, DeleteMessageRequest, DeleteMessageResult},
    message::AckCode,
};

impl Handle<DeleteMessage> for ControlPlane {
    const ACCESS: Access<DeleteMessageRequest> = Access::NodeSelf(|input| node_of(&input.message_id));

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteMessageRequest,
    ) -> Result<DeleteMessageResult, ApiError> {
        let Principal::Node { node, .. } = &context.principal else { return Err(denied(context)) };
        let job = job_id(&input.message_id)?;
        apply_acknowledgement(self, node, job.as_str(), &AckCode::Successful, "").await?;
        Ok(DeleteMessageResult {})
    }
}
