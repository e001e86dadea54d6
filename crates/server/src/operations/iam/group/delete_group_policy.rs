//! `DeleteGroupPolicy`: removes an inline policy.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{DeleteGroupPolicy, DeleteGroupPolicyOutput, DeleteGroupPolicyRequest};
use muster_store::iam::Entity;

impl Handle<DeleteGroupPolicy> for ControlPlane {
    const ACCESS: Access<DeleteGroupPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteGroupPolicyRequest,
    ) -> Result<DeleteGroupPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, plain).await?;
            let entity = Entity::group(account, &group.name);
            Ok((inline::delete(self, entity, &input.policy_name).await?, DeleteGroupPolicyOutput {}))
        })
        .await
    }
}
