//! `SimulateCustomPolicy`: what given policies would say.

use super::{
    evaluate::{self, Simulated},
    given, one_boundary,
    question::{Asked, Asker, Question},
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{SimulateCustomPolicy, SimulateCustomPolicyRequest, SimulatePolicyResponse};
use muster_policy::{CallerKind, Kind};

impl Handle<SimulateCustomPolicy> for ControlPlane {
    const ACCESS: Access<SimulateCustomPolicyRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: SimulateCustomPolicyRequest,
    ) -> Result<SimulatePolicyResponse, ApiError> {
        let boundaries = input.permissions_boundary_policy_input_list.as_deref();
        let simulated = Simulated {
            identity: given(Some(&input.policy_input_list), "PolicyInputList", Kind::Identity)?,
            boundary: one_boundary(boundaries)?,
        };
        let account = context.tenant.account.to_string();
        let arn = format!("arn:aws:iam::{account}:root");
        let question = Question::read(Asked {
            actions: input.action_names,
            resources: input.resource_arns,
            resource_policy: input.resource_policy,
            owner: input.resource_owner.as_deref(),
            caller_arn: input.caller_arn.as_deref(),
            entries: input.context_entries,
            organisation: input.ordered_organization_policy_input_list.as_deref(),
            // Nobody in particular: only the policies count.
            asker: Asker { account, arn, role_arn: None, kind: CallerKind::RoleSession },
        })?;
        let page = (input.marker.as_deref(), input.max_items);
        evaluate::answer(self, context, page, &simulated, &question).await
    }
}
