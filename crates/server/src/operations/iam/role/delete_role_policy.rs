//! `DeleteRolePolicy`: an inline policy goes.

use super::{check_modifiable, with_boundary};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{DeleteRolePolicy, DeleteRolePolicyOutput, DeleteRolePolicyRequest};
use muster_store::iam::Entity;

impl Handle<DeleteRolePolicy> for ControlPlane {
    const ACCESS: Access<DeleteRolePolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteRolePolicyRequest,
    ) -> Result<DeleteRolePolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let role = self.role_for(context, &input.role_name, with_boundary).await?;
            check_modifiable(&role)?;
            let batch = inline::delete(self, Entity::role(account, &role.name), &input.policy_name).await?;
            Ok((batch, DeleteRolePolicyOutput {}))
        })
        .await
    }
}
