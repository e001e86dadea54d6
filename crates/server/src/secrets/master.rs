//! The master key: its file, and the keys derived from it. Not for: what is sealed.

use super::{file, random::random_bytes};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use std::{io, path::Path, path::PathBuf};
use zeroize::Zeroizing;

const KEY_LENGTH: usize = 32;
const SALT_LENGTH: usize = 16;
const NONCE_LENGTH: usize = 12;
/// First byte of everything sealed: the layout below, so that another may follow it one day.
const VERSION: u8 = 1;
const HEADER_LENGTH: usize = 1 + SALT_LENGTH + NONCE_LENGTH;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read, written, or trusted.
    #[error("cannot use the master key {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("the master key {} has {length} bytes instead of {KEY_LENGTH}: restore it from a backup", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
}

/// Something sealed did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed with another key or for another purpose, or altered")]
pub struct SealError;

pub(super) struct MasterKey {
    key: Zeroizing<[u8; KEY_LENGTH]>,
}

impl MasterKey {
    pub(super) fn new(key: [u8; KEY_LENGTH]) -> Self {
        Self { key: Zeroizing::new(key) }
    }

    /// Reads the key, or makes it. The folder's lock keeps a second maker away.
    pub(super) fn open(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
        if let Some(content) = file::read_private(path).map_err(failed)? {
            let length = content.len();
            let key = <[u8; KEY_LENGTH]>::try_from(content.as_slice())
                .map_err(|_| MasterKeyError::Length { path: path.to_owned(), length })?;
            return Ok(Self::new(key));
        }
        let made = Self::new(random_bytes());
        file::write_private(path, made.key.as_slice()).map_err(failed)?;
        Ok(made)
    }

    pub(super) fn digest(&self, purpose: &str, content: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.derive("digest", purpose), content)
    }

    /// `version ‖ salt ‖ nonce ‖ ciphertext and tag`. The salt gives every value a key of its own, so that the
    /// number of values is not bounded by chance collisions of 96-bit nonces.
    pub(super) fn seal(&self, purpose: &str, content: &[u8]) -> Vec<u8> {
        let salt: [u8; SALT_LENGTH] = random_bytes();
        let nonce: [u8; NONCE_LENGTH] = random_bytes();
        let mut sealed = Vec::with_capacity(HEADER_LENGTH + content.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
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

    pub(super) fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (&version, rest) = sealed.split_first().ok_or(SealError)?;
        let (salt, rest) = rest.split_first_chunk::<SALT_LENGTH>().ok_or(SealError)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError)?;
        if version != VERSION {
            return Err(SealError);
        }
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

fn hmac_sha256(key: &[u8; 32], content: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), content);
    let mut digest = [0; 32];
    digest.copy_from_slice(tag.as_ref());
    digest
}
