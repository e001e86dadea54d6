//! `UntagResource`: takes tags of a topic away; keys that are not there do not matter.

use super::topic::no_resource;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_sns_api::{UntagResource, UntagResourceRequest, UntagResourceResponse};
use muster_store::{sns::topic, tag};

impl Handle<UntagResource> for ControlPlane {
    const ACCESS: Access<UntagResourceRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UntagResourceRequest,
    ) -> Result<UntagResourceResponse, ApiError> {
        let keys = |requirement: crate::authority::Requirement| {
            requirement.requesting_tag_keys(input.tag_keys.clone())
        };
        let found = self
            .topic_for_with(context, "sns:UntagResource", "ResourceArn", &input.resource_arn, keys)
            .await?;
        let (name, Some(_)) = found else { return Err(no_resource()) };
        let resource = topic::resource(&name.tenant, &name.name);
        // The model sets no bound to the list, but a topic has few tags: only those need a statement.
        let present = tag::of_resource(&self.db, resource).await?;
        let keys: Vec<String> =
            present.into_iter().map(|tag| tag.key).filter(|key| input.tag_keys.contains(key)).collect();
        self.db.write(tag::remove(resource, &keys)).await?;
        Ok(UntagResourceResponse {})
    }
}
