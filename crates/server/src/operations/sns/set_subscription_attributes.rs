//! `SetSubscriptionAttributes`: one attribute; an empty value takes it away.

use super::subscription::no_subscription;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::sns::subscription_attribute,
    error::ApiError,
};
use muster_sns_api::{
    SetSubscriptionAttributes, SetSubscriptionAttributesInput, SetSubscriptionAttributesOutput,
};
use muster_store::{StoreError, sns::subscription};

impl Handle<SetSubscriptionAttributes> for ControlPlane {
    const ACCESS: Access<SetSubscriptionAttributesInput> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: SetSubscriptionAttributesInput,
    ) -> Result<SetSubscriptionAttributesOutput, ApiError> {
        let value = input.attribute_value.as_deref().unwrap_or_default();
        let mut row = self.own_subscription(context, &input.subscription_arn).await?;
        loop {
            subscription_attribute::set(&mut row.attributes, &input.attribute_name, value)?;
            match self.db.write(subscription::set_attributes(&row)?).await {
                Ok(_) => return Ok(SetSubscriptionAttributesOutput {}),
                Err(StoreError::Conflict { .. }) => {
                    row = subscription::find(&self.db, &row.id).await?.ok_or_else(no_subscription)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
