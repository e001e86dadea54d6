//! `GetRolePolicy`: an inline policy.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::iam::document,
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{GetRolePolicy, GetRolePolicyRequest, GetRolePolicyResponse};
use muster_store::iam::Entity;

impl Handle<GetRolePolicy> for ControlPlane {
    const ACCESS: Access<GetRolePolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetRolePolicyRequest,
    ) -> Result<GetRolePolicyResponse, ApiError> {
        let role = self.role_for(context, &input.role_name, plain).await?;
        let policy = inline::find(self, Entity::role(&role.account, &role.name), &input.policy_name).await?;
        Ok(GetRolePolicyResponse {
            policy_document: document::encoded(&policy.document),
            policy_name: policy.name,
            role_name: role.name,
        })
    }
}
