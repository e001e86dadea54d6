//! `ListAttachedUserPolicies`: the managed policies of the user, not those of others that count for it.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{
    ListAttachedUserPolicies, ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse,
};
use muster_store::iam::Entity;

impl Handle<ListAttachedUserPolicies> for ControlPlane {
    const ACCESS: Access<ListAttachedUserPoliciesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListAttachedUserPoliciesRequest,
    ) -> Result<ListAttachedUserPoliciesResponse, ApiError> {
        let user = self.user_for(context, &input.user_name, plain).await?;
        let entity = Entity::user(&user.account, &user.name);
        let page = (input.marker.as_deref(), input.max_items);
        let (policies, marker) =
            attached::page(self, context, entity, input.path_prefix.as_deref(), page).await?;
        Ok(ListAttachedUserPoliciesResponse {
            attached_policies: Some(policies),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
