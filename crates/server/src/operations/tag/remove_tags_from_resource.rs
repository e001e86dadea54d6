//! `RemoveTagsFromResource`: removes tags by their keys; keys that are not there do not matter.

use super::resource::{Taggable, no_such_resource};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain,
    error::ApiError,
};
use muster_ssm_api::{RemoveTagsFromResource, RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult};
use muster_store::{StoreError, tag};

impl Handle<RemoveTagsFromResource> for ControlPlane {
    const ACCESS: Access<RemoveTagsFromResourceRequest> = Access::Operator;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RemoveTagsFromResourceRequest,
    ) -> Result<RemoveTagsFromResourceResult, ApiError> {
        let tenant = &context.tenant;
        let target = Taggable::parse(input.resource_type, &input.resource_id)?;
        domain::tag::check_keys(input.tag_keys.iter().map(String::as_str))
            .map_err(|error| ApiError::validation(error.to_string()))?;
        let mut batch = target.guard(tenant);
        batch.append(tag::remove(target.resource(tenant), &input.tag_keys));
        match self.db.write(batch).await {
            Ok(_) => Ok(RemoveTagsFromResourceResult {}),
            Err(StoreError::Conflict { .. }) => Err(no_such_resource()),
            Err(error) => Err(error.into()),
        }
    }
}
