//! `ListResourceTags`: the tags of a key, by name.

use super::support::DEFAULT_LIMIT;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{ListResourceTags, ListResourceTagsRequest, ListResourceTagsResponse, Tag};
use muster_store::{kms::key, tag};

impl Handle<ListResourceTags> for ControlPlane {
    const ACCESS: Access<ListResourceTagsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListResourceTagsRequest,
    ) -> Result<ListResourceTagsResponse, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
        let after: Option<String> = self.marker(context, input.marker.as_deref())?;
        let id = found.key.id.as_str();
        let resource = tag::Resource { tenant: &found.key.tenant, kind: key::TAG_KIND, id };
        let mut tags = tag::of_resource(&self.db, resource).await?;
        tags.retain(|tag| after.as_ref().is_none_or(|after| tag.key > *after));
        let next_marker = self.cut(context, &mut tags, limit, |tag| tag.key.clone());
        let tags = tags.into_iter().map(|tag| Tag { tag_key: tag.key, tag_value: tag.value });
        Ok(ListResourceTagsResponse {
            tags: Some(tags.collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
