//! SNS: topics, subscriptions, messages. Rules and texts are in `domain/sns`; deliveries are made by background tasks.

mod add_permission;
mod confirm_subscription;
mod create_topic;
mod delete_topic;
mod get_subscription_attributes;
mod get_topic_attributes;
mod list_subscriptions;
mod list_subscriptions_by_topic;
mod list_tags_for_resource;
mod list_topics;
mod message;
mod publish;
mod publish_batch;
mod remove_permission;
mod set_subscription_attributes;
mod set_topic_attributes;
mod subscribe;
mod subscription;
mod tag_resource;
mod topic;
mod unsubscribe;
mod untag_resource;

use crate::{dispatch::Router, domain::sns::Invalid, error::ApiError};
use muster_sns_api::{
    AddPermission, ConfirmSubscription, CreateTopic, DeleteTopic, GetSubscriptionAttributes,
    GetTopicAttributes, ListSubscriptions, ListSubscriptionsByTopic, ListTagsForResource, ListTopics,
    Publish, PublishBatch, RemovePermission, SetSubscriptionAttributes, SetTopicAttributes, Subscribe,
    TagResource, Unsubscribe, UntagResource, errors::INVALID_PARAMETER_EXCEPTION,
};

/// Entries on a page of every list.
const PAGE: usize = 100;

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<AddPermission>()
        .on::<ConfirmSubscription>()
        .on::<CreateTopic>()
        .on::<DeleteTopic>()
        .on::<GetSubscriptionAttributes>()
        .on::<GetTopicAttributes>()
        .on::<ListSubscriptions>()
        .on::<ListSubscriptionsByTopic>()
        .on::<ListTagsForResource>()
        .on::<ListTopics>()
        .on::<Publish>()
        .on::<PublishBatch>()
        .on::<RemovePermission>()
        .on::<SetSubscriptionAttributes>()
        .on::<SetTopicAttributes>()
        .on::<Subscribe>()
        .on::<TagResource>()
        .on::<Unsubscribe>()
        .on::<UntagResource>()
}

impl From<Invalid> for ApiError {
    fn from(Invalid(text): Invalid) -> Self {
        Self::new(&INVALID_PARAMETER_EXCEPTION, text)
    }
}

/// `InvalidParameter` with AWS's opening words.
fn invalid(what: impl std::fmt::Display) -> ApiError {
    ApiError::new(&INVALID_PARAMETER_EXCEPTION, format!("Invalid parameter: {what}"))
}

#[cfg(test)]
mod tests;
