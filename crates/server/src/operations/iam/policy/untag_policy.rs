//! `UntagPolicy`: removes tags; keys that are not there do not matter.

use super::requirement;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{managed_policy, tags},
};
use muster_iam_api::{UntagPolicy, UntagPolicyOutput, UntagPolicyRequest};
use muster_store::iam::TAGGED_POLICY;

impl Handle<UntagPolicy> for ControlPlane {
    const ACCESS: Access<UntagPolicyRequest> = Access::Policy(|context, input| {
        vec![requirement(context, &input.policy_arn).requesting_tag_keys(input.tag_keys.clone())]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: UntagPolicyRequest,
    ) -> Result<UntagPolicyOutput, ApiError> {
        tags::check_keys(input.tag_keys.iter().map(String::as_str))?;
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let policy = managed_policy::find_own(self, context, &input.policy_arn).await?;
            let batch = tags::remove(self, account, TAGGED_POLICY, &policy.name, &input.tag_keys).await?;
            Ok((batch, UntagPolicyOutput {}))
        })
        .await
    }
}
