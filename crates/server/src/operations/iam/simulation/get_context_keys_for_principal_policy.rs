//! `GetContextKeysForPrincipalPolicy`: the condition keys that the policies of an identity use, and given ones.

use super::{context_keys, given, source};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    GetContextKeysForPolicyResponse, GetContextKeysForPrincipalPolicy,
    GetContextKeysForPrincipalPolicyRequest,
};
use muster_policy::Kind;

impl Handle<GetContextKeysForPrincipalPolicy> for ControlPlane {
    const ACCESS: Access<GetContextKeysForPrincipalPolicyRequest> =
        Access::Policy(|context, input| vec![Requirement::on(context, input.policy_source_arn.as_str())]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetContextKeysForPrincipalPolicyRequest,
    ) -> Result<GetContextKeysForPolicyResponse, ApiError> {
        let account = &context.tenant.account;
        let principal = source::load(self, account, &input.policy_source_arn, &[]).await?;
        let mut policies = principal.policies.identity;
        policies.extend(given(input.policy_input_list.as_deref(), "PolicyInputList", Kind::Identity)?);
        Ok(GetContextKeysForPolicyResponse { context_key_names: Some(context_keys(&policies)) })
    }
}
