//! `FailMessage`: the node cannot do anything with the job, which fails.

use super::{job_id, node_of};
use crate::{
    ControlPlane,
    channels::apply_acknowledgement,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle, denied},
    error::ApiError,
};
use muster_protocol::{
    agent_api::ec2messages::{FailMessage, FailMessageRequest, FailMessageResult},
    message::AckCode,
};

impl Handle<FailMessage> for ControlPlane {
    const ACCESS: Access<FailMessageRequest> = Access::NodeSelf(|input| node_of(&input.message_id));

    async fn handle(
        &self,
        context: &RequestContext,
        input: FailMessageRequest,
    ) -> Result<FailMessageResult, ApiError> {
        let Principal::Node { node, .. } = &context.principal else { return Err(denied(context)) };
        let job = job_id(&input.message_id)?;
        let reason = input.failure_type.as_str();
        apply_acknowledgement(self, node, job.as_str(), &AckCode::InvalidDocument, reason).await?;
        Ok(FailMessageResult {})
    }
}
