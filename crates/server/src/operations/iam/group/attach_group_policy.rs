//! `AttachGroupPolicy`: gives the group a managed policy.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::attached,
};
use muster_iam_api::{AttachGroupPolicy, AttachGroupPolicyOutput, AttachGroupPolicyRequest};
use muster_store::iam::Entity;

impl Handle<AttachGroupPolicy> for ControlPlane {
    const ACCESS: Access<AttachGroupPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: AttachGroupPolicyRequest,
    ) -> Result<AttachGroupPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        let policy = input.policy_arn.as_str();
        let add = |requirement: Requirement, _: &_| requirement.key("iam:PolicyARN", policy);
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, add).await?;
            let entity = Entity::group(account, &group.name);
            Ok((attached::attach(self, entity, policy).await?, AttachGroupPolicyOutput {}))
        })
        .await
    }
}
