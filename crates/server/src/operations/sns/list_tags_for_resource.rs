//! `ListTagsForResource`: all tags of a topic, by key.

use super::topic::no_resource;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_sns_api::{ListTagsForResource, ListTagsForResourceRequest, ListTagsForResourceResponse, Tag};
use muster_store::{sns::topic, tag};

impl Handle<ListTagsForResource> for ControlPlane {
    const ACCESS: Access<ListTagsForResourceRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListTagsForResourceRequest,
    ) -> Result<ListTagsForResourceResponse, ApiError> {
        let action = "sns:ListTagsForResource";
        let found = self.topic_for(context, action, "ResourceArn", &input.resource_arn).await?;
        let (name, Some(_)) = found else { return Err(no_resource()) };
        let tags = tag::of_resource(&self.db, topic::resource(&name.tenant, &name.name)).await?;
        let tags = tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect();
        Ok(ListTagsForResourceResponse { tags: Some(tags) })
    }
}
