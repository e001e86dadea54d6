//! The key that signs messages of topics, and its certificate. It is made when the first message is signed, kept in the
//! database, sealed, and used by every replica.
//!
//! SignatureVersion 1 is SHA-1, which the main crypto library verifies but does not make; another library makes it.

use crate::{ControlPlane, error::ApiError};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use muster_store::sns::message_key::{self, MessageKey};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::DecodePrivateKey as _};
use sha1::{Digest as _, Sha1};
use std::{fmt, sync::Arc};
use tokio::sync::OnceCell;

const PURPOSE: &str = "message-key";
const FILE: &str = "SimpleNotificationService-";

/// Signs messages; the key is read, or made, at the first use.
#[derive(Debug, Default)]
pub(crate) struct MessageSigner {
    key: OnceCell<Arc<Key>>,
}

/// The key at work.
pub(crate) struct Key {
    id: String,
    sha256: RsaKeyPair,
    sha1: RsaPrivateKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    fn open(id: String, pkcs8: &[u8]) -> Result<Self, String> {
        Ok(Self {
            id,
            sha256: RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| error.to_string())?,
            sha1: RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(|error| error.to_string())?,
        })
    }

    /// Signs by `SignatureVersion` 1 or 2; base64.
    pub(crate) fn sign(&self, version: &str, text: &str) -> Result<String, String> {
        let signature = if version == "2" {
            let mut signature = vec![0; self.sha256.public_modulus_len()];
            self.sha256
                .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
                .map_err(|error| error.to_string())?;
            signature
        } else {
            // Blinded, so that the time it takes tells nothing of the key.
            let digest = Sha1::digest(text.as_bytes());
            self.sha1
                .sign_with_rng(&mut rsa::rand_core::OsRng, Pkcs1v15Sign::new::<Sha1>(), &digest)
                .map_err(|error| error.to_string())?
        };
        Ok(STANDARD.encode(signature))
    }

    /// Where the certificate is, below the server's URL.
    pub(crate) fn certificate_path(&self) -> String {
        format!("/{FILE}{}.pem", self.id)
    }
}

impl ControlPlane {
    /// The key that signs messages.
    ///
    /// # Errors
    /// The store's, or a key that another master key sealed.
    pub(crate) async fn message_key(&self) -> Result<Arc<Key>, ApiError> {
        self.signer.key.get_or_try_init(|| self.load_message_key()).await.cloned()
    }

    async fn load_message_key(&self) -> Result<Arc<Key>, ApiError> {
        if message_key::newest(&self.db).await?.is_none() {
            let now_ms = self.clock.now_ms();
            let made =
                tokio::task::spawn_blocking(move || generate(now_ms)).await.map_err(ApiError::internal)?;
            let (pkcs8, certificate) = made.map_err(ApiError::internal)?;
            let row = MessageKey {
                id: uuid::Uuid::new_v4().simple().to_string(),
                private_sealed: self.secrets.seal(PURPOSE, &pkcs8),
                certificate,
                created_ms: now_ms,
            };
            self.db.write(message_key::insert(&row)).await?;
        }
        // Another replica may have made one, too: all use the same.
        let row = message_key::newest(&self.db).await?.ok_or_else(|| ApiError::internal("no message key"))?;
        let pkcs8 = self.secrets.open_sealed(PURPOSE, &row.private_sealed).map_err(ApiError::internal)?;
        Key::open(row.id, &pkcs8).map(Arc::new).map_err(ApiError::internal)
    }

    /// The certificate at a path such as `/SimpleNotificationService-ID.pem`, PEM.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn message_certificate(&self, path: &str) -> Result<Option<String>, ApiError> {
        let id = path.strip_prefix('/').and_then(|path| path.strip_prefix(FILE)?.strip_suffix(".pem"));
        let Some(id) = id.filter(|id| id.len() == 32) else { return Ok(None) };
        Ok(message_key::find(&self.db, id).await?.map(|key| key.certificate))
    }
}

/// A key of 2048 bits, PKCS#8, and a certificate that it signs itself, PEM.
fn generate(now_ms: i64) -> Result<(Vec<u8>, String), String> {
    let pair =
        KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|error| error.to_string())?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Muster Simple Notification Service");
    let year = jiff::Timestamp::from_millisecond(now_ms)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .year();
    params.not_before = date_time_ymd(i32::from(year) - 1, 1, 1);
    params.not_after = date_time_ymd(i32::from(year) + 30, 1, 1);
    let certificate = params.self_signed(&pair).map_err(|error| error.to_string())?;
    Ok((pair.serialize_der(), certificate.pem()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{
        KeyPair as _, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
        UnparsedPublicKey,
    };

    #[test]
    fn both_versions_verify() {
        let (pkcs8, certificate) = generate(1_700_000_000_000).unwrap();
        assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        let key = Key::open("i".to_owned(), &pkcs8).unwrap();
        let public = key.sha256.public_key().as_ref();
        for (version, algorithm) in
            [("1", &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY), ("2", &RSA_PKCS1_2048_8192_SHA256)]
        {
            let signature = STANDARD.decode(key.sign(version, "text").unwrap()).unwrap();
            let verifier = UnparsedPublicKey::new(algorithm, public);
            verifier.verify(b"text", &signature).unwrap();
            assert!(verifier.verify(b"other", &signature).is_err());
        }
        assert!(!format!("{key:?}").contains("sha1"));
    }
}
