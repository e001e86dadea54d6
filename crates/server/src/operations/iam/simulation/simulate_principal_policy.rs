//! `SimulatePrincipalPolicy`: what the policies of an identity would say, and given ones with them.

use super::{
    evaluate, given, one_boundary,
    question::{Asked, Question},
    source::{self, Principal},
};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{SimulatePolicyResponse, SimulatePrincipalPolicy, SimulatePrincipalPolicyRequest};
use muster_policy::Kind;

impl Handle<SimulatePrincipalPolicy> for ControlPlane {
    const ACCESS: Access<SimulatePrincipalPolicyRequest> =
        Access::Policy(|context, input| vec![Requirement::on(context, input.policy_source_arn.as_str())]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: SimulatePrincipalPolicyRequest,
    ) -> Result<SimulatePolicyResponse, ApiError> {
        let account = &context.tenant.account;
        let left_out = input.policy_exclusion_list.as_deref().unwrap_or_default();
        let Principal { asker, mut policies } =
            source::load(self, account, &input.policy_source_arn, left_out).await?;
        policies.identity.extend(given(
            input.policy_input_list.as_deref(),
            "PolicyInputList",
            Kind::Identity,
        )?);
        if let Some(boundary) = one_boundary(input.permissions_boundary_policy_input_list.as_deref())? {
            policies.boundary = Some(boundary);
        }
        let question = Question::read(Asked {
            actions: input.action_names,
            resources: input.resource_arns,
            resource_policy: input.resource_policy,
            owner: input.resource_owner.as_deref(),
            caller_arn: input.caller_arn.as_deref(),
            entries: input.context_entries,
            organisation: None,
            asker,
        })?;
        let page = (input.marker.as_deref(), input.max_items);
        evaluate::answer(self, context, page, &policies, &question).await
    }
}
