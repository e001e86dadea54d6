//! `Unsubscribe`: ends a subscription, and what was still to be sent to it. The endpoint's owner may do so unsigned, by the
//! URL that stands in every message, unless the subscription was confirmed otherwise. HTTP endpoints are told when it
//! was a signed call.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle},
    domain::sns::{arn, message::Message},
    error::ApiError,
    notify::Restored,
};
use muster_bus::Notice;
use muster_sns_api::{
    Unsubscribe, UnsubscribeInput, UnsubscribeOutput, errors::AUTHORIZATION_ERROR_EXCEPTION,
};
use muster_store::{
    Batch, StoreError,
    delivery::{Kind, NewDelivery},
    event,
    sns::subscription::{self, Subscription},
};
use uuid::Uuid;

impl Handle<Unsubscribe> for ControlPlane {
    const ACCESS: Access<UnsubscribeInput> = Access::Anonymous;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UnsubscribeInput,
    ) -> Result<UnsubscribeOutput, ApiError> {
        let anonymous = context.principal == Principal::Anonymous;
        if !anonymous {
            self.authorise(context, &[Requirement::anything(context)]).await?;
        }
        // One that is not there does not matter.
        let Some(row) = self.find_subscription(&input.subscription_arn).await? else {
            return Ok(UnsubscribeOutput {});
        };
        let caller = &context.tenant;
        let allowed = match anonymous {
            true => !row.authenticate_on_unsubscribe,
            false => row.owner == caller.account || row.tenant.account == caller.account,
        };
        if !allowed {
            let text = "Only the owner of the subscription or of the topic may end it, by a signed call";
            return Err(ApiError::new(&AUTHORIZATION_ERROR_EXCEPTION, text));
        }
        let mut batch = subscription::delete(&row);
        let tell =
            !anonymous && row.expires_ms.is_none() && matches!(row.protocol.as_str(), "http" | "https");
        if tell {
            batch.append(farewell(&row, context.now_ms));
        }
        match self.db.write(batch).await {
            Ok(_) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if tell {
            self.bus.publish(Notice::DeliveriesWaiting);
        }
        Ok(UnsubscribeOutput {})
    }
}

/// The message that tells the endpoint, and how to undo it.
fn farewell(row: &Subscription, now_ms: i64) -> Batch {
    let arn = arn::of_subscription(&row.tenant, &row.topic, &row.id);
    let message = Message {
        text: format!(
            "You have chosen to deactivate subscription {arn}.\nTo cancel this operation and restore the subscription, \
             visit the SubscribeURL included in this message."
        ),
        request: serde_json::to_value(Restored::of(row)).ok(),
        ..Message::default()
    };
    let topic = arn::TopicName { tenant: row.tenant.clone(), name: row.topic.clone() };
    let waiting = super::message::waiting(&Uuid::new_v4().to_string(), &topic, &message, now_ms);
    let lane = row.lane();
    let kind = Kind::UnsubscribeConfirmation;
    event::insert_for(&waiting, &NewDelivery { kind, lane: &lane, destination: &row.endpoint })
}
