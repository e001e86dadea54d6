//! `ListAttachedGroupPolicies`: the managed policies of the group, not those of others that count for it.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{
    ListAttachedGroupPolicies, ListAttachedGroupPoliciesRequest, ListAttachedGroupPoliciesResponse,
};
use muster_store::iam::Entity;

impl Handle<ListAttachedGroupPolicies> for ControlPlane {
    const ACCESS: Access<ListAttachedGroupPoliciesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListAttachedGroupPoliciesRequest,
    ) -> Result<ListAttachedGroupPoliciesResponse, ApiError> {
        let group = self.group_for(context, &input.group_name, plain).await?;
        let entity = Entity::group(&group.account, &group.name);
        let page = (input.marker.as_deref(), input.max_items);
        let (policies, marker) =
            attached::page(self, context, entity, input.path_prefix.as_deref(), page).await?;
        Ok(ListAttachedGroupPoliciesResponse {
            attached_policies: Some(policies),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
