//! `DetachGroupPolicy`: takes a managed policy from the group.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{DetachGroupPolicy, DetachGroupPolicyOutput, DetachGroupPolicyRequest};
use muster_store::iam::Entity;

impl Handle<DetachGroupPolicy> for ControlPlane {
    const ACCESS: Access<DetachGroupPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DetachGroupPolicyRequest,
    ) -> Result<DetachGroupPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        let policy = input.policy_arn.as_str();
        let add = |requirement: Requirement, _: &_| requirement.key("iam:PolicyARN", policy);
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, add).await?;
            let entity = Entity::group(account, &group.name);
            Ok((attached::detach(self, entity, policy).await?, DetachGroupPolicyOutput {}))
        })
        .await
    }
}
