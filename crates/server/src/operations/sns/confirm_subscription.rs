//! `ConfirmSubscription`: whoever has the token owns the endpoint, so no signature is needed. Confirming twice is no
//! error. The token of an `UnsubscribeConfirmation` makes the subscription again.

use super::{ApiError, invalid};
use crate::{
    ControlPlane,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle},
    domain::sns::arn,
    notify::{Confirmation, Restored},
};
use muster_sns_api::{
    ConfirmSubscription, ConfirmSubscriptionInput, ConfirmSubscriptionResponse,
    errors::AUTHORIZATION_ERROR_EXCEPTION,
};
use muster_store::{StoreError, sns::subscription};

impl Handle<ConfirmSubscription> for ControlPlane {
    const ACCESS: Access<ConfirmSubscriptionInput> = Access::Anonymous;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ConfirmSubscriptionInput,
    ) -> Result<ConfirmSubscriptionResponse, ApiError> {
        let anonymous = context.principal == Principal::Anonymous;
        let topic = arn::topic("Topic", &input.topic_arn).map_err(|_| invalid("Topic"))?;
        if !anonymous && topic.tenant.region != context.tenant.region {
            return Err(invalid("Topic"));
        }
        let authenticate = match input.authenticate_on_unsubscribe.as_deref() {
            None | Some("" | "false") => false,
            Some("true") if anonymous => {
                let text = "AuthenticateOnUnsubscribe needs a signed call";
                return Err(ApiError::new(&AUTHORIZATION_ERROR_EXCEPTION, text));
            }
            Some("true") => true,
            Some(_) => return Err(invalid("AuthenticateOnUnsubscribe")),
        };
        let not_ours = || ApiError::from(crate::domain::sns::Invalid("Invalid token".to_owned()));
        let Confirmation { id, restored, expires_ms } =
            Confirmation::open(&self.secrets, &input.token).ok_or_else(not_ours)?;
        let answer = ConfirmSubscriptionResponse {
            subscription_arn: Some(arn::of_subscription(&topic.tenant, &topic.name, &id)),
        };
        let row = subscription::find(&self.db, &id).await?;
        match row {
            Some(row) if row.tenant != topic.tenant || row.topic != topic.name => Err(invalid("Token")),
            Some(row) if row.expires_ms.is_none() => Ok(answer),
            Some(_) => {
                let batch = subscription::confirm(&id, !anonymous, authenticate, context.now_ms);
                match self.db.write(batch).await {
                    Ok(_) => Ok(answer),
                    Err(StoreError::Conflict { .. }) => self.confirmed_meanwhile(&id).await.map(|()| answer),
                    Err(error) => Err(error.into()),
                }
            }
            None => match restored.filter(|_| expires_ms > context.now_ms) {
                Some(restored) => self.restore(context, restored, &topic).await.map(|()| answer),
                None => Err(invalid("Token")),
            },
        }
    }
}

impl ControlPlane {
    /// Whether another call confirmed it at the same moment; else its time was over.
    async fn confirmed_meanwhile(&self, id: &str) -> Result<(), ApiError> {
        let row = subscription::find(&self.db, id).await?;
        match row.is_some_and(|row| row.expires_ms.is_none()) {
            true => Ok(()),
            false => Err(invalid("Token")),
        }
    }

    async fn restore(
        &self,
        context: &RequestContext,
        restored: Restored,
        topic: &arn::TopicName,
    ) -> Result<(), ApiError> {
        let row = restored.subscription(context.now_ms);
        if row.tenant != topic.tenant || row.topic != topic.name {
            return Err(invalid("Token"));
        }
        let limit = self.config.notifications.subscriptions_per_topic;
        match self.db.write(subscription::insert(&row, limit)?).await {
            // There again already, by another way.
            Ok(_) | Err(StoreError::Duplicate { .. }) => Ok(()),
            Err(StoreError::Conflict { .. }) => Err(invalid("Token")),
            Err(error) => Err(error.into()),
        }
    }
}
