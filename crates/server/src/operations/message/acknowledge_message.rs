//! `AcknowledgeMessage`: the node has kept the job.

use super::{job_id, node_of};
use crate::{
    ControlPlane,
    channels::apply_acknowledgement,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle, denied},
    error::ApiError,
};
use muster_protocol::{
    agent_api::ec2messages::{AcknowledgeMessage, AcknowledgeMessageRequest, AcknowledgeMessageResult},
    message::AckCode,
};

impl Handle<AcknowledgeMessage> for ControlPlane {
    const ACCESS: Access<AcknowledgeMessageRequest> = Access::NodeSelf(|input| node_of(&input.message_id));

    async fn handle(
        &self,
        context: &RequestContext,
        input: AcknowledgeMessageRequest,
    ) -> Result<AcknowledgeMessageResult, ApiError> {
        let Principal::Node { node, .. } = &context.principal else { return Err(denied(context)) };
        let job = job_id(&input.message_id)?;
        apply_acknowledgement(self, node, job.as_str(), &AckCode::Successful, "").await?;
        Ok(AcknowledgeMessageResult {})
    }
}
