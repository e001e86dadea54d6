//! `GetGroupPolicy`: an inline policy, percent-encoded.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::iam::document,
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{GetGroupPolicy, GetGroupPolicyRequest, GetGroupPolicyResponse};
use muster_store::iam::Entity;

impl Handle<GetGroupPolicy> for ControlPlane {
    const ACCESS: Access<GetGroupPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetGroupPolicyRequest,
    ) -> Result<GetGroupPolicyResponse, ApiError> {
        let group = self.group_for(context, &input.group_name, plain).await?;
        let entity = Entity::group(&group.account, &group.name);
        let policy = inline::find(self, entity, &input.policy_name).await?;
        Ok(GetGroupPolicyResponse {
            group_name: group.name,
            policy_name: policy.name,
            policy_document: document::encoded(&policy.document),
        })
    }
}
