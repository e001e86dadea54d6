//! `DetachRolePolicy`: a managed policy is taken from the role.

use super::{check_modifiable, with_boundary};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{DetachRolePolicy, DetachRolePolicyOutput, DetachRolePolicyRequest};
use muster_store::iam::{Entity, role::Role};

impl Handle<DetachRolePolicy> for ControlPlane {
    const ACCESS: Access<DetachRolePolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DetachRolePolicyRequest,
    ) -> Result<DetachRolePolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let keys = |requirement: Requirement, role: &Role| {
                with_boundary(requirement.key("iam:PolicyARN", input.policy_arn.as_str()), role)
            };
            let role = self.role_for(context, &input.role_name, keys).await?;
            check_modifiable(&role)?;
            let batch = attached::detach(self, Entity::role(account, &role.name), &input.policy_arn).await?;
            Ok((batch, DetachRolePolicyOutput {}))
        })
        .await
    }
}
