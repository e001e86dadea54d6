//! `PutKeyPolicy`: another policy for a key. One that would lock its own author out is refused, unless he insists.

use super::{policy::check_name, support::action};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{PutKeyPolicy, PutKeyPolicyOutput, PutKeyPolicyRequest};
use muster_store::kms::key;

impl Handle<PutKeyPolicy> for ControlPlane {
    const ACCESS: Access<PutKeyPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutKeyPolicyRequest,
    ) -> Result<PutKeyPolicyOutput, ApiError> {
        let action = action(context);
        let found = self.find_own_key(context, &action, &input.key_id).await?;
        let bypass = input.bypass_policy_lockout_safety_check == Some(true);
        let requirement = self
            .key_requirement(context, &found, &action, None)
            .await?
            .key("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string());
        self.permit_all(context, &found, &action, &[requirement]).await?;
        check_name(input.policy_name.as_deref())?;
        found.kept()?;
        self.check_key_policy(context, &found.arn(), &input.policy, bypass).await?;
        self.change_key(&found, key::set_policy(&found.key.id, &input.policy)).await?;
        Ok(PutKeyPolicyOutput {})
    }
}
