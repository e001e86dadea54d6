//! `GenerateDataKeyWithoutPlaintext`: random bytes for later, under a key alone.

use super::{data_key::data_key_length, support::not_dry};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{
    GenerateDataKeyWithoutPlaintext, GenerateDataKeyWithoutPlaintextRequest,
    GenerateDataKeyWithoutPlaintextResponse,
};
use muster_service_model::Blob;

impl Handle<GenerateDataKeyWithoutPlaintext> for ControlPlane {
    const ACCESS: Access<GenerateDataKeyWithoutPlaintextRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GenerateDataKeyWithoutPlaintextRequest,
    ) -> Result<GenerateDataKeyWithoutPlaintextResponse, ApiError> {
        let pairs = input.encryption_context.unwrap_or_default();
        let found = self.any_key(context, &input.key_id, Some(&pairs)).await?;
        let length = data_key_length(input.number_of_bytes, input.key_spec)?;
        found.usable()?;
        not_dry(input.dry_run)?;
        let (_, ciphertext) = self.new_data_key(&found, &pairs, length).await?;
        Ok(GenerateDataKeyWithoutPlaintextResponse {
            ciphertext_blob: Some(Blob(ciphertext)),
            key_id: Some(found.arn()),
            key_material_id: Some(found.key.material_id),
        })
    }
}
