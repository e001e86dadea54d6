//! `ListInstanceProfileTags`: a profile's tags.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{
    ListInstanceProfileTags, ListInstanceProfileTagsRequest, ListInstanceProfileTagsResponse,
};
use muster_store::iam::TAGGED_INSTANCE_PROFILE;

impl Handle<ListInstanceProfileTags> for ControlPlane {
    const ACCESS: Access<ListInstanceProfileTagsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListInstanceProfileTagsRequest,
    ) -> Result<ListInstanceProfileTagsResponse, ApiError> {
        let profile = self.profile_for(context, &input.instance_profile_name, plain).await?;
        let all = tags::of(self, &profile.account, TAGGED_INSTANCE_PROFILE, &profile.name).await?;
        let (tags, marker) = tags::page(self, context, (input.marker.as_deref(), input.max_items), all)?;
        Ok(ListInstanceProfileTagsResponse { tags, is_truncated: Some(marker.is_some()), marker })
    }
}
