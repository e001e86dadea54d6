//! `DeleteResourcePolicy`: takes back what one document shares, if it is the one that the caller has seen.

use super::{
    ATTEMPTS,
    error::{conflict, no_policy, no_resource},
    required, target,
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ssm_api::{DeleteResourcePolicy, DeleteResourcePolicyRequest, DeleteResourcePolicyResponse};
use muster_store::{StoreError, parameter};

impl Handle<DeleteResourcePolicy> for ControlPlane {
    const ACCESS: Access<DeleteResourcePolicyRequest> =
        Access::Policy(|context, input| vec![required(context, &input.resource_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteResourcePolicyRequest,
    ) -> Result<DeleteResourcePolicyResponse, ApiError> {
        let path = target(context, &input.resource_arn)?;
        let (tenant, path) = (&context.tenant, path.as_str());
        for _ in 0..ATTEMPTS {
            let found = parameter::find(&self.db, tenant, path).await?.ok_or_else(no_resource)?;
            let policies = parameter::resource_policies(&self.db, tenant, path).await?;
            match policies.iter().find(|policy| policy.id == input.policy_id) {
                None => return Err(no_policy()),
                Some(policy) if policy.hash != input.policy_hash => return Err(conflict()),
                Some(_) => {}
            }
            let at = (path, found.revision);
            let batch = parameter::delete_resource_policy(tenant, at, &input.policy_id, &input.policy_hash);
            match self.db.write(batch).await {
                Ok(_) => return Ok(DeleteResourcePolicyResponse {}),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(conflict())
    }
}
