//! `RemoveTagsFromResource`: removes tags by their keys; keys that are not there do not matter.

use super::resource::{Taggable, no_such_resource, required};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain,
    error::ApiError,
};
use muster_ssm_api::{RemoveTagsFromResource, RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult};
use muster_store::{StoreError, tag};
use std::collections::HashSet;

impl Handle<RemoveTagsFromResource> for ControlPlane {
    const ACCESS: Access<RemoveTagsFromResourceRequest> = Access::Policy(|context, input| {
        let resource = required(context, input.resource_type, &input.resource_id);
        vec![resource.requesting_tag_keys(input.tag_keys.clone())]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: RemoveTagsFromResourceRequest,
    ) -> Result<RemoveTagsFromResourceResult, ApiError> {
        let tenant = &context.tenant;
        let target = Taggable::parse(input.resource_type, &input.resource_id)?;
        domain::tag::check_keys(input.tag_keys.iter().map(String::as_str))
            .map_err(|error| ApiError::validation(error.to_string()))?;
        // The model sets no bound to the list, but a resource has few tags: only those need a statement.
        let present = tag::of_resource(&self.db, target.resource(tenant)).await?;
        let wanted: HashSet<String> = input.tag_keys.into_iter().collect();
        let keys: Vec<String> =
            present.into_iter().map(|tag| tag.key).filter(|key| wanted.contains(key)).collect();
        let mut batch = target.guard(tenant);
        batch.append(tag::remove(target.resource(tenant), &keys));
        match self.db.write(batch).await {
            Ok(_) => Ok(RemoveTagsFromResourceResult {}),
            Err(StoreError::Conflict { .. }) => Err(no_such_resource()),
            Err(error) => Err(error.into()),
        }
    }
}
