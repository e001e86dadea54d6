//! `ListUserTags`: the tags of a user, by key.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{ListUserTags, ListUserTagsRequest, ListUserTagsResponse};
use muster_store::iam::TAGGED_USER;

impl Handle<ListUserTags> for ControlPlane {
    const ACCESS: Access<ListUserTagsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListUserTagsRequest,
    ) -> Result<ListUserTagsResponse, ApiError> {
        let user = self.user_for(context, &input.user_name, plain).await?;
        let tags = tags::of(self, &user.account, TAGGED_USER, &user.name).await?;
        let page = (input.marker.as_deref(), input.max_items);
        let (tags, marker) = tags::page(self, context, page, tags)?;
        Ok(ListUserTagsResponse { tags, is_truncated: Some(marker.is_some()), marker })
    }
}
