//! A node's own key, and the requests that it signs with it: RSA, PSS with SHA-256 and a salt of 32 bytes.
//!
//! A node asks for its role token and changes its key before it has (or trusts) a shared secret. Such a request is
//! canonicalised and labelled as [`sigv4`](super::sigv4), with the node id as credential and the signature in base64.
//! Source: the official agent's key and request-signing code. Not for: where the key is kept on disk, or which public
//! key belongs to which node.

use super::Request;
use super::sigv4::{PathEncoding, SignedRequest, canonical_request, string_to_sign};
use super::sigv4::{authorization, day_and_scope, with_date};
use crate::time;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicEncryptingKey};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use muster_ids::ManagedNodeId;
use std::fmt;
use zeroize::Zeroizing;

/// Sizes of public keys that a server takes, in bits. Official agents make 2048.
const ACCEPTED_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The service of every request that a node signs with its key.
const SERVICE: &str = "ssm";

/// Why a key is not one. Says nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not base64, or not the DER of an RSA key.
    #[error("not an RSA key")]
    Malformed,
    /// Too small to be safe or too large to be cheap.
    #[error("RSA key of {bits} bits; 2048 to 4096 are accepted")]
    Size {
        /// Its size.
        bits: usize,
    },
    /// The cryptographic library refused to work (no randomness, no memory).
    #[error("key operation failed")]
    Failed,
}

/// A node's private key.
pub struct NodeKey {
    pair: RsaKeyPair,
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NodeKey([redacted])")
    }
}

impl NodeKey {
    /// A new key of 2048 bits. Takes some tens of milliseconds.
    ///
    /// # Errors
    /// [`KeyError::Failed`] without randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Failed)?;
        Ok(Self { pair })
    }

    /// Reads base64 of PKCS#1 DER, as agents store it.
    ///
    /// # Errors
    /// [`KeyError`] when it is none, or of another size than 2048 to 4096 bits.
    pub fn from_pkcs1_base64(text: &str) -> Result<Self, KeyError> {
        let der = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed)?);
        let pair = RsaKeyPair::from_der(&der).map_err(|_| KeyError::Malformed)?;
        let bits = pair.public_modulus_len() * 8;
        if ACCEPTED_BITS.contains(&bits) { Ok(Self { pair }) } else { Err(KeyError::Size { bits }) }
    }

    /// Base64 of PKCS#1 DER.
    ///
    /// # Errors
    /// [`KeyError::Failed`] when the key cannot be written.
    pub fn to_pkcs1_base64(&self) -> Result<Zeroizing<String>, KeyError> {
        let pkcs8: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| KeyError::Failed)?;
        let pkcs1 = der::unwrap_pkcs8(pkcs8.as_ref()).ok_or(KeyError::Failed)?;
        Ok(Zeroizing::new(STANDARD.encode(pkcs1)))
    }

    /// Base64 of `SubjectPublicKeyInfo` DER: 392 characters for 2048 bits.
    ///
    /// # Errors
    /// [`KeyError::Failed`] when the key cannot be written.
    pub fn public_spki_base64(&self) -> Result<String, KeyError> {
        let spki: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(|_| KeyError::Failed)?;
        Ok(STANDARD.encode(spki.as_ref()))
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`KeyError::Failed`] without randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError::Failed)?;
        Ok(signature)
    }

    /// Signs a request in the RSA form. `request.headers` must hold `host`, `content-type` and `x-amz-target`;
    /// returned are the headers to add.
    ///
    /// # Errors
    /// [`KeyError::Failed`] without randomness.
    pub fn sign_request(
        &self,
        request: &Request<'_>,
        payload_hash: &str,
        node: &ManagedNodeId,
        region: &str,
        now_ms: i64,
    ) -> Result<Vec<(&'static str, String)>, KeyError> {
        let amz_date = time::basic(now_ms);
        let (unsigned, signed_headers) = with_date(request, &amz_date, None);
        let (_, scope) = day_and_scope(&amz_date, region, SERVICE);
        let canonical = canonical_request(&unsigned, &signed_headers, PathEncoding::Double, payload_hash);
        let signature = self.sign(string_to_sign(&amz_date, &scope, &canonical).as_bytes())?;
        let value = authorization(node.as_str(), &scope, &signed_headers, &STANDARD.encode(signature));
        Ok(vec![("x-amz-date", amz_date), ("authorization", value)])
    }
}

/// Checks base64 of a public key, and returns its `SubjectPublicKeyInfo` DER for [`verify`].
///
/// # Errors
/// [`KeyError`] when it is not exactly one RSA key, or of another size than 2048 to 4096 bits.
pub fn verify_public_key(spki_base64: &str) -> Result<Vec<u8>, KeyError> {
    let der = STANDARD.decode(spki_base64.trim()).map_err(|_| KeyError::Malformed)?;
    let key = PublicEncryptingKey::from_der(&der).map_err(|_| KeyError::Malformed)?;
    let bits = key.key_size_bits();
    if !ACCEPTED_BITS.contains(&bits) {
        return Err(KeyError::Size { bits });
    }
    // One key, one spelling: trailing bytes and other encodings would let two texts name one key.
    let canonical: PublicKeyX509Der<'_> = key.as_der().map_err(|_| KeyError::Malformed)?;
    if canonical.as_ref() == der { Ok(der) } else { Err(KeyError::Malformed) }
}

/// Whether `signature` over `message` was made with the private half of this key.
pub fn verify(spki_der: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, spki_der).verify(message, signature).is_ok()
}

/// Whether a request of the RSA form was signed with this key. Time and scope are the caller's to check.
pub fn verify_request(
    spki_der: &[u8],
    signed: &SignedRequest,
    request: &Request<'_>,
    payload_hash: &str,
) -> bool {
    let Ok(signature) = STANDARD.decode(&signed.signature) else { return false };
    signed
        .strings_to_sign(request, PathEncoding::Double, payload_hash)
        .iter()
        .any(|text| verify(spki_der, text.as_bytes(), &signature))
}

mod der {
    //! As much DER as it takes to take PKCS#8's wrapper off a PKCS#1 key.

    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const OCTET_STRING: u8 = 0x04;

    /// `PrivateKeyInfo { version, algorithm, privateKey OCTET STRING }`: the inside of the last.
    pub(super) fn unwrap_pkcs8(bytes: &[u8]) -> Option<&[u8]> {
        let (info, _) = element(bytes, SEQUENCE)?;
        let (_version, rest) = element(info, INTEGER)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        element(rest, OCTET_STRING).map(|(key, _)| key)
    }

    /// The content of the first element, which must have this tag, and what follows it.
    fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
        let (found, rest) = bytes.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if length >= 0x80 {
            let (digits, after) = rest.split_at_checked(length & 0x7f)?;
            length = digits
                .iter()
                .try_fold(0_usize, |sum, digit| sum.checked_mul(256).map(|sum| sum + usize::from(*digit)))?;
            rest = after;
        }
        (*found == tag).then(|| rest.split_at_checked(length))?
    }
}

#[cfg(test)]
mod tests;
