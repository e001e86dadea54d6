//! `DisableKeyRotation`: new material only if somebody asks for it.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{DisableKeyRotation, DisableKeyRotationOutput, DisableKeyRotationRequest};
use muster_store::kms::key;

impl Handle<DisableKeyRotation> for ControlPlane {
    const ACCESS: Access<DisableKeyRotationRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DisableKeyRotationRequest,
    ) -> Result<DisableKeyRotationOutput, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        found.usable()?;
        self.change_key(&found, key::set_rotation(&found.key.id, None)).await?;
        Ok(DisableKeyRotationOutput {})
    }
}
