//! `ListRolePolicies`: the names of a role's inline policies.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{ListRolePolicies, ListRolePoliciesRequest, ListRolePoliciesResponse};
use muster_store::iam::Entity;

impl Handle<ListRolePolicies> for ControlPlane {
    const ACCESS: Access<ListRolePoliciesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListRolePoliciesRequest,
    ) -> Result<ListRolePoliciesResponse, ApiError> {
        let role = self.role_for(context, &input.role_name, plain).await?;
        let page = (input.marker.as_deref(), input.max_items);
        let entity = Entity::role(&role.account, &role.name);
        let (policy_names, marker) = inline::page(self, context, entity, page).await?;
        Ok(ListRolePoliciesResponse { policy_names, is_truncated: Some(marker.is_some()), marker })
    }
}
