//! `UntagResource`: removes tags of a key; those that are not there do not matter.

use super::support::action;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{UntagResource, UntagResourceOutput, UntagResourceRequest};
use muster_store::{kms::key, tag};

impl Handle<UntagResource> for ControlPlane {
    const ACCESS: Access<UntagResourceRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UntagResourceRequest,
    ) -> Result<UntagResourceOutput, ApiError> {
        let action = action(context);
        let found = self.find_own_key(context, &action, &input.key_id).await?;
        let requirement = self
            .key_requirement(context, &found, &action, None)
            .await?
            .requesting_tag_keys(input.tag_keys.clone());
        self.permit_all(context, &found, &action, &[requirement]).await?;
        found.kept()?;
        let id = found.key.id.as_str();
        let resource = tag::Resource { tenant: &found.key.tenant, kind: key::TAG_KIND, id };
        // The model sets no bound to the list, but a key has few: only those need a statement.
        let present = tag::of_resource(&self.db, resource).await?;
        let keys: Vec<String> =
            present.into_iter().map(|tag| tag.key).filter(|key| input.tag_keys.contains(key)).collect();
        let mut batch = key::hold(&found.key.id);
        batch.append(tag::remove(resource, &keys));
        self.change_key(&found, batch).await?;
        Ok(UntagResourceOutput {})
    }
}
