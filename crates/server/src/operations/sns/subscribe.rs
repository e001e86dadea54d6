//! `Subscribe`: an HTTP endpoint is asked to confirm, and gets nothing before it did. Subscribing it again asks it again, or
//! finds the subscription that is there.

use super::{invalid, topic::no_topic};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::sns::{arn, message::Message, subscription_attribute},
    error::ApiError,
    notify::CONFIRM_WITHIN_MS,
};
use http::Uri;
use muster_bus::Notice;
use muster_sns_api::{
    Subscribe, SubscribeInput, SubscribeResponse, errors::SUBSCRIPTION_LIMIT_EXCEEDED_EXCEPTION,
};
use muster_store::{
    Batch, StoreError,
    delivery::{Kind, NewDelivery},
    event,
    sns::subscription::{self, Subscription},
};
use uuid::Uuid;

/// What AWS delivers to, beside HTTP.
const ELSEWHERE: [&str; 7] = ["email", "email-json", "sms", "sqs", "application", "lambda", "firehose"];
const FILE: &str = "file";

impl Handle<Subscribe> for ControlPlane {
    const ACCESS: Access<SubscribeInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: SubscribeInput,
    ) -> Result<SubscribeResponse, ApiError> {
        let endpoint = input.endpoint.clone().unwrap_or_default();
        let keys = |requirement: crate::authority::Requirement| {
            requirement.key("sns:Protocol", input.protocol.as_str()).key("sns:Endpoint", endpoint.as_str())
        };
        let found = self.topic_for_with(context, "sns:Subscribe", "TopicArn", &input.topic_arn, keys).await?;
        self.check_endpoint(&input.protocol, &endpoint)?;
        let given = input.attributes.unwrap_or_default();
        let attributes = subscription_attribute::check_all(&given)?;
        let (name, Some(_)) = found else { return Err(no_topic()) };

        let owner = &context.tenant.account;
        let mut row = Subscription {
            id: Uuid::new_v4().to_string(),
            tenant: name.tenant.clone(),
            topic: name.name.clone(),
            owner: owner.clone(),
            principal_arn: context.principal.arn(),
            protocol: input.protocol,
            endpoint,
            expires_ms: Some(context.now_ms + CONFIRM_WITHIN_MS),
            authenticated: false,
            authenticate_on_unsubscribe: false,
            attributes,
            version: 1,
            created_ms: context.now_ms,
        };
        if row.protocol == FILE {
            (row.expires_ms, row.authenticated) = (None, true);
        }
        let limit = self.config.notifications.subscriptions_per_topic;
        let mut batch = subscription::insert(&row, limit)?;
        batch.append(confirmation(&row, context.now_ms));
        let row = match self.db.write(batch).await {
            Ok(_) => row,
            Err(StoreError::Duplicate { .. }) => {
                self.subscribed_before(context, row, !given.is_empty()).await?
            }
            Err(StoreError::Conflict { statement: 0 }) => return Err(no_topic()),
            Err(StoreError::Conflict { statement: 1 }) => {
                let text = "Subscription limit exceeded";
                return Err(ApiError::new(&SUBSCRIPTION_LIMIT_EXCEEDED_EXCEPTION, text));
            }
            Err(error) => return Err(error.into()),
        };
        self.bus.publish(Notice::DeliveriesWaiting);
        let show = row.expires_ms.is_none() || input.return_subscription_arn == Some(true);
        let arn = match show {
            true => arn::of_subscription(&row.tenant, &row.topic, &row.id),
            false => "pending confirmation".to_owned(),
        };
        Ok(SubscribeResponse { subscription_arn: Some(arn) })
    }
}

/// The message that asks the endpoint, if it must be asked.
fn confirmation(row: &Subscription, now_ms: i64) -> Batch {
    if row.expires_ms.is_none() {
        return Batch::new();
    }
    let topic_arn = crate::arn::of("sns", &row.tenant, &row.topic);
    let message = Message {
        text: format!(
            "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the SubscribeURL \
             included in this message."
        ),
        ..Message::default()
    };
    let id = Uuid::new_v4().to_string();
    let topic = arn::TopicName { tenant: row.tenant.clone(), name: row.topic.clone() };
    let waiting = super::message::waiting(&id, &topic, &message, now_ms);
    let lane = row.lane();
    let kind = Kind::SubscriptionConfirmation;
    event::insert_for(&waiting, &NewDelivery { kind, lane: &lane, destination: &row.endpoint })
}

impl ControlPlane {
    fn check_endpoint(&self, protocol: &str, endpoint: &str) -> Result<(), ApiError> {
        let files = self.config.notifications.file_sink_dir.is_some();
        match protocol {
            "http" | "https" if endpoint.is_empty() => {
                Err(invalid("Endpoint Reason: no value for required parameter"))
            }
            "http" | "https" => {
                let uri = endpoint.parse::<Uri>().ok();
                let scheme = uri.as_ref().and_then(Uri::scheme_str);
                let has_host = uri.as_ref().and_then(Uri::host).is_some_and(|host| !host.is_empty());
                match scheme {
                    Some(scheme) if scheme == protocol && has_host => Ok(()),
                    Some("http" | "https") if has_host => {
                        Err(invalid("Endpoint must match the specified protocol"))
                    }
                    _ => Err(invalid("Endpoint")),
                }
            }
            FILE if files && is_file_name(endpoint) => Ok(()),
            FILE if files => Err(invalid("Endpoint Reason: must be the name of a file")),
            known if ELSEWHERE.contains(&known) => Err(invalid(format_args!(
                "Protocol Reason: this server delivers to http and https endpoints, not by {known}"
            ))),
            other => Err(invalid(format_args!("Amazon SNS does not support this protocol string: {other}"))),
        }
    }

    /// The subscription that the account has for the endpoint already. One that waits is asked again.
    async fn subscribed_before(
        &self,
        context: &RequestContext,
        row: Subscription,
        compare: bool,
    ) -> Result<Subscription, ApiError> {
        let Subscription { tenant, topic, protocol, endpoint, owner, .. } = &row;
        let found = subscription::of_endpoint(&self.db, tenant, topic, protocol, endpoint, owner).await?;
        // Ended at this very moment: the caller's next attempt makes it.
        let found = found.ok_or_else(|| invalid("Endpoint Reason: the subscription was just ended"))?;
        if compare && found.attributes != row.attributes {
            let text = "Attributes Reason: Subscription already exists with different attributes";
            return Err(invalid(text));
        }
        if found.expires_ms.is_some() {
            self.db.write(confirmation(&found, context.now_ms)).await?;
        }
        Ok(found)
    }
}

/// A name in the folder of files, and no way out of it.
fn is_file_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
