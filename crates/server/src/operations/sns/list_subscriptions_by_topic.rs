//! `ListSubscriptionsByTopic`: a hundred on a page.

use super::{
    subscription::view,
    topic::{no_topic, page_of, page_rows, position},
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_sns_api::{
    ListSubscriptionsByTopic, ListSubscriptionsByTopicInput, ListSubscriptionsByTopicResponse,
};
use muster_store::sns::subscription;

impl Handle<ListSubscriptionsByTopic> for ControlPlane {
    const ACCESS: Access<ListSubscriptionsByTopicInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListSubscriptionsByTopicInput,
    ) -> Result<ListSubscriptionsByTopicResponse, ApiError> {
        let action = "sns:ListSubscriptionsByTopic";
        let (name, topic) = self.topic_for(context, action, "TopicArn", &input.topic_arn).await?;
        if topic.is_none() {
            return Err(no_topic());
        }
        let after: Option<String> = position(self, context, input.next_token.as_deref())?;
        let rows =
            subscription::of_topic(&self.db, &name.tenant, &name.name, after.as_deref(), page_rows()).await?;
        let (rows, next_token) = page_of(self, context, rows, |row| row.id.clone());
        let subscriptions = Some(rows.into_iter().map(view).collect());
        Ok(ListSubscriptionsByTopicResponse { subscriptions, next_token })
    }
}
