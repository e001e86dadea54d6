//! `TagPolicy`: sets tags; a key that is there gets the new value.

use super::requirement;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{managed_policy, tags},
};
use muster_iam_api::{TagPolicy, TagPolicyOutput, TagPolicyRequest};
use muster_store::iam::TAGGED_POLICY;

impl Handle<TagPolicy> for ControlPlane {
    const ACCESS: Access<TagPolicyRequest> = Access::Policy(|context, input| {
        let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        vec![requirement(context, &input.policy_arn).requesting_tags(tags)]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: TagPolicyRequest,
    ) -> Result<TagPolicyOutput, ApiError> {
        let tags = tags::checked(Some(input.tags))?;
        let account = &context.tenant.account;
        self.change_identities(account, || async {
            let policy = managed_policy::find_own(self, context, &input.policy_arn).await?;
            Ok((tags::put(self, account, TAGGED_POLICY, &policy.name, &tags).await?, TagPolicyOutput {}))
        })
        .await
    }
}
