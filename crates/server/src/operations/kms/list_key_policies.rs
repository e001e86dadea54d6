//! `ListKeyPolicies`: the names of a key's policies; there is one.

use super::policy::POLICY_NAME;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{ListKeyPolicies, ListKeyPoliciesRequest, ListKeyPoliciesResponse};

impl Handle<ListKeyPolicies> for ControlPlane {
    const ACCESS: Access<ListKeyPoliciesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListKeyPoliciesRequest,
    ) -> Result<ListKeyPoliciesResponse, ApiError> {
        self.own_key(context, &input.key_id).await?;
        Ok(ListKeyPoliciesResponse {
            policy_names: Some(vec![POLICY_NAME.to_owned()]),
            truncated: Some(false),
            ..ListKeyPoliciesResponse::default()
        })
    }
}
