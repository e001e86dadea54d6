//! A data key: what it seals and opens, and the digests under it. Not for: which data key is used, or how they are kept.

use super::random::random_bytes;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use zeroize::Zeroizing;

/// Bytes of a data key, and of a master key.
pub(super) const KEY_LENGTH: usize = 32;
const SALT_LENGTH: usize = 16;
const NONCE_LENGTH: usize = 12;
/// First byte of what was sealed before data keys had numbers: it is of number 0.
const VERSION_1: u8 = 1;
/// First byte of what is sealed: the number of the data key follows, and then what version 1 had.
const VERSION_2: u8 = 2;
const NUMBER_LENGTH: usize = 4;
const HEADER_LENGTH: usize = 1 + NUMBER_LENGTH + SALT_LENGTH + NONCE_LENGTH;

/// Something sealed did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed with another key or for another purpose, or altered")]
pub struct SealError;

/// 32 bytes, wiped when nobody uses them any more.
pub(super) struct DataKey {
    key: Zeroizing<[u8; KEY_LENGTH]>,
}

/// Which data key opens this, and what is behind that number.
pub(super) fn number(sealed: &[u8]) -> Result<(u32, &[u8]), SealError> {
    match sealed.split_first().ok_or(SealError)? {
        (&VERSION_1, rest) => Ok((0, rest)),
        (&VERSION_2, rest) => {
            let (number, rest) = rest.split_first_chunk::<NUMBER_LENGTH>().ok_or(SealError)?;
            Ok((u32::from_be_bytes(*number), rest))
        }
        _ => Err(SealError),
    }
}

impl DataKey {
    pub(super) fn new(key: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        Self { key }
    }

    pub(super) fn random() -> Self {
        Self::new(Zeroizing::new(random_bytes()))
    }

    /// The key itself, to be wrapped.
    pub(super) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.key
    }

    pub(super) fn digest(&self, purpose: &str, content: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.derive("digest", purpose), content)
    }

    /// `2 ‖ number ‖ salt ‖ nonce ‖ ciphertext and tag`. The salt gives every value a key of its own, so that the
    /// number of values is not bounded by chance collisions of 96-bit nonces.
    pub(super) fn seal(&self, number: u32, purpose: &str, content: &[u8]) -> Vec<u8> {
        let salt: [u8; SALT_LENGTH] = random_bytes();
        let nonce: [u8; NONCE_LENGTH] = random_bytes();
        let mut sealed = Vec::with_capacity(HEADER_LENGTH + content.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION_2);
        sealed.extend_from_slice(&number.to_be_bytes());
        sealed.extend_from_slice(&salt);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(content);
        let tag = self.cipher(purpose, &salt).and_then(|cipher| {
            let body = sealed.get_mut(HEADER_LENGTH..).unwrap_or_default();
            cipher
                .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), body)
                .ok()
        });
        match tag {
            Some(tag) => sealed.extend_from_slice(tag.as_ref()),
            // Only content beyond 64 GiB fails; what is left must not be the clear text, and opens to nothing.
            None => sealed.truncate(HEADER_LENGTH),
        }
        sealed
    }

    /// Opens what is behind the number.
    pub(super) fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (salt, rest) = sealed.split_first_chunk::<SALT_LENGTH>().ok_or(SealError)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError)?;
        let cipher = self.cipher(purpose, salt).ok_or(SealError)?;
        let mut content = Zeroizing::new(body.to_vec());
        let length = cipher
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose), &mut content)
            .map_err(|_| SealError)?
            .len();
        content.truncate(length);
        Ok(content)
    }

    fn cipher(&self, purpose: &str, salt: &[u8; SALT_LENGTH]) -> Option<LessSafeKey> {
        let key = Zeroizing::new(hmac_sha256(&self.derive("seal", purpose), salt));
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).ok()?))
    }

    /// A key for one use and purpose: HMAC as a pseudorandom function of an unambiguous label.
    fn derive(&self, usage: &str, purpose: &str) -> Zeroizing<[u8; 32]> {
        let label = format!("muster/1/{usage}/{purpose}");
        Zeroizing::new(hmac_sha256(&self.key, label.as_bytes()))
    }
}

/// HMAC-SHA256.
pub(super) fn hmac_sha256(key: &[u8; 32], content: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), content);
    let mut digest = [0; 32];
    digest.copy_from_slice(tag.as_ref());
    digest
}
