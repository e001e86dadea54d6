//! `TagResource`: tags of a topic; a key that is there gets the new value.

use super::{
    create_topic::{TAG_QUOTA, checked, stored},
    topic::no_resource,
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_sns_api::{
    TagResource, TagResourceRequest, TagResourceResponse, errors::TAG_LIMIT_EXCEEDED_EXCEPTION,
};
use muster_store::{StoreError, sns::topic, tag};

impl Handle<TagResource> for ControlPlane {
    const ACCESS: Access<TagResourceRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: TagResourceRequest,
    ) -> Result<TagResourceResponse, ApiError> {
        let tags: Vec<tag::Tag> = input.tags.iter().map(stored).collect();
        let keys = |requirement: crate::authority::Requirement| requirement.requesting(&tags);
        let found =
            self.topic_for_with(context, "sns:TagResource", "ResourceArn", &input.resource_arn, keys).await?;
        let (name, Some(_)) = found else { return Err(no_resource()) };
        let tags = checked(tags)?;
        let mut batch = topic::require(&name.tenant, &name.name);
        let resource = topic::resource(&name.tenant, &name.name);
        batch.append(tag::put(resource, &tags, self.config.limits.tags_per_resource));
        match self.db.write(batch).await {
            Ok(_) => Ok(TagResourceResponse {}),
            Err(StoreError::Conflict { statement: 0 }) => Err(no_resource()),
            Err(StoreError::Conflict { .. }) => Err(ApiError::new(&TAG_LIMIT_EXCEEDED_EXCEPTION, TAG_QUOTA)),
            Err(error) => Err(error.into()),
        }
    }
}
