//! `PutGroupPolicy`: an inline policy, new or in place of the one of that name.

use super::plain;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{PutGroupPolicy, PutGroupPolicyOutput, PutGroupPolicyRequest};
use muster_store::iam::Entity;

impl Handle<PutGroupPolicy> for ControlPlane {
    const ACCESS: Access<PutGroupPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutGroupPolicyRequest,
    ) -> Result<PutGroupPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let group = self.group_for(context, &input.group_name, plain).await?;
            let entity = Entity::group(account, &group.name);
            let batch = inline::put(self, entity, &input.policy_name, &input.policy_document).await?;
            Ok((batch, PutGroupPolicyOutput {}))
        })
        .await
    }
}
