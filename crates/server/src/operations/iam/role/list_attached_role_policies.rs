//! `ListAttachedRolePolicies`: the managed policies that a role has, under a path.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{
    ListAttachedRolePolicies, ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse,
};
use muster_store::iam::Entity;

impl Handle<ListAttachedRolePolicies> for ControlPlane {
    const ACCESS: Access<ListAttachedRolePoliciesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListAttachedRolePoliciesRequest,
    ) -> Result<ListAttachedRolePoliciesResponse, ApiError> {
        let role = self.role_for(context, &input.role_name, plain).await?;
        let page = (input.marker.as_deref(), input.max_items);
        let entity = Entity::role(&role.account, &role.name);
        let (policies, marker) =
            attached::page(self, context, entity, input.path_prefix.as_deref(), page).await?;
        Ok(ListAttachedRolePoliciesResponse {
            attached_policies: Some(policies),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
