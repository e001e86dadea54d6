//! `ListGroupPolicies`: the names of the inline policies.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{ListGroupPolicies, ListGroupPoliciesRequest, ListGroupPoliciesResponse};
use muster_store::iam::Entity;

impl Handle<ListGroupPolicies> for ControlPlane {
    const ACCESS: Access<ListGroupPoliciesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListGroupPoliciesRequest,
    ) -> Result<ListGroupPoliciesResponse, ApiError> {
        let group = self.group_for(context, &input.group_name, plain).await?;
        let entity = Entity::group(&group.account, &group.name);
        let page = (input.marker.as_deref(), input.max_items);
        let (policy_names, marker) = inline::page(self, context, entity, page).await?;
        Ok(ListGroupPoliciesResponse { policy_names, is_truncated: Some(marker.is_some()), marker })
    }
}
