//! `DeleteTopic`: ends a topic with its subscriptions, and what was still to be sent to them. One that is not there does
//! not matter.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_sns_api::{DeleteTopic, DeleteTopicInput, DeleteTopicOutput};
use muster_store::sns::topic;

impl Handle<DeleteTopic> for ControlPlane {
    const ACCESS: Access<DeleteTopicInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteTopicInput,
    ) -> Result<DeleteTopicOutput, ApiError> {
        let (name, topic) = self.topic_for(context, "sns:DeleteTopic", "TopicArn", &input.topic_arn).await?;
        if topic.is_some() {
            self.db.write(topic::delete(&name.tenant, &name.name)).await?;
        }
        Ok(DeleteTopicOutput {})
    }
}
