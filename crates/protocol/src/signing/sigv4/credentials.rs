//! Secrets and the keys derived from them. Not for: where secrets are kept.

use super::TERMINATOR;
use aws_lc_rs::hmac;
use std::fmt;
use zeroize::Zeroizing;

/// The key of one secret, day, region and service; wiped when dropped.
pub type SigningKey = Zeroizing<[u8; 32]>;

/// What a client signs with.
#[derive(Clone)]
pub struct Credentials {
    /// Public half: `AKIA…`, `ASIA…`.
    pub access_key_id: String,
    secret: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
}

impl Credentials {
    /// Credentials of two or three parts.
    pub fn new(
        access_key_id: impl Into<String>,
        secret: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret: Zeroizing::new(secret.into()),
            session_token: session_token.map(Zeroizing::new),
        }
    }

    /// The secret half.
    pub fn expose_secret(&self) -> &str {
        &self.secret
    }

    /// The token of temporary credentials.
    pub fn expose_session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(|token| token.as_str())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The signing key of a secret for a day (`yyyymmdd`), region and service.
pub fn derive_key(secret: &str, date: &str, region: &str, service: &str) -> SigningKey {
    let mut start = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
    start.extend_from_slice(b"AWS4");
    start.extend_from_slice(secret.as_bytes());
    let key = hmac_sha256(&start, date.as_bytes());
    let key = hmac_sha256(&*key, region.as_bytes());
    let key = hmac_sha256(&*key, service.as_bytes());
    hmac_sha256(&*key, TERMINATOR.as_bytes())
}

pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> SigningKey {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut output = SigningKey::default();
    output.copy_from_slice(tag.as_ref());
    output
}
