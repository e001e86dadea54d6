//! `GetPolicy`: a policy, with its tags and how often it is used; not its document.

use super::{aws_listed, own_listed, requirement};
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
use muster_iam_api::{GetPolicy, GetPolicyRequest, GetPolicyResponse, Policy as Shown};
use muster_store::iam::{TAGGED_POLICY, attachment};

impl Handle<GetPolicy> for ControlPlane {
    const ACCESS: Access<GetPolicyRequest> =
        Access::Policy(|context, input| vec![requirement(context, &input.policy_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetPolicyRequest,
    ) -> Result<GetPolicyResponse, ApiError> {
        let account = &context.tenant.account;
        let uses = attachment::uses_of(&self.db, account, &input.policy_arn).await?;
        let shown = match managed_policy::find(self, account, &input.policy_arn).await? {
            Some(Found::Own(policy)) => {
                let tags = tags::of(self, account, TAGGED_POLICY, &policy.name).await?;
                let description = policy.description.clone();
                Shown { description, tags: tags::shown(tags), ..own_listed(policy, uses) }
            }
            Some(Found::Aws(policy)) => {
                Shown { description: Some(policy.description.to_owned()), ..aws_listed(policy, uses) }
            }
            None => return Err(managed_policy::not_found(&input.policy_arn)),
        };
        Ok(GetPolicyResponse { policy: Some(shown) })
    }
}
