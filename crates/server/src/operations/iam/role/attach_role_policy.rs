//! `AttachRolePolicy`: a managed policy for the role; once more changes nothing.

use super::{check_modifiable, with_boundary};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{AttachRolePolicy, AttachRolePolicyOutput, AttachRolePolicyRequest};
use muster_store::iam::{Entity, role::Role};

impl Handle<AttachRolePolicy> for ControlPlane {
    const ACCESS: Access<AttachRolePolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: AttachRolePolicyRequest,
    ) -> Result<AttachRolePolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let keys = |requirement: Requirement, role: &Role| {
                with_boundary(requirement.key("iam:PolicyARN", input.policy_arn.as_str()), role)
            };
            let role = self.role_for(context, &input.role_name, keys).await?;
            check_modifiable(&role)?;
            let batch = attached::attach(self, Entity::role(account, &role.name), &input.policy_arn).await?;
            Ok((batch, AttachRolePolicyOutput {}))
        })
        .await
    }
}
