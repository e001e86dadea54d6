//! `TagResource`: sets tags of a key; a tag that is there gets the new value.

use super::support::{action, tags};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{TagResource, TagResourceOutput, TagResourceRequest, errors::LIMIT_EXCEEDED_EXCEPTION};
use muster_store::{StoreError, kms::key, tag};

impl Handle<TagResource> for ControlPlane {
    const ACCESS: Access<TagResourceRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: TagResourceRequest,
    ) -> Result<TagResourceOutput, ApiError> {
        let action = action(context);
        let found = self.find_own_key(context, &action, &input.key_id).await?;
        let given = input.tags.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()));
        let requirement = self.key_requirement(context, &found, &action, None).await?.requesting_tags(given);
        self.permit_all(context, &found, &action, &[requirement]).await?;
        found.kept()?;
        let tags = tags(input.tags)?;
        let id = found.key.id.as_str();
        let resource = tag::Resource { tenant: &found.key.tenant, kind: key::TAG_KIND, id };
        let mut batch = key::hold(&found.key.id);
        batch.append(tag::put(resource, &tags, self.config.limits.tags_per_resource));
        match self.db.write(batch).await {
            Ok(_) => Ok(TagResourceOutput {}),
            Err(StoreError::Conflict { statement: 0 }) => Err(found.pending_deletion()),
            Err(StoreError::Conflict { .. }) => {
                Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, "Too many tags"))
            }
            Err(error) => Err(error.into()),
        }
    }
}
