//! `SetDefaultPolicyVersion`: puts a version in force.

use super::{existing, to_change};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    SetDefaultPolicyVersion, SetDefaultPolicyVersionOutput, SetDefaultPolicyVersionRequest,
};
use muster_store::iam::policy;

impl Handle<SetDefaultPolicyVersion> for ControlPlane {
    const ACCESS: Access<SetDefaultPolicyVersionRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: SetDefaultPolicyVersionRequest,
    ) -> Result<SetDefaultPolicyVersionOutput, ApiError> {
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let policy = to_change(self, context, &input.policy_arn).await?;
            let version = existing(self, &policy, &input.version_id).await?;
            Ok((policy::set_default_version(&policy, version), SetDefaultPolicyVersionOutput {}))
        })
        .await
    }
}
