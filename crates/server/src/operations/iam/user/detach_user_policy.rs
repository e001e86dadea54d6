//! `DetachUserPolicy`: takes a managed policy from the user.

use super::with_boundary;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{DetachUserPolicy, DetachUserPolicyOutput, DetachUserPolicyRequest};
use muster_store::iam::Entity;

impl Handle<DetachUserPolicy> for ControlPlane {
    const ACCESS: Access<DetachUserPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DetachUserPolicyRequest,
    ) -> Result<DetachUserPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        let policy = input.policy_arn.as_str();
        let add = |requirement, user: &_| with_boundary(requirement, user).key("iam:PolicyARN", policy);
        self.change_identities(account, || async {
            let user = self.user_for(context, &input.user_name, add).await?;
            let entity = Entity::user(account, &user.name);
            Ok((attached::detach(self, entity, policy).await?, DetachUserPolicyOutput {}))
        })
        .await
    }
}
