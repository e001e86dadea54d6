//! `UpdateManagedInstancePublicKey`: a node changes its key. Signed with the key it has; that one stays good until the
//! first signature by the new one, for the node may never see the answer to this call.

use super::{calling_node, node_is_gone};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_protocol::{
    agent_api::ssm_agent::{
        UpdateManagedInstancePublicKey, UpdateManagedInstancePublicKeyRequest,
        UpdateManagedInstancePublicKeyResult,
        errors::{INVALID_PUBLIC_KEY, TOO_MANY_UPDATES},
    },
    signing::rsa,
};
use muster_store::{StoreError, managed_node};

impl Handle<UpdateManagedInstancePublicKey> for ControlPlane {
    const ACCESS: Access<UpdateManagedInstancePublicKeyRequest> = Access::NodeKey;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateManagedInstancePublicKeyRequest,
    ) -> Result<UpdateManagedInstancePublicKeyResult, ApiError> {
        let id = calling_node(context)?;
        let public_key = rsa::verify_public_key(&input.new_public_key)
            .map_err(|error| ApiError::new(&INVALID_PUBLIC_KEY, error.to_string()))?;
        let node = managed_node::find(&self.db, id).await?.ok_or_else(|| node_is_gone(id))?;
        if node.key.public == public_key {
            // Official agents repeat a call that got no answer, with the same signature.
            return Ok(UpdateManagedInstancePublicKeyResult {});
        }
        let kind = input.new_public_key_type.as_str();
        let batch = managed_node::replace_key(id, node.key.generation, &public_key, kind, context.now_ms);
        match self.db.write(batch).await {
            Ok(_) => {
                tracing::info!(node = %id, generation = node.key.generation + 1, "node changed its key");
                Ok(UpdateManagedInstancePublicKeyResult {})
            }
            Err(StoreError::Conflict { .. }) => {
                Err(ApiError::new(&TOO_MANY_UPDATES, "The key was changed at the same time; try again."))
            }
            Err(error) => Err(error.into()),
        }
    }
}
