//! `GetContextKeysForCustomPolicy`: the condition keys that given policies use.

use super::{context_keys, given};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    GetContextKeysForCustomPolicy, GetContextKeysForCustomPolicyRequest, GetContextKeysForPolicyResponse,
};
use muster_policy::Kind;

impl Handle<GetContextKeysForCustomPolicy> for ControlPlane {
    const ACCESS: Access<GetContextKeysForCustomPolicyRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        _: &RequestContext,
        input: GetContextKeysForCustomPolicyRequest,
    ) -> Result<GetContextKeysForPolicyResponse, ApiError> {
        let policies = given(Some(&input.policy_input_list), "PolicyInputList", Kind::Identity)?;
        Ok(GetContextKeysForPolicyResponse { context_key_names: Some(context_keys(&policies)) })
    }
}
