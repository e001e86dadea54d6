//! `Decrypt`: what `Encrypt` and the data key operations made, for whoever says the same beside it. The ciphertext names
//! its key; a caller who names one too means that one and no other.

use super::{
    source::no_recipient,
    support::{not_dry, symmetric},
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{Decrypt, DecryptRequest, DecryptResponse, EncryptionAlgorithmSpec};
use muster_service_model::Blob;

impl Handle<Decrypt> for ControlPlane {
    const ACCESS: Access<DecryptRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DecryptRequest,
    ) -> Result<DecryptResponse, ApiError> {
        let pairs = input.encryption_context.unwrap_or_default();
        let blob = input.ciphertext_blob.unwrap_or_default().0;
        let source = self
            .source_key(context, "kms:Decrypt", input.key_id.as_deref(), &blob, input.dry_run_modifiers)
            .await?;
        self.permit(context, &source.found, "kms:Decrypt", Some(&pairs)).await?;
        symmetric(input.encryption_algorithm)?;
        no_recipient(input.recipient.is_some())?;
        source.found.usable()?;
        let plaintext = match source.parsed {
            Some(parsed) => Some((self.decrypt_under(&parsed, &pairs).await?, hex::encode(parsed.material))),
            None => None,
        };
        not_dry(input.dry_run)?;
        let (plaintext, material) = plaintext.unzip();
        Ok(DecryptResponse {
            key_id: Some(source.found.arn()),
            plaintext: plaintext.map(|plaintext| Blob(plaintext.to_vec())),
            encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
            key_material_id: material,
            ciphertext_for_recipient: None,
        })
    }
}
