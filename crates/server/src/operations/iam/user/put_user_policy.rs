//! `PutUserPolicy`: an inline policy, new or in place of the one of that name.

use super::with_boundary;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{PutUserPolicy, PutUserPolicyOutput, PutUserPolicyRequest};
use muster_store::iam::Entity;

impl Handle<PutUserPolicy> for ControlPlane {
    const ACCESS: Access<PutUserPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutUserPolicyRequest,
    ) -> Result<PutUserPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let user = self.user_for(context, &input.user_name, with_boundary).await?;
            let entity = Entity::user(account, &user.name);
            let batch = inline::put(self, entity, &input.policy_name, &input.policy_document).await?;
            Ok((batch, PutUserPolicyOutput {}))
        })
        .await
    }
}
