//! Key material: made, sealed at rest, unsealed once, used. Not for: whether it may be used.

use super::cache::Bytes;
use crate::{
    ControlPlane,
    domain::kms::{
        ciphertext::{self, MaterialId, Parsed},
        encryption_context::EncryptionContext,
    },
    error::ApiError,
    secrets::{Secrets, random_bytes},
};
use muster_ids::KeyId;
use muster_kms_api::errors::INVALID_CIPHERTEXT_EXCEPTION;
use muster_store::kms::{
    key::Key,
    material::{self, Material, Rotation},
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// New material for a key.
pub(crate) fn new_material(
    secrets: &Secrets,
    key: &KeyId,
    now_ms: i64,
    rotation: Option<Rotation>,
) -> Material {
    let id = hex::encode(random_bytes::<32>());
    let bytes = Zeroizing::new(random_bytes::<32>());
    let sealed = secrets.seal(&purpose(key, &id), bytes.as_slice());
    Material { id, sealed, created_ms: now_ms, rotation }
}

/// Material of one key never passes for another's.
fn purpose(key: &KeyId, id: &str) -> String {
    format!("kms-material/{key}/{id}")
}

impl ControlPlane {
    /// Encrypts with the key's current material.
    ///
    /// # Errors
    /// The store's; or material that does not unseal, which is ours to explain.
    pub(crate) async fn encrypt_under(
        &self,
        key: &Key,
        context: &EncryptionContext,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, ApiError> {
        let mut id: MaterialId = [0; 32];
        hex::decode_to_slice(&key.material_id, &mut id).map_err(ApiError::internal)?;
        let bytes = self
            .key_material(&key.id, &id)
            .await?
            .ok_or_else(|| ApiError::internal("a key names material that is not there"))?;
        ciphertext::encrypt(&key.id, &id, &bytes, random_bytes(), context, plaintext)
            .map_err(ApiError::internal)
    }

    /// Decrypts with the material that the ciphertext names.
    ///
    /// # Errors
    /// `InvalidCiphertextException`, without a text as in AWS.
    pub(crate) async fn decrypt_under(
        &self,
        ciphertext: &Parsed<'_>,
        context: &EncryptionContext,
    ) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let invalid = || ApiError::new(&INVALID_CIPHERTEXT_EXCEPTION, "");
        let bytes = self.key_material(&ciphertext.key, &ciphertext.material).await?.ok_or_else(invalid)?;
        ciphertext.decrypt(&bytes, context).map_err(|_| invalid())
    }

    async fn key_material(&self, key: &KeyId, id: &MaterialId) -> Result<Option<Bytes>, ApiError> {
        if let Some(bytes) = self.keys.material(key, id) {
            return Ok(Some(bytes));
        }
        let name = hex::encode(id);
        let Some(row) = material::find(&self.db, key, &name).await? else { return Ok(None) };
        let opened =
            self.secrets.open_sealed(&purpose(key, &name), &row.sealed).map_err(ApiError::internal)?;
        let mut bytes = Zeroizing::new([0; 32]);
        let opened = opened.first_chunk::<32>().ok_or_else(|| ApiError::internal("key material is short"))?;
        bytes.copy_from_slice(opened);
        let bytes = Arc::new(bytes);
        self.keys.keep_material(key, *id, &bytes);
        Ok(Some(bytes))
    }
}
