//! Why the data keys cannot be had, with what to do about it.

use super::super::data_key::KEY_LENGTH;
use muster_store::StoreError;
use std::{io, path::PathBuf};

/// Why there is no master key, or no data key under it.
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
    /// The database's secrets are under another master key.
    #[error(
        "the database was made with another master key than {}: put the key that belongs to it there, from a \
         backup or from another server of this database", path.display()
    )]
    Other {
        /// The key's file.
        path: PathBuf,
    },
    /// The database's secrets are under a master key elsewhere.
    #[error(
        "the database's keys are under the master key {master_key_id}, which [master_key] does not name: name it \
         there, or under [master_key.previous] to move them"
    )]
    Elsewhere {
        /// Which.
        master_key_id: String,
    },
    /// The provider does not answer, or refuses.
    #[error("the master key {master_key_id} cannot be used: {reason}")]
    Provider {
        /// Which.
        master_key_id: String,
        /// Why not; no secret is in it.
        reason: String,
    },
    /// A data key does not unwrap although its master key is there.
    #[error("a data key in the database is damaged: restore the database from a backup")]
    Damaged,
    /// Another replica changes the master key.
    #[error("another server changed the master key at the same time")]
    Conflict,
    /// The secrets last as long as the process: there is no master key.
    #[error("this server has no master key")]
    None,
    /// The database.
    #[error("cannot read or write the data keys: {0}")]
    Store(#[from] StoreError),
}
