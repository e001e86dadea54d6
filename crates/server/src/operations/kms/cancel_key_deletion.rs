//! `CancelKeyDeletion`: the key is kept after all; it is disabled then.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{
    CancelKeyDeletion, CancelKeyDeletionRequest, CancelKeyDeletionResponse,
    errors::KMS_INVALID_STATE_EXCEPTION,
};
use muster_store::{StoreError, kms::key};

impl Handle<CancelKeyDeletion> for ControlPlane {
    const ACCESS: Access<CancelKeyDeletionRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CancelKeyDeletionRequest,
    ) -> Result<CancelKeyDeletionResponse, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        let not_pending = || {
            ApiError::new(&KMS_INVALID_STATE_EXCEPTION, format!("{} is not pending deletion.", found.arn()))
        };
        match self.db.write(key::cancel_deletion(&found.key.id)).await {
            Ok(_) => Ok(CancelKeyDeletionResponse { key_id: Some(found.arn()) }),
            Err(StoreError::Conflict { .. }) => Err(not_pending()),
            Err(error) => Err(error.into()),
        }
    }
}
