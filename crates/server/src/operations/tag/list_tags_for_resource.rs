//! `ListTagsForResource`: all tags of a resource, by key. The operation has no pages.

use super::resource::{Taggable, no_such_resource, required};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ssm_api::{ListTagsForResource, ListTagsForResourceRequest, ListTagsForResourceResult, Tag};
use muster_store::tag;

impl Handle<ListTagsForResource> for ControlPlane {
    const ACCESS: Access<ListTagsForResourceRequest> =
        Access::Policy(|context, input| vec![required(context, input.resource_type, &input.resource_id)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListTagsForResourceRequest,
    ) -> Result<ListTagsForResourceResult, ApiError> {
        let tenant = &context.tenant;
        let target = Taggable::parse(input.resource_type, &input.resource_id)?;
        let tags = tag::of_resource(&self.db, target.resource(tenant)).await?;
        // Tags go with their resource, so only an empty list leaves the question open.
        if tags.is_empty() && !target.exists(&self.db, tenant).await? {
            return Err(no_such_resource());
        }
        let tags = tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect();
        Ok(ListTagsForResourceResult { tag_list: Some(tags) })
    }
}
