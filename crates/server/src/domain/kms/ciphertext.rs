//! What `Encrypt` gives out and `Decrypt` takes: the layout of a ciphertext, and AES-256-GCM over it. Not for: where
//! key material comes from.
//!
//! `version ‖ key ‖ material ‖ salt ‖ nonce ‖ ciphertext and tag`: 1, 16, 32, 16, 12 bytes and the rest. Each ciphertext
//! has a key of its own, HMAC-SHA256 of the salt under the material, so that the number of encryptions with one material
//! is not bounded by chance collisions of 96-bit nonces. Everything in front of the ciphertext is authenticated,
//! and so is the encryption context.

use super::encryption_context::{EncryptionContext, canonical};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use muster_ids::KeyId;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What is random in a ciphertext.
pub(crate) const RANDOM_LENGTH: usize = SALT_LENGTH + NONCE_LENGTH;

const VERSION: u8 = 1;
const KEY_LENGTH: usize = 16;
const MATERIAL_LENGTH: usize = 32;
const SALT_LENGTH: usize = 16;
const NONCE_LENGTH: usize = 12;
const HEADER_LENGTH: usize = 1 + KEY_LENGTH + MATERIAL_LENGTH + SALT_LENGTH + NONCE_LENGTH;
const TAG_LENGTH: usize = 16;
/// In front of the salt where a ciphertext's key is derived, so that material serves no other use by accident.
const LABEL: &[u8] = b"muster/kms/1/aes-256-gcm/";

/// Names a material; random, so unique over all keys.
pub(crate) type MaterialId = [u8; MATERIAL_LENGTH];

/// It is no ciphertext, or does not decrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("altered, or of another key or encryption context")]
pub(crate) struct InvalidCiphertext;

/// What a ciphertext says of itself; nothing of it is proved until it decrypts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    /// The key.
    pub(crate) key: KeyId,
    /// The material of that key.
    pub(crate) material: MaterialId,
    header: &'a [u8; HEADER_LENGTH],
    salt: [u8; SALT_LENGTH],
    nonce: [u8; NONCE_LENGTH],
    body: &'a [u8],
}

/// Encrypts. `random` is new for each ciphertext.
///
/// # Errors
/// [`InvalidCiphertext`] for a plaintext beyond 64 GiB.
pub(crate) fn encrypt(
    key: &KeyId,
    material_id: &MaterialId,
    material: &[u8; 32],
    random: [u8; RANDOM_LENGTH],
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, InvalidCiphertext> {
    let (salt, nonce) = random.split_first_chunk::<SALT_LENGTH>().ok_or(InvalidCiphertext)?;
    let nonce = <[u8; NONCE_LENGTH]>::try_from(nonce).map_err(|_| InvalidCiphertext)?;
    let key = Uuid::parse_str(key.as_str()).map_err(|_| InvalidCiphertext)?;
    let mut blob = Vec::with_capacity(HEADER_LENGTH + plaintext.len() + TAG_LENGTH);
    blob.push(VERSION);
    blob.extend_from_slice(key.as_bytes());
    blob.extend_from_slice(material_id);
    blob.extend_from_slice(&random);
    let aad = aad(&blob, context);
    let mut body = Zeroizing::new(plaintext.to_vec());
    let tag = cipher(material, salt)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
        .map_err(|_| InvalidCiphertext)?;
    blob.extend_from_slice(&body);
    blob.extend_from_slice(tag.as_ref());
    Ok(blob)
}

impl<'a> Parsed<'a> {
    /// Reads what is in front.
    ///
    /// # Errors
    /// [`InvalidCiphertext`] if it is none of ours by its form.
    pub(crate) fn read(blob: &'a [u8]) -> Result<Self, InvalidCiphertext> {
        let (header, body) = blob.split_first_chunk::<HEADER_LENGTH>().ok_or(InvalidCiphertext)?;
        let (&version, rest) = header.split_first().ok_or(InvalidCiphertext)?;
        let (key, rest) = rest.split_first_chunk::<KEY_LENGTH>().ok_or(InvalidCiphertext)?;
        let (material, rest) = rest.split_first_chunk::<MATERIAL_LENGTH>().ok_or(InvalidCiphertext)?;
        let (salt, rest) = rest.split_first_chunk::<SALT_LENGTH>().ok_or(InvalidCiphertext)?;
        let nonce = <[u8; NONCE_LENGTH]>::try_from(rest).map_err(|_| InvalidCiphertext)?;
        if version != VERSION || body.len() < TAG_LENGTH {
            return Err(InvalidCiphertext);
        }
        let key =
            KeyId::parse(&Uuid::from_bytes(*key).hyphenated().to_string()).map_err(|_| InvalidCiphertext)?;
        Ok(Self { key, material: *material, header, salt: *salt, nonce, body })
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`InvalidCiphertext`]: altered, another material, or another encryption context; which of them is not to be
    /// known.
    pub(crate) fn decrypt(
        &self,
        material: &[u8; 32],
        context: &EncryptionContext,
    ) -> Result<Zeroizing<Vec<u8>>, InvalidCiphertext> {
        let mut content = Zeroizing::new(self.body.to_vec());
        let length = cipher(material, &self.salt)?
            .open_in_place(
                Nonce::assume_unique_for_key(self.nonce),
                Aad::from(aad(self.header, context)),
                &mut content,
            )
            .map_err(|_| InvalidCiphertext)?
            .len();
        content.truncate(length);
        Ok(content)
    }
}

fn aad(header: &[u8], context: &EncryptionContext) -> Vec<u8> {
    let mut aad = header.to_vec();
    aad.extend_from_slice(&canonical(context));
    aad
}

fn cipher(material: &[u8; 32], salt: &[u8; SALT_LENGTH]) -> Result<LessSafeKey, InvalidCiphertext> {
    let mut derivation = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, material));
    derivation.update(LABEL);
    derivation.update(salt);
    let key = derivation.sign();
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| InvalidCiphertext)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "11111111-2222-3333-4444-555555555555";

    fn sample(context: &EncryptionContext, plaintext: &[u8]) -> Vec<u8> {
        let key = KeyId::parse(KEY).unwrap();
        encrypt(&key, &[0xaa; 32], &[7; 32], [9; RANDOM_LENGTH], context, plaintext).unwrap()
    }

    fn open(blob: &[u8], context: &EncryptionContext) -> Result<Vec<u8>, InvalidCiphertext> {
        Parsed::read(blob)?.decrypt(&[7; 32], context).map(|content| content.to_vec())
    }

    #[test]
    fn the_layout_is_fixed() {
        let context = EncryptionContext::from([("PARAMETER_ARN".to_owned(), "arn".to_owned())]);
        let blob = sample(&context, b"secret");
        let (header, body) = blob.split_at(HEADER_LENGTH);
        let mut expected = String::from("01");
        expected += "11111111222233334444555555555555";
        expected += &"aa".repeat(32);
        expected += &"09".repeat(RANDOM_LENGTH);
        assert_eq!(hex::encode(header), expected);
        // Computed once, with another implementation, from the words at the head of this file.
        assert_eq!(hex::encode(body), GOLDEN_BODY);
        let parsed = Parsed::read(&blob).unwrap();
        assert_eq!((parsed.key.as_str(), parsed.material), (KEY, [0xaa; 32]));
        assert_eq!(open(&blob, &context).unwrap(), b"secret");
    }

    const GOLDEN_BODY: &str = "ef765589b178941edadc884851a76912d340be55d9b8";

    proptest! {
        #[test]
        fn what_is_encrypted_comes_back_and_nothing_else_does(
            plaintext in prop::collection::vec(any::<u8>(), 0..200),
            context in prop::collection::btree_map(".{0,8}", ".{0,8}", 0..3),
            position in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let blob = sample(&context, &plaintext);
            prop_assert_eq!(open(&blob, &context), Ok(plaintext));
            let mut altered = blob.clone();
            altered[position.index(blob.len())] ^= 1 << bit;
            prop_assert_eq!(open(&altered, &context), Err(InvalidCiphertext));
            prop_assert_eq!(open(&blob[..position.index(blob.len())], &context), Err(InvalidCiphertext));
            let mut other = context.clone();
            other.insert("another".to_owned(), String::new());
            prop_assert_eq!(open(&blob, &other), Err(InvalidCiphertext));
        }
    }

    #[test]
    fn other_material_does_not_decrypt() {
        let context = EncryptionContext::new();
        let blob = sample(&context, b"x");
        assert_eq!(Parsed::read(&blob).unwrap().decrypt(&[8; 32], &context), Err(InvalidCiphertext));
    }
}
