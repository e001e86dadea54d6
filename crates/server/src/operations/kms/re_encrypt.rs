//! `ReEncrypt`: from one key, or one encryption context, to another, without the plaintext leaving the server.

use super::support::{not_dry, symmetric};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{EncryptionAlgorithmSpec, ReEncrypt, ReEncryptRequest, ReEncryptResponse};
use muster_service_model::Blob;

impl Handle<ReEncrypt> for ControlPlane {
    const ACCESS: Access<ReEncryptRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ReEncryptRequest,
    ) -> Result<ReEncryptResponse, ApiError> {
        let from = input.source_encryption_context.unwrap_or_default();
        let to = input.destination_encryption_context.unwrap_or_default();
        let blob = input.ciphertext_blob.unwrap_or_default().0;
        let source = self
            .source_key(context, FROM, input.source_key_id.as_deref(), &blob, input.dry_run_modifiers)
            .await?;
        let destination = self.find_key(context, TO, &input.destination_key_id).await?;
        let same = (source.found.key.id == destination.key.id).to_string();
        for (found, action, pairs) in [(&source.found, FROM, &from), (&destination, TO, &to)] {
            let requirement = self.key_requirement(context, found, action, Some(pairs)).await?;
            let requirement = requirement.key("kms:ReEncryptOnSameKey", same.as_str());
            self.permit_all(context, found, action, &[requirement]).await?;
        }
        symmetric(input.source_encryption_algorithm)?;
        symmetric(input.destination_encryption_algorithm)?;
        source.found.usable()?;
        destination.usable()?;
        let Some(parsed) = source.parsed else {
            not_dry(input.dry_run)?;
            return Err(ApiError::internal("a call without a ciphertext is a dry run"));
        };
        let plaintext = self.decrypt_under(&parsed, &from).await?;
        not_dry(input.dry_run)?;
        let ciphertext = self.encrypt_under(&destination.key, &to, &plaintext).await?;
        Ok(ReEncryptResponse {
            ciphertext_blob: Some(Blob(ciphertext)),
            source_key_id: Some(source.found.arn()),
            key_id: Some(destination.arn()),
            source_encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
            destination_encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
            source_key_material_id: Some(hex::encode(parsed.material)),
            destination_key_material_id: Some(destination.key.material_id),
        })
    }
}

const FROM: &str = "kms:ReEncryptFrom";
const TO: &str = "kms:ReEncryptTo";
