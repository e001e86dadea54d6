//! Random bytes, in clear and under a key. Not for: the installation's own data keys.

use crate::{
    ControlPlane, domain::kms::encryption_context::EncryptionContext, error::ApiError, keys::Found,
    secrets::random_bytes,
};
use muster_kms_api::DataKeySpec;
use zeroize::Zeroizing;

/// How many bytes the caller wants.
///
/// # Errors
/// `ValidationException` unless exactly one of both says so.
pub(super) fn data_key_length(bytes: Option<i32>, spec: Option<DataKeySpec>) -> Result<usize, ApiError> {
    match (bytes, spec) {
        (Some(bytes), None) => Ok(usize::try_from(bytes).unwrap_or_default()),
        (None, Some(DataKeySpec::Aes256)) => Ok(32),
        (None, Some(DataKeySpec::Aes128)) => Ok(16),
        _ => Err(ApiError::validation("Please specify either number of bytes or key spec.")),
    }
}

/// Random bytes.
pub(super) fn random(length: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    while bytes.len() < length {
        let block = Zeroizing::new(random_bytes::<32>());
        let missing = length - bytes.len();
        bytes.extend(block.iter().take(missing));
    }
    bytes
}

impl ControlPlane {
    /// New random bytes, and the same under a key.
    pub(super) async fn new_data_key(
        &self,
        found: &Found,
        pairs: &EncryptionContext,
        length: usize,
    ) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), ApiError> {
        let plaintext = random(length);
        let ciphertext = self.encrypt_under(&found.key, pairs, &plaintext).await?;
        Ok((plaintext, ciphertext))
    }
}
