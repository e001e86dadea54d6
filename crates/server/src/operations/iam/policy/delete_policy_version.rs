//! `DeletePolicyVersion`: a version goes that is not in force.

use super::{existing, to_change};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    DeletePolicyVersion, DeletePolicyVersionOutput, DeletePolicyVersionRequest,
    errors::DELETE_CONFLICT_EXCEPTION,
};
use muster_store::iam::policy;

impl Handle<DeletePolicyVersion> for ControlPlane {
    const ACCESS: Access<DeletePolicyVersionRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeletePolicyVersionRequest,
    ) -> Result<DeletePolicyVersionOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let policy = to_change(self, context, &input.policy_arn).await?;
            let version = existing(self, &policy, &input.version_id).await?;
            if version == policy.default_version {
                let text = "Cannot delete the default version of a policy.";
                return Err(ApiError::new(&DELETE_CONFLICT_EXCEPTION, text));
            }
            Ok((policy::delete_version(&policy, version), DeletePolicyVersionOutput {}))
        })
        .await
    }
}
