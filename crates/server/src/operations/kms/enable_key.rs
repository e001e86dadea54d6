//! `EnableKey`: the key can encrypt and decrypt from now on.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{EnableKey, EnableKeyOutput, EnableKeyRequest};
use muster_store::kms::key;

impl Handle<EnableKey> for ControlPlane {
    const ACCESS: Access<EnableKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: EnableKeyRequest,
    ) -> Result<EnableKeyOutput, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        found.kept()?;
        self.change_key(&found, key::set_enabled(&found.key.id, true)).await?;
        Ok(EnableKeyOutput {})
    }
}
