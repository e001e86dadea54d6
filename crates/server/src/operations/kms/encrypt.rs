//! `Encrypt`: up to 4,096 bytes under a key, bound to what the caller says beside them.

use super::support::{not_dry, symmetric};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{Encrypt, EncryptRequest, EncryptResponse, EncryptionAlgorithmSpec};
use muster_service_model::Blob;
use zeroize::Zeroizing;

impl Handle<Encrypt> for ControlPlane {
    const ACCESS: Access<EncryptRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: EncryptRequest,
    ) -> Result<EncryptResponse, ApiError> {
        let pairs = input.encryption_context.unwrap_or_default();
        let found = self.any_key(context, &input.key_id, Some(&pairs)).await?;
        symmetric(input.encryption_algorithm)?;
        found.usable()?;
        not_dry(input.dry_run)?;
        let plaintext = Zeroizing::new(input.plaintext.0);
        let ciphertext = self.encrypt_under(&found.key, &pairs, &plaintext).await?;
        Ok(EncryptResponse {
            ciphertext_blob: Some(Blob(ciphertext)),
            key_id: Some(found.arn()),
            encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
        })
    }
}
