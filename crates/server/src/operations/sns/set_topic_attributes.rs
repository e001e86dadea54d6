//! `SetTopicAttributes`: one attribute; an empty value takes it away.

use super::topic::no_topic;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::sns::topic_attribute,
    error::ApiError,
};
use muster_sns_api::{SetTopicAttributes, SetTopicAttributesInput, SetTopicAttributesOutput};

impl Handle<SetTopicAttributes> for ControlPlane {
    const ACCESS: Access<SetTopicAttributesInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: SetTopicAttributesInput,
    ) -> Result<SetTopicAttributesOutput, ApiError> {
        let found = self.topic_for(context, "sns:SetTopicAttributes", "TopicArn", &input.topic_arn).await?;
        let (_, Some(topic)) = found else { return Err(no_topic()) };
        let name = &input.attribute_name;
        let value = topic_attribute::check(name, input.attribute_value.as_deref().unwrap_or_default())?;
        self.change_topic(topic, |topic| {
            match &value {
                Some(value) => topic.attributes.insert(name.clone(), value.clone()),
                None => topic.attributes.remove(name),
            };
            Ok(())
        })
        .await?;
        Ok(SetTopicAttributesOutput {})
    }
}
