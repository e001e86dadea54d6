//! `Publish`: a message to a topic. It is durable when the call returns; its deliveries follow.

use super::{
    invalid,
    message::{Draft, waiting},
    topic::no_topic,
};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_bus::Notice;
use muster_sns_api::{Publish, PublishInput, PublishResponse};
use muster_store::event;
use uuid::Uuid;

impl Handle<Publish> for ControlPlane {
    const ACCESS: Access<PublishInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PublishInput,
    ) -> Result<PublishResponse, ApiError> {
        let (parameter, arn) = match (input.topic_arn, input.target_arn) {
            (Some(arn), None) => ("TopicArn", arn),
            (None, Some(arn)) => ("TargetArn", arn),
            (None, None) if input.phone_number.is_some() => {
                self.authorise(context, &[Requirement::anything(context)]).await?;
                return Err(invalid("PhoneNumber Reason: this server sends no SMS"));
            }
            (topic, _) => {
                self.authorise(context, &[Requirement::anything(context)]).await?;
                return Err(match topic {
                    Some(_) => invalid("Exactly one of TopicArn and TargetArn must be given"),
                    None => invalid("TopicArn or TargetArn Reason: no value for required parameter"),
                });
            }
        };
        if parameter == "TargetArn" && arn.split(':').nth(5).is_some_and(|name| name.contains('/')) {
            self.authorise(context, &[Requirement::of(context, "sns:Publish", arn.as_str())]).await?;
            return Err(invalid("TargetArn Reason: No endpoint found for the target arn specified"));
        }
        let (name, topic) = self.topic_for(context, "sns:Publish", parameter, &arn).await?;
        let draft = Draft {
            text: input.message,
            subject: input.subject,
            structure: input.message_structure,
            attributes: input.message_attributes,
            deduplication_id: input.message_deduplication_id,
        };
        let message = draft.check(self.config.notifications.message_bytes)?;
        if topic.is_none() {
            return Err(no_topic());
        }
        let id = Uuid::new_v4().to_string();
        let written = self.db.write(event::publish(&waiting(&id, &name, &message, context.now_ms))).await?;
        if written.iter().any(|rows| !rows.is_empty()) {
            self.bus.publish(Notice::EventsWaiting);
        }
        Ok(PublishResponse { message_id: Some(id), sequence_number: None })
    }
}
