//! `DeletePolicy`: a policy goes with its last version, once nothing has it.

use super::to_change;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    DeletePolicy, DeletePolicyOutput, DeletePolicyRequest, errors::DELETE_CONFLICT_EXCEPTION,
};
use muster_store::iam::{
    attachment::{self, Uses},
    policy,
};

impl Handle<DeletePolicy> for ControlPlane {
    const ACCESS: Access<DeletePolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeletePolicyRequest,
    ) -> Result<DeletePolicyOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let policy = to_change(self, context, &input.policy_arn).await?;
            let conflict = |text: &str| Err(ApiError::new(&DELETE_CONFLICT_EXCEPTION, text));
            let uses = attachment::uses_of(&self.db, account, &policy.arn).await?;
            if uses != Uses::default() {
                return conflict("Cannot delete a policy attached to entities.");
            }
            if policy::versions(&self.db, &policy).await?.len() > 1 {
                return conflict(
                    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
                );
            }
            Ok((policy::delete(&policy), DeletePolicyOutput {}))
        })
        .await
    }
}
