//! `PutResourcePolicy`: shares an advanced parameter with the accounts that the document names, or puts a document in the
//! place of one that the caller has seen. Of a SecureString its key must be shared as well, so it cannot be AWS's own.

use super::{
    ATTEMPTS,
    error::{conflict, invalid, limit, no_policy, no_resource},
    required, target,
};
use crate::{
    ControlPlane, arn,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::parameter::{Kind, Tier, share},
    error::ApiError,
};
use muster_protocol::signing::sigv4::payload_hash;
use muster_ssm_api::{PutResourcePolicy, PutResourcePolicyRequest, PutResourcePolicyResponse};
use muster_store::{
    StoreError,
    parameter::{self, Body, ResourcePolicy},
};
use uuid::Uuid;

/// Bytes of a document.
const LONGEST: usize = 1024;
/// Policies of a parameter; AWS tells of no number.
const MOST: usize = 20;

impl Handle<PutResourcePolicy> for ControlPlane {
    const ACCESS: Access<PutResourcePolicyRequest> =
        Access::Policy(|context, input| vec![required(context, &input.resource_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutResourcePolicyRequest,
    ) -> Result<PutResourcePolicyResponse, ApiError> {
        let path = target(context, &input.resource_arn)?;
        let (tenant, path) = (&context.tenant, path.as_str());
        let before = match (&input.policy_id, &input.policy_hash) {
            (None, None) => None,
            (Some(id), Some(hash)) => Some((id.as_str(), hash.as_str())),
            _ => return Err(invalid("PolicyId", "PolicyId and PolicyHash must be given together.")),
        };
        if input.policy.len() > LONGEST {
            let text = format!("A resource policy can't be greater than {LONGEST} bytes in size.");
            return Err(limit("PolicySize", LONGEST, text));
        }
        let accounts = share::read(&input.policy, &tenant.account, &arn::parameter(tenant, path))?;
        let policy = ResourcePolicy {
            id: before.map_or_else(|| Uuid::new_v4().to_string(), |(id, _)| id.to_owned()),
            hash: payload_hash(input.policy.as_bytes()),
            document: input.policy,
        };
        for _ in 0..ATTEMPTS {
            let found = parameter::find(&self.db, tenant, path).await?.ok_or_else(no_resource)?;
            can_be_shared(&found.latest.body)?;
            let policies = parameter::resource_policies(&self.db, tenant, path).await?;
            match before {
                Some((id, hash)) => match policies.iter().find(|policy| policy.id == id) {
                    None => return Err(no_policy()),
                    Some(policy) if policy.hash != hash => return Err(conflict()),
                    Some(_) => {}
                },
                None if policies.len() >= MOST => {
                    let text = format!("A parameter can have a maximum of {MOST} resource policies.");
                    return Err(limit("PolicyCount", MOST, text));
                }
                None => {}
            }
            let (at, hash) = ((path, found.revision), before.map(|(_, hash)| hash));
            match self.db.write(parameter::put_resource_policy(tenant, at, &policy, hash, &accounts)).await {
                Ok(_) => {
                    let ResourcePolicy { id, hash, .. } = policy;
                    return Ok(PutResourcePolicyResponse { policy_id: Some(id), policy_hash: Some(hash) });
                }
                Err(StoreError::Conflict { .. } | StoreError::Duplicate { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(conflict())
    }
}

fn can_be_shared(body: &Body) -> Result<(), ApiError> {
    if body.tier != Tier::Advanced.as_str() {
        let text = "To share a parameter, it must be in the advanced parameter tier.";
        return Err(invalid("ResourceArn", text));
    }
    let own_key = |key: &str| key == "alias/aws/ssm" || key.ends_with(":alias/aws/ssm");
    if body.kind == Kind::SecureString.as_str() && body.key_id.as_deref().is_some_and(own_key) {
        let text = "To share a SecureString parameter, it must be encrypted with a customer managed key.";
        return Err(invalid("ResourceArn", text));
    }
    Ok(())
}
