//! Keys at rest and everything derived from them: sealed values, temporary credentials, page tokens, channel
//! tokens.
//!
//! One master key opens everything. Each use has a purpose, a key derived for it, and the purpose bound into
//! what is sealed: a page token never passes for a session token. Tokens hold their own content, sealed, so no
//! replica keeps a table of them. Not for: the signatures themselves, which are the protocol's.

mod file;
mod master;
mod random;
mod session;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use file::{read_private, write_private};
pub use master::{MasterKeyError, SealError};
pub use random::{random_alphanumeric, random_bytes};
pub use session::{Claims, KeyClaims, NodeClaims, RoleClaims, Session, SessionCredentials};

pub(crate) use random::{
    account_of_key_id, random_access_key_id, random_digits, random_identity_id, random_secret_access_key,
};
pub(crate) use session::deflate;

use master::MasterKey;
use std::{fmt, path::Path};

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

/// The master key and its uses.
pub struct Secrets {
    master: MasterKey,
}

impl Secrets {
    /// Opens `DATA_DIR/master.key`, or makes it. The caller holds the folder's lock.
    ///
    /// # Errors
    /// [`MasterKeyError`]: not readable, of another length, or open to other users.
    pub fn open(data_dir: &Path) -> Result<Self, MasterKeyError> {
        Ok(Self { master: MasterKey::open(&data_dir.join("master.key"))? })
    }

    /// A key that lasts as long as the value: for tests.
    pub fn ephemeral() -> Self {
        Self { master: MasterKey::new(random_bytes()) }
    }

    /// Encrypts for a purpose. The same content sealed twice looks different.
    pub fn seal(&self, purpose: &str, content: &[u8]) -> Vec<u8> {
        self.master.seal(purpose, content)
    }

    /// Opens what [`seal`](Self::seal) made for the same purpose.
    ///
    /// # Errors
    /// [`SealError`]: another purpose, another master key, or altered bytes; which of them is not to be known.
    pub fn open_sealed(
        &self,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, SealError> {
        self.master.unseal(purpose, sealed)
    }

    /// A keyed digest: to look a secret up, or to compare it, without keeping it.
    pub fn digest(&self, purpose: &str, content: &[u8]) -> [u8; 32] {
        self.master.digest(purpose, content)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets([redacted])")
    }
}
