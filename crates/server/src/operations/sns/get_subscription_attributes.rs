//! `GetSubscriptionAttributes`: of a subscription that the caller's account made, or to a topic of it.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::sns::subscription_attribute,
    error::ApiError,
};
use muster_sns_api::{
    GetSubscriptionAttributes, GetSubscriptionAttributesInput, GetSubscriptionAttributesResponse,
};
use muster_store::sns::topic;

impl Handle<GetSubscriptionAttributes> for ControlPlane {
    const ACCESS: Access<GetSubscriptionAttributesInput> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetSubscriptionAttributesInput,
    ) -> Result<GetSubscriptionAttributesResponse, ApiError> {
        let row = self.own_subscription(context, &input.subscription_arn).await?;
        let topic = topic::find(&self.db, &row.tenant, &row.topic).await?;
        let policy = topic.as_ref().and_then(|topic| topic.attributes.get("DeliveryPolicy"));
        let all = subscription_attribute::describe(&row, policy.map(String::as_str));
        Ok(GetSubscriptionAttributesResponse { attributes: Some(all) })
    }
}
