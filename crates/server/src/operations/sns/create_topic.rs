//! `CreateTopic`: makes a topic, or finds the one that is there. It is an error only if that one has other attributes or
//! tags than were asked for.

use super::invalid;
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        self,
        sns::{
            arn::{TopicName, is_name},
            topic_attribute,
        },
    },
    error::ApiError,
};
use muster_sns_api::{
    CreateTopic, CreateTopicInput, CreateTopicResponse, Tag,
    errors::{TAG_LIMIT_EXCEEDED_EXCEPTION, TOPIC_LIMIT_EXCEEDED_EXCEPTION},
};
use muster_store::{
    StoreError,
    sns::topic::{self, Topic},
    tag,
};

impl Handle<CreateTopic> for ControlPlane {
    const ACCESS: Access<CreateTopicInput> = Access::Policy(|context, input| {
        let arn = crate::arn::of("sns", &context.tenant, &input.name);
        let tags: Vec<tag::Tag> = input.tags.iter().flatten().map(stored).collect();
        let create = Requirement::on(context, arn.clone()).requesting(&tags);
        if tags.is_empty() {
            return vec![create];
        }
        vec![create, Requirement::of(context, "sns:TagResource", arn).requesting(&tags)]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateTopicInput,
    ) -> Result<CreateTopicResponse, ApiError> {
        if input.attributes.iter().flatten().any(|(name, value)| name == "FifoTopic" && value == "true") {
            return Err(invalid("Attributes Reason: FifoTopic Reason: this server has no FIFO topics"));
        }
        if !is_name(&input.name) {
            return Err(invalid("Topic Name"));
        }
        if input.data_protection_policy.is_some() {
            return Err(invalid("DataProtectionPolicy Reason: this server does not inspect messages"));
        }
        let attributes = topic_attribute::check_all(&input.attributes.unwrap_or_default())?;
        let tags = checked(input.tags.unwrap_or_default().iter().map(stored).collect())?;
        if tags.len() > self.config.limits.tags_per_resource {
            return Err(ApiError::new(&TAG_LIMIT_EXCEEDED_EXCEPTION, TAG_QUOTA));
        }
        let name = TopicName { tenant: context.tenant.clone(), name: input.name };
        let answer = CreateTopicResponse { topic_arn: Some(name.arn()) };
        if let Some(found) = topic::find(&self.db, &name.tenant, &name.name).await? {
            return self.check_same(&found, &attributes, &tags).await.map(|()| answer);
        }
        let row = Topic {
            tenant: name.tenant,
            name: name.name,
            attributes: attributes.clone(),
            version: 1,
            subscriptions_deleted: 0,
            created_ms: context.now_ms,
        };
        match self.db.write(topic::insert(&row, &tags, self.config.notifications.topics)?).await {
            Ok(_) => Ok(answer),
            Err(StoreError::Duplicate { .. }) => {
                // Made by another call at this moment.
                match topic::find(&self.db, &row.tenant, &row.name).await? {
                    Some(found) => self.check_same(&found, &attributes, &tags).await.map(|()| answer),
                    None => Ok(answer),
                }
            }
            Err(StoreError::Conflict { statement: 0 }) => {
                Err(ApiError::new(&TOPIC_LIMIT_EXCEEDED_EXCEPTION, "Topic limit exceeded"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// AWS's words for too many tags.
pub(super) const TAG_QUOTA: &str = "Could not complete request: tag quota of per resource exceeded";

/// A tag as it is stored.
pub(super) fn stored(tag: &Tag) -> tag::Tag {
    tag::Tag { key: tag.key.clone(), value: tag.value.clone() }
}

/// Checks the keys of tags.
pub(super) fn checked(mut tags: Vec<tag::Tag>) -> Result<Vec<tag::Tag>, ApiError> {
    domain::tag::check_keys(tags.iter().map(|tag| tag.key.as_str())).map_err(invalid)?;
    tags.sort();
    if tags.windows(2).any(|pair| matches!(pair, [one, other] if one.key == other.key)) {
        return Err(invalid("Duplicated keys are not allowed."));
    }
    Ok(tags)
}

impl ControlPlane {
    async fn check_same(
        &self,
        found: &Topic,
        attributes: &muster_store::sns::Attributes,
        tags: &[tag::Tag],
    ) -> Result<(), ApiError> {
        if attributes.iter().any(|(name, value)| found.attributes.get(name) != Some(value)) {
            return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
        }
        let known = tag::of_resource(&self.db, topic::resource(&found.tenant, &found.name)).await?;
        if !tags.iter().all(|tag| known.contains(tag)) {
            return Err(invalid("Tags Reason: Topic already exists with different tags"));
        }
        Ok(())
    }
}
