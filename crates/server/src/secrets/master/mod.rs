//! The master key: wraps data keys and nothing else. Three kinds: a file in the data folder, a key of KMS, a key of
//! Vault's Transit engine. Not for: which data keys there are, and when they are wrapped again.

mod error;
mod file;
mod kms;
mod vault;

pub use error::MasterKeyError;
pub(super) use file::{MasterFile, MasterFiles};

use super::data_key::{DataKey, KEY_LENGTH};
use crate::config;
use kms::Kms;
use muster_outbound::Client;
use muster_store::data_key::Wrapping;
use vault::Vault;
use zeroize::Zeroizing;

/// A master key that is outside of this server.
pub(super) enum External {
    Kms(Kms),
    Vault(Vault),
}

impl External {
    /// The one that is configured; none if it is the file.
    pub(super) fn new(config: &config::MasterKey, client: &Client) -> Option<Self> {
        match config {
            config::MasterKey::File => None,
            config::MasterKey::Kms(key) => Some(Self::Kms(Kms::new(key.clone(), client.clone()))),
            config::MasterKey::Vault(key) => Some(Self::Vault(Vault::new(key.clone(), client.clone()))),
        }
    }

    /// Whether a master key of this id is one that it reaches.
    pub(super) fn reaches(&self, master_key_id: &str) -> bool {
        master_key_id.starts_with(match self {
            Self::Kms(_) => kms::PREFIX,
            Self::Vault(_) => vault::PREFIX,
        })
    }

    async fn wrap(
        &self,
        now_ms: i64,
        number: u32,
        payload: &[u8],
    ) -> Result<(String, Vec<u8>), MasterKeyError> {
        match self {
            Self::Kms(kms) => kms.wrap(now_ms, number, payload).await,
            Self::Vault(vault) => vault.wrap(payload).await,
        }
    }

    async fn unwrap(&self, now_ms: i64, wrapping: &Wrapping) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
        match self {
            Self::Kms(kms) => kms.unwrap(now_ms, wrapping).await,
            Self::Vault(vault) => vault.unwrap(wrapping).await,
        }
    }
}

/// What wraps.
pub(super) enum Wrapper<'a> {
    File(&'a MasterFile),
    External(&'a External),
}

impl Wrapper<'_> {
    /// A data key under the master key.
    pub(super) async fn wrap(
        &self,
        now_ms: i64,
        number: u32,
        key: &DataKey,
    ) -> Result<Wrapping, MasterKeyError> {
        let payload = payload(number, key.bytes());
        let (master_key_id, wrapped) = match self {
            Self::File(file) => (file.id(), file.wrap(&payload)),
            Self::External(external) => external.wrap(now_ms, number, &payload).await?,
        };
        Ok(Wrapping { number, master_key_id, wrapped })
    }

    /// The data key again.
    pub(super) async fn unwrap(&self, now_ms: i64, wrapping: &Wrapping) -> Result<DataKey, MasterKeyError> {
        let payload = match self {
            Self::File(file) => file.unwrap(&wrapping.wrapped).map_err(|_| MasterKeyError::Damaged)?,
            Self::External(external) => external.unwrap(now_ms, wrapping).await?,
        };
        open_payload(wrapping.number, &payload).ok_or(MasterKeyError::Damaged)
    }
}

/// What is wrapped: the number in front, so that one data key never passes for another.
fn payload(number: u32, key: &[u8; KEY_LENGTH]) -> Zeroizing<Vec<u8>> {
    let mut payload = Zeroizing::new(number.to_be_bytes().to_vec());
    payload.extend_from_slice(key);
    payload
}

fn open_payload(number: u32, payload: &[u8]) -> Option<DataKey> {
    let (found, key) = payload.split_first_chunk::<4>()?;
    let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
    if *found != number.to_be_bytes() || key.len() != KEY_LENGTH {
        return None;
    }
    bytes.copy_from_slice(key);
    Some(DataKey::new(bytes))
}
