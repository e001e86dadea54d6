//! `UpdateKeyDescription`: other words for what a key is for.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{UpdateKeyDescription, UpdateKeyDescriptionOutput, UpdateKeyDescriptionRequest};
use muster_store::kms::key;

impl Handle<UpdateKeyDescription> for ControlPlane {
    const ACCESS: Access<UpdateKeyDescriptionRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateKeyDescriptionRequest,
    ) -> Result<UpdateKeyDescriptionOutput, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        found.kept()?;
        self.change_key(&found, key::set_description(&found.key.id, &input.description)).await?;
        Ok(UpdateKeyDescriptionOutput {})
    }
}
