//! `ListPolicyTags`: a policy's tags; those of AWS have none.

use super::requirement;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{
        managed_policy::{self, Found},
        tags,
    },
};
use muster_iam_api::{ListPolicyTags, ListPolicyTagsRequest, ListPolicyTagsResponse};
use muster_store::iam::TAGGED_POLICY;

impl Handle<ListPolicyTags> for ControlPlane {
    const ACCESS: Access<ListPolicyTagsRequest> =
        Access::Policy(|context, input| vec![requirement(context, &input.policy_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListPolicyTagsRequest,
    ) -> Result<ListPolicyTagsResponse, ApiError> {
        let account = &context.tenant.account;
        let all = match managed_policy::find(self, account, &input.policy_arn).await? {
            Some(Found::Own(policy)) => tags::of(self, account, TAGGED_POLICY, &policy.name).await?,
            Some(Found::Aws(_)) => Vec::new(),
            None => return Err(managed_policy::not_found(&input.policy_arn)),
        };
        let (tags, marker) = tags::page(self, context, (input.marker.as_deref(), input.max_items), all)?;
        Ok(ListPolicyTagsResponse { tags, is_truncated: Some(marker.is_some()), marker })
    }
}
