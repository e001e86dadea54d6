//! `AttachUserPolicy`: gives the user a managed policy.

use super::with_boundary;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{AttachUserPolicy, AttachUserPolicyOutput, AttachUserPolicyRequest};
use muster_store::iam::Entity;

impl Handle<AttachUserPolicy> for ControlPlane {
    const ACCESS: Access<AttachUserPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: AttachUserPolicyRequest,
    ) -> Result<AttachUserPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        let policy = input.policy_arn.as_str();
        let add = |requirement, user: &_| with_boundary(requirement, user).key("iam:PolicyARN", policy);
        self.change_identities(account, || async {
            let user = self.user_for(context, &input.user_name, add).await?;
            let entity = Entity::user(account, &user.name);
            Ok((attached::attach(self, entity, policy).await?, AttachUserPolicyOutput {}))
        })
        .await
    }
}
