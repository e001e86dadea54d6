//! Keys at rest and everything derived from them: sealed values, temporary credentials, page tokens, channel
//! tokens.
//!
//! A master key wraps data keys, and these seal everything else. What is sealed names its data key; each use has a
//! purpose, a key derived for it, and the purpose bound into what is sealed: a page token never passes for a session
//! token. Tokens hold their own content, sealed, so no replica keeps a table of them. Not for: the signatures
//! themselves, which are the protocol's, or the keys of KMS, whose material is sealed here like other secrets.

mod data_key;
mod file;
mod keyring;
mod master;
mod random;
mod ring;
mod rotation;
mod session;
#[cfg(test)]
mod tests;
mod tokens;

pub use data_key::SealError;
pub(crate) use file::{read_private, write_private};
pub use keyring::Sample;
pub use master::MasterKeyError;
pub use random::{random_alphanumeric, random_bytes};
pub use session::{Claims, KeyClaims, NodeClaims, RoleClaims, Session, SessionCredentials};

pub(crate) use random::{
    account_of_key_id, random_access_key_id, random_digits, random_identity_id, random_secret_access_key,
};
pub(crate) use session::deflate;

use data_key::DataKey;
use keyring::Keeper;
use ring::Ring;
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// What the secret of a stored access key is sealed for.
pub(crate) fn access_key_purpose(access_key_id: &str) -> String {
    format!("access-key/{access_key_id}")
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not made by us for this use, or altered.
    #[error("the token is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

/// The data keys and their uses.
pub struct Secrets {
    ring: RwLock<Arc<Ring>>,
    /// How the master key is reached; none for secrets that last as long as the value.
    keeper: Option<Keeper>,
}

impl Secrets {
    /// A key that lasts as long as the value: for tests.
    pub fn ephemeral() -> Self {
        Self::with(Ring::of_one(DataKey::random()), None)
    }

    fn with(ring: Ring, keeper: Option<Keeper>) -> Self {
        Self { ring: RwLock::new(Arc::new(ring)), keeper }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_ring(&self, ring: Ring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// Encrypts for a purpose. The same content sealed twice looks different.
    pub fn seal(&self, purpose: &str, content: &[u8]) -> Vec<u8> {
        self.ring().seal(purpose, content)
    }

    /// Opens what [`seal`](Self::seal) made for the same purpose.
    ///
    /// # Errors
    /// [`SealError`]: another purpose, a data key that is not ours, or altered bytes; which of them is not to be known.
    pub fn open_sealed(
        &self,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, SealError> {
        self.ring().unseal(purpose, sealed)
    }

    /// A keyed digest: to look a secret up, or to compare it, without keeping it.
    pub fn digest(&self, purpose: &str, content: &[u8]) -> [u8; 32] {
        self.ring().digest(purpose, content)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets([redacted])")
    }
}
