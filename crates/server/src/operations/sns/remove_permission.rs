//! `RemovePermission`: takes the statements of a label out of a topic's policy. A label that is not there does not matter.

use super::topic::no_topic;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::sns::permission,
    error::ApiError,
};
use muster_sns_api::{RemovePermission, RemovePermissionInput, RemovePermissionOutput};

impl Handle<RemovePermission> for ControlPlane {
    const ACCESS: Access<RemovePermissionInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RemovePermissionInput,
    ) -> Result<RemovePermissionOutput, ApiError> {
        let found = self.topic_for(context, "sns:RemovePermission", "TopicArn", &input.topic_arn).await?;
        let (_, Some(topic)) = found else { return Err(no_topic()) };
        self.change_topic(topic, |topic| {
            if let Some(policy) = topic.attributes.get_mut("Policy") {
                *policy = permission::remove(policy, &input.label);
            }
            Ok(())
        })
        .await?;
        Ok(RemovePermissionOutput {})
    }
}
