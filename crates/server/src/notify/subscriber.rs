//! A message to a subscriber: a notification, or a request to confirm.

use super::{CONFIRM_WITHIN_MS, Confirmation, Failure, Outcome, Restored, call::Refusal, sign::Key};
use crate::{
    ControlPlane,
    domain::sns::{
        arn,
        delivery_policy::Effective,
        message::{Envelope, Message, Signed},
        subscription_attribute,
    },
};
use muster_store::{
    StoreError,
    delivery::{Claimed, Kind},
    event::Waiting,
    sns::{
        subscription::{self, Subscription},
        topic::{self, Topic},
    },
};
use std::collections::BTreeMap;
use tokio::io::AsyncWriteExt as _;

const USER_AGENT: &str = "Amazon Simple Notification Service Agent";
/// AWS's bound for all retries of a message, with some time for the attempts themselves.
const LONGEST_MS: i64 = 2 * 3_600_000;

/// One message on its way to one subscriber.
struct Dispatch<'a> {
    delivery: &'a Claimed,
    event: &'a Waiting,
    topic: Topic,
    topic_arn: String,
    message: Message,
    effective: Effective,
}

impl ControlPlane {
    pub(super) async fn call_subscriber(
        &self,
        lane: &str,
        delivery: &Claimed,
        event: &Waiting,
    ) -> Result<Outcome, StoreError> {
        let id = lane.split_once('/').map_or("", |(_, id)| id);
        let name = event.topic.as_deref().unwrap_or_default();
        let Some(topic) = topic::find(&self.db, &event.tenant, name).await? else {
            return Ok(Outcome::Dropped);
        };
        let row = subscription::find(&self.db, id).await?;
        let message: Message =
            serde_json::from_str(&event.content).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let attribute = |row: &Option<Subscription>| {
            row.as_ref().and_then(|row| row.attributes.get("DeliveryPolicy").cloned())
        };
        let effective = Effective::new(
            topic.attributes.get("DeliveryPolicy").map(String::as_str),
            attribute(&row).as_deref(),
        );
        let topic_arn = crate::arn::of("sns", &event.tenant, name);
        let dispatch = Dispatch { delivery, event, topic, topic_arn, message, effective };
        let key = match self.message_key().await {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(cause = ?error.cause, "messages cannot be signed");
                return Err(StoreError::Unavailable("the key of messages".to_owned()));
            }
        };
        let waits = row.as_ref().is_some_and(|row| row.expires_ms.is_some());
        let sent = match (delivery.kind, &row) {
            (Kind::Notification, Some(row)) if !waits => self.notify(&dispatch, row, &key).await,
            (Kind::SubscriptionConfirmation, Some(row)) if waits => {
                let token = Confirmation::of(row).seal(&self.secrets);
                self.ask(&dispatch, id, &token, &key).await
            }
            (Kind::UnsubscribeConfirmation, None) => {
                let restored = dispatch
                    .message
                    .request
                    .clone()
                    .and_then(|it| serde_json::from_value::<Restored>(it).ok());
                let Some(restored) = restored else { return Ok(Outcome::Dropped) };
                let expires_ms = event.time_ms + CONFIRM_WITHIN_MS;
                self.ask(&dispatch, id, &Confirmation::again(restored, expires_ms).seal(&self.secrets), &key)
                    .await
            }
            _ => return Ok(Outcome::Dropped),
        };
        Ok(match sent {
            Ok(()) => Outcome::Delivered,
            Err(Refusal { error, transient, wait_ms }) => Outcome::Failed(Failure {
                error,
                transient,
                wait_ms,
                policy: dispatch.effective.retry_policy(),
                longest_ms: LONGEST_MS,
                message: dispatch.message.text,
            }),
        })
    }

    async fn notify(&self, dispatch: &Dispatch<'_>, row: &Subscription, key: &Key) -> Result<(), Refusal> {
        let Dispatch { event, message, topic_arn, .. } = dispatch;
        let text = message.text_for(&row.protocol);
        let subscription_arn = arn::of_subscription(&row.tenant, &row.topic, &row.id);
        let raw = subscription_attribute::is_raw(&row.attributes);
        let body = if raw {
            text.to_owned()
        } else {
            let envelope = Envelope {
                kind: Kind::Notification.as_str(),
                id: &event.id,
                topic_arn,
                time_ms: event.time_ms,
                subject: message.subject.as_deref(),
                text,
                confirmation: None,
            };
            let unsubscribe =
                format!("{}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}", self.config.base_url());
            self.signed(dispatch, &envelope, Some(&unsubscribe), &message.attributes, key)?
        };
        if row.protocol == "file" {
            return self.append(&row.endpoint, &body).await;
        }
        let mut headers = dispatch.headers();
        headers.push(("x-amz-sns-subscription-arn", subscription_arn));
        if raw {
            headers.push(("x-amz-sns-rawdelivery", "true".to_owned()));
        }
        self.post(&row.endpoint, USER_AGENT, &dispatch.effective.content_type, headers, body).await
    }

    /// Asks to confirm a subscription, or the end of one.
    async fn ask(&self, dispatch: &Dispatch<'_>, id: &str, token: &str, key: &Key) -> Result<(), Refusal> {
        let Dispatch { event, message, topic_arn, delivery, .. } = dispatch;
        let url = format!(
            "{}/?Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}",
            self.config.base_url()
        );
        let envelope = Envelope {
            kind: delivery.kind.as_str(),
            id: &event.id,
            topic_arn,
            time_ms: event.time_ms,
            subject: None,
            text: &message.text,
            confirmation: Some((token, &url)),
        };
        let body = self.signed(dispatch, &envelope, None, &BTreeMap::new(), key)?;
        let mut headers = dispatch.headers();
        if delivery.kind == Kind::UnsubscribeConfirmation {
            let of = arn::of_subscription(&event.tenant, &dispatch.topic.name, id);
            headers.push(("x-amz-sns-subscription-arn", of));
        }
        self.post(&delivery.destination, USER_AGENT, "text/plain; charset=UTF-8", headers, body).await
    }

    fn signed(
        &self,
        dispatch: &Dispatch<'_>,
        envelope: &Envelope<'_>,
        unsubscribe_url: Option<&str>,
        attributes: &BTreeMap<String, crate::domain::sns::message_attribute::Attribute>,
        key: &Key,
    ) -> Result<String, Refusal> {
        let version = dispatch.topic.attributes.get("SignatureVersion").map_or("1", String::as_str);
        let signature = key.sign(version, &envelope.string_to_sign()).map_err(|error| Refusal {
            error,
            transient: true,
            wait_ms: 0,
        })?;
        let certificate_url = format!("{}{}", self.config.base_url(), key.certificate_path());
        let signed = Signed { version, signature: &signature, certificate_url: &certificate_url };
        Ok(envelope.body(&signed, unsubscribe_url, attributes))
    }

    /// Appends a line to a file of the folder for development.
    async fn append(&self, name: &str, body: &str) -> Result<(), Refusal> {
        let refusal = |error: String| Refusal { error, transient: true, wait_ms: 0 };
        let Some(folder) = &self.config.notifications.file_sink_dir else {
            return Err(Refusal { transient: false, ..refusal("there is no folder for files".to_owned()) });
        };
        let line = format!("{}\n", body.replace('\n', " "));
        let write = async {
            let mut file =
                tokio::fs::OpenOptions::new().create(true).append(true).open(folder.join(name)).await?;
            file.write_all(line.as_bytes()).await?;
            file.flush().await
        };
        write.await.map_err(|error: std::io::Error| refusal(error.to_string()))
    }
}

impl Dispatch<'_> {
    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("x-amz-sns-message-type", self.delivery.kind.as_str().to_owned()),
            ("x-amz-sns-message-id", self.event.id.clone()),
            ("x-amz-sns-topic-arn", self.topic_arn.clone()),
        ]
    }
}
