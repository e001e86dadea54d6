//! `SendReply`: how a command goes, as on the control channel.

use super::{job_id, node_of};
use crate::{
    ControlPlane,
    channels::apply_reply,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle, denied},
    error::ApiError,
};
use muster_protocol::{
    agent_api::ec2messages::{SendReply, SendReplyRequest, SendReplyResult},
    message::{ReplyContent, read},
};

impl Handle<SendReply> for ControlPlane {
    const ACCESS: Access<SendReplyRequest> = Access::NodeSelf(|input| node_of(&input.message_id));

    async fn handle(
        &self,
        context: &RequestContext,
        input: SendReplyRequest,
    ) -> Result<SendReplyResult, ApiError> {
        let Principal::Node { node, .. } = &context.principal else { return Err(denied(context)) };
        let job = job_id(&input.message_id)?;
        match read::<ReplyContent>(input.payload.expose().as_bytes()) {
            Ok(reply) => apply_reply(self, &context.tenant, node, job.as_str(), &reply).await?,
            // It will not read better the next time, and a node sends no later reply before this one is taken.
            Err(error) => {
                tracing::warn!(%node, job = %job, %error, "a reply that cannot be read was dropped")
            }
        }
        Ok(SendReplyResult {
            description: None,
            message_id: Some(input.message_id),
            reply_id: Some(input.reply_id),
            reply_status: Some("Acknowledged".to_owned()),
        })
    }
}
