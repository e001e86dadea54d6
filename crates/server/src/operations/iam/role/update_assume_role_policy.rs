//! `UpdateAssumeRolePolicy`: a new trust policy. The identities that it names are those that have these ARNs now.

use super::{check_modifiable, plain, trust};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{UpdateAssumeRolePolicy, UpdateAssumeRolePolicyOutput, UpdateAssumeRolePolicyRequest};
use muster_store::iam::role;

impl Handle<UpdateAssumeRolePolicy> for ControlPlane {
    const ACCESS: Access<UpdateAssumeRolePolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateAssumeRolePolicyRequest,
    ) -> Result<UpdateAssumeRolePolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let role = self.role_for(context, &input.role_name, plain).await?;
            check_modifiable(&role)?;
            let bindings = trust(self, &input.policy_document).await?.to_json();
            let batch = role::set_trust_policy(account, &role.name, &input.policy_document, &bindings);
            Ok((batch, UpdateAssumeRolePolicyOutput {}))
        })
        .await
    }
}
