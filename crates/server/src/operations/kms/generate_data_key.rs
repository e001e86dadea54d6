//! `GenerateDataKey`: random bytes for the caller to encrypt with, in clear and under a key.

use super::{data_key::data_key_length, source::no_recipient, support::not_dry};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{GenerateDataKey, GenerateDataKeyRequest, GenerateDataKeyResponse};
use muster_service_model::Blob;

impl Handle<GenerateDataKey> for ControlPlane {
    const ACCESS: Access<GenerateDataKeyRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GenerateDataKeyRequest,
    ) -> Result<GenerateDataKeyResponse, ApiError> {
        let pairs = input.encryption_context.unwrap_or_default();
        let found = self.any_key(context, &input.key_id, Some(&pairs)).await?;
        let length = data_key_length(input.number_of_bytes, input.key_spec)?;
        no_recipient(input.recipient.is_some())?;
        found.usable()?;
        not_dry(input.dry_run)?;
        let (plaintext, ciphertext) = self.new_data_key(&found, &pairs, length).await?;
        Ok(GenerateDataKeyResponse {
            ciphertext_blob: Some(Blob(ciphertext)),
            plaintext: Some(Blob(plaintext.to_vec())),
            key_id: Some(found.arn()),
            key_material_id: Some(found.key.material_id),
            ciphertext_for_recipient: None,
        })
    }
}
