//! `ListRoleTags`: a role's tags.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::tags,
};
use muster_iam_api::{ListRoleTags, ListRoleTagsRequest, ListRoleTagsResponse};
use muster_store::iam::TAGGED_ROLE;

impl Handle<ListRoleTags> for ControlPlane {
    const ACCESS: Access<ListRoleTagsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListRoleTagsRequest,
    ) -> Result<ListRoleTagsResponse, ApiError> {
        let role = self.role_for(context, &input.role_name, plain).await?;
        let all = tags::of(self, &role.account, TAGGED_ROLE, &role.name).await?;
        let (tags, marker) = tags::page(self, context, (input.marker.as_deref(), input.max_items), all)?;
        Ok(ListRoleTagsResponse { tags, is_truncated: Some(marker.is_some()), marker })
    }
}
