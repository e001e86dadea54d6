//! `DeleteUserPolicy`: removes an inline policy.

use super::with_boundary;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{DeleteUserPolicy, DeleteUserPolicyOutput, DeleteUserPolicyRequest};
use muster_store::iam::Entity;

impl Handle<DeleteUserPolicy> for ControlPlane {
    const ACCESS: Access<DeleteUserPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteUserPolicyRequest,
    ) -> Result<DeleteUserPolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let user = self.user_for(context, &input.user_name, with_boundary).await?;
            let entity = Entity::user(account, &user.name);
            Ok((inline::delete(self, entity, &input.policy_name).await?, DeleteUserPolicyOutput {}))
        })
        .await
    }
}
