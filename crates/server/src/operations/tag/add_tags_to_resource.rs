//! `AddTagsToResource`: sets tags; a key that is there gets the new value.

use super::resource::{Taggable, no_such_resource, required};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain,
    error::ApiError,
};
use muster_ssm_api::{
    AddTagsToResource, AddTagsToResourceRequest, AddTagsToResourceResult, Tag, errors::TOO_MANY_TAGS_ERROR,
};
use muster_store::{StoreError, tag};

impl Handle<AddTagsToResource> for ControlPlane {
    const ACCESS: Access<AddTagsToResourceRequest> = Access::Policy(|context, input| {
        let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        vec![required(context, input.resource_type, &input.resource_id).requesting_tags(tags)]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: AddTagsToResourceRequest,
    ) -> Result<AddTagsToResourceResult, ApiError> {
        let tenant = &context.tenant;
        let target = Taggable::parse(input.resource_type, &input.resource_id)?;
        domain::tag::check_keys(input.tags.iter().map(|tag| tag.key.as_str()))
            .map_err(|error| ApiError::validation(error.to_string()))?;
        let tags: Vec<tag::Tag> =
            input.tags.into_iter().map(|Tag { key, value }| tag::Tag { key, value }).collect();
        let mut batch = target.guard(tenant);
        batch.append(tag::put(target.resource(tenant), &tags, self.config.limits.tags_per_resource));
        match self.db.write(batch).await {
            Ok(_) => Ok(AddTagsToResourceResult {}),
            Err(StoreError::Conflict { statement: 0 }) => Err(no_such_resource()),
            Err(StoreError::Conflict { .. }) => Err(ApiError::new(&TOO_MANY_TAGS_ERROR, "")),
            Err(error) => Err(error.into()),
        }
    }
}
