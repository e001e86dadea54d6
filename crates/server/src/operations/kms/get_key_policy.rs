//! `GetKeyPolicy`: the key's policy, as it was given.

use super::policy::{POLICY_NAME, check_name};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{GetKeyPolicy, GetKeyPolicyRequest, GetKeyPolicyResponse};
use muster_store::kms::key;

impl Handle<GetKeyPolicy> for ControlPlane {
    const ACCESS: Access<GetKeyPolicyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetKeyPolicyRequest,
    ) -> Result<GetKeyPolicyResponse, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        check_name(input.policy_name.as_deref())?;
        let document = key::policy(&self.db, &found.key.id).await?;
        Ok(GetKeyPolicyResponse {
            policy: document.map(|(document, _)| document),
            policy_name: Some(POLICY_NAME.to_owned()),
        })
    }
}
