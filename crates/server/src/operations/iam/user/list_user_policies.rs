//! `ListUserPolicies`: the names of the inline policies.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{ListUserPolicies, ListUserPoliciesRequest, ListUserPoliciesResponse};
use muster_store::iam::Entity;

impl Handle<ListUserPolicies> for ControlPlane {
    const ACCESS: Access<ListUserPoliciesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListUserPoliciesRequest,
    ) -> Result<ListUserPoliciesResponse, ApiError> {
        let user = self.user_for(context, &input.user_name, plain).await?;
        let entity = Entity::user(&user.account, &user.name);
        let page = (input.marker.as_deref(), input.max_items);
        let (policy_names, marker) = inline::page(self, context, entity, page).await?;
        Ok(ListUserPoliciesResponse { policy_names, is_truncated: Some(marker.is_some()), marker })
    }
}
