//! The keys of KMS in use: found by any of their names, allowed to the caller, in a state that lets them work, and then
//! encrypting or decrypting. For the operations of KMS, and for those of other services that encrypt for their callers.
//! Not for: the operations of KMS themselves, or the installation's own secrets (`secrets`).

mod cache;
mod error;
mod find;
mod managed;
mod material;
mod permission;
#[cfg(test)]
mod tests;

pub(crate) use cache::Keys;
pub(crate) use error::no_alias;
pub(crate) use find::Found;
pub(crate) use material::new_material;
pub(crate) use permission::{general, is_called};

use crate::{
    ControlPlane,
    context::RequestContext,
    domain::kms::{ciphertext::Parsed, encryption_context::EncryptionContext},
    error::ApiError,
};
use muster_kms_api::errors::INVALID_CIPHERTEXT_EXCEPTION;
use zeroize::Zeroizing;

/// What came of encrypting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encrypted {
    /// ARN of the key.
    pub(crate) key_arn: String,
    /// What `Decrypt` takes.
    pub(crate) ciphertext: Vec<u8>,
}

impl ControlPlane {
    /// Encrypts for the caller with a key named by id, ARN, alias or alias ARN, as `kms:Encrypt`. `alias/aws/ssm` is made
    /// at its first use. The plaintext may be longer than what KMS's own operation takes.
    ///
    /// # Errors
    /// Those of `kms:Encrypt`: `NotFoundException`, `InvalidArnException`, `AccessDeniedException`, `DisabledException`,
    /// `KMSInvalidStateException`.
    pub(crate) async fn encrypt_for(
        &self,
        context: &RequestContext,
        key: &str,
        encryption_context: &EncryptionContext,
        plaintext: &[u8],
    ) -> Result<Encrypted, ApiError> {
        self.encrypt_as(context, "kms:Encrypt", key, encryption_context, plaintext).await
    }

    /// As [`encrypt_for`](Self::encrypt_for), for what AWS encrypts with a data key of its own: the caller needs
    /// `kms:GenerateDataKey` instead. Advanced parameters are such.
    ///
    /// # Errors
    /// As of `encrypt_for`.
    pub(crate) async fn encrypt_with_data_key_for(
        &self,
        context: &RequestContext,
        key: &str,
        encryption_context: &EncryptionContext,
        plaintext: &[u8],
    ) -> Result<Encrypted, ApiError> {
        self.encrypt_as(context, "kms:GenerateDataKey", key, encryption_context, plaintext).await
    }

    async fn encrypt_as(
        &self,
        context: &RequestContext,
        action: &str,
        key: &str,
        encryption_context: &EncryptionContext,
        plaintext: &[u8],
    ) -> Result<Encrypted, ApiError> {
        let found = self.find_key(context, action, key).await?;
        self.permit(context, &found, action, Some(encryption_context)).await?;
        found.usable()?;
        let ciphertext = self.encrypt_under(&found.key, encryption_context, plaintext).await?;
        Ok(Encrypted { key_arn: found.arn(), ciphertext })
    }

    /// Decrypts for the caller, as `kms:Decrypt`. The ciphertext says which key it needs.
    ///
    /// # Errors
    /// Those of `kms:Decrypt`: `InvalidCiphertextException`, `AccessDeniedException` (also for a key that is gone),
    /// `DisabledException`, `KMSInvalidStateException`.
    pub(crate) async fn decrypt_for(
        &self,
        context: &RequestContext,
        ciphertext: &[u8],
        encryption_context: &EncryptionContext,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let parsed =
            Parsed::read(ciphertext).map_err(|_| ApiError::new(&INVALID_CIPHERTEXT_EXCEPTION, ""))?;
        let found = self.find_key_of(context, "kms:Decrypt", &parsed).await?;
        self.permit(context, &found, "kms:Decrypt", Some(encryption_context)).await?;
        found.usable()?;
        self.decrypt_under(&parsed, encryption_context).await
    }
}
