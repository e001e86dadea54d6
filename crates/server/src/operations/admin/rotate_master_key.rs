//! `RotateMasterKey`: another master key, and a further data key, while everything runs. Muster's own operation.

use super::master_key::failed;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_admin_api::{RotateMasterKey, RotateMasterKeyRequest, RotateMasterKeyResponse};

impl Handle<RotateMasterKey> for ControlPlane {
    const ACCESS: Access<RotateMasterKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        _input: RotateMasterKeyRequest,
    ) -> Result<RotateMasterKeyResponse, ApiError> {
        self.authorise_installation(context).await?;
        let previous = self.secrets.rotate_master_key(&self.db, context.now_ms).await.map_err(failed)?;
        let master_key = self.describe_master().await?;
        tracing::info!(from = previous, to = master_key.master_key_id, "the master key changed");
        Ok(RotateMasterKeyResponse { master_key, previous_master_key_id: Some(previous) })
    }
}
