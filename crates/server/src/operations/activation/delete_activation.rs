//! `DeleteActivation`: no node can register under it any more; nodes that did stay. AWS's texts are not known.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ids::ActivationId;
use muster_ssm_api::{
    DeleteActivation, DeleteActivationRequest, DeleteActivationResult,
    errors::{INVALID_ACTIVATION, INVALID_ACTIVATION_ID},
};
use muster_store::{StoreError, activation};

impl Handle<DeleteActivation> for ControlPlane {
    const ACCESS: Access<DeleteActivationRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteActivationRequest,
    ) -> Result<DeleteActivationResult, ApiError> {
        let id = ActivationId::parse(&input.activation_id).map_err(|_| {
            ApiError::new(&INVALID_ACTIVATION_ID, format!("Invalid activation id {}", input.activation_id))
        })?;
        match self.db.write(activation::delete(&context.tenant, &id)).await {
            Ok(_) => Ok(DeleteActivationResult {}),
            // Terraform takes this code, and no other, for "is gone already".
            Err(StoreError::Conflict { .. }) => {
                Err(ApiError::new(&INVALID_ACTIVATION, format!("Activation {id} does not exist")))
            }
            Err(error) => Err(error.into()),
        }
    }
}
