//! `DisableKey`: the key neither encrypts nor decrypts from now on.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{DisableKey, DisableKeyOutput, DisableKeyRequest};
use muster_store::kms::key;

impl Handle<DisableKey> for ControlPlane {
    const ACCESS: Access<DisableKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DisableKeyRequest,
    ) -> Result<DisableKeyOutput, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        found.kept()?;
        self.change_key(&found, key::set_enabled(&found.key.id, false)).await?;
        Ok(DisableKeyOutput {})
    }
}
