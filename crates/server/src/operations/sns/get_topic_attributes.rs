//! `GetTopicAttributes`.

use super::topic::no_topic;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::sns::topic_attribute,
    error::ApiError,
};
use muster_sns_api::{GetTopicAttributes, GetTopicAttributesInput, GetTopicAttributesResponse};
use muster_store::sns::topic;

impl Handle<GetTopicAttributes> for ControlPlane {
    const ACCESS: Access<GetTopicAttributesInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetTopicAttributesInput,
    ) -> Result<GetTopicAttributesResponse, ApiError> {
        let found = self.topic_for(context, "sns:GetTopicAttributes", "TopicArn", &input.topic_arn).await?;
        let (name, Some(topic)) = found else { return Err(no_topic()) };
        let counts = topic::counts(&self.db, &name.tenant, &name.name).await?;
        let all = topic_attribute::describe(&name, &topic.attributes, counts, topic.subscriptions_deleted);
        Ok(GetTopicAttributesResponse { attributes: Some(all) })
    }
}
