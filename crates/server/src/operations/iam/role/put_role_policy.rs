//! `PutRolePolicy`: an inline policy, new or in place of the one of that name.

use super::{check_modifiable, with_boundary};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::inline,
};
use muster_iam_api::{PutRolePolicy, PutRolePolicyOutput, PutRolePolicyRequest};
use muster_store::iam::Entity;

impl Handle<PutRolePolicy> for ControlPlane {
    const ACCESS: Access<PutRolePolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutRolePolicyRequest,
    ) -> Result<PutRolePolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let role = self.role_for(context, &input.role_name, with_boundary).await?;
            check_modifiable(&role)?;
            let entity = Entity::role(account, &role.name);
            let batch = inline::put(self, entity, &input.policy_name, &input.policy_document).await?;
            Ok((batch, PutRolePolicyOutput {}))
        })
        .await
    }
}
