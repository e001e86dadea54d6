//! What this replica remembers of every chain besides the database: its newest file. So a database that was put back
//! to an older state shows, although everything in that state is genuine. Not for: anything that is needed to go on;
//! a lost witness costs only this proof.

use crate::secrets::write_private;
use muster_ids::AccountId;
use muster_store::audit::AuditChain;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io, path::PathBuf};

/// The newest file of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Its place.
    pub(super) sequence: i64,
    /// Its hash, hexadecimal.
    pub(super) hash: String,
}

/// The newest file of every chain that this replica added to.
#[derive(Debug)]
pub(super) struct Witness {
    path: PathBuf,
    seen: BTreeMap<AccountId, Seen>,
    changed: bool,
}

impl Witness {
    /// Reads what was remembered. An unreadable memory is none: it is told in the log.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let seen = match fs::read(&path) {
            Ok(content) => serde_json::from_slice(&content).unwrap_or_else(|error| {
                tracing::error!(path = %path.display(), %error, "the audit trail's witness is unreadable");
                BTreeMap::new()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, seen, changed: false })
    }

    /// What is remembered of a chain.
    pub(super) fn of(&self, account: &AccountId) -> Option<Seen> {
        self.seen.get(account).cloned()
    }

    /// Accounts of which something is remembered.
    pub(super) fn accounts(&self) -> Vec<AccountId> {
        self.seen.keys().cloned().collect()
    }

    /// Remembers the end of a chain.
    pub(super) fn note(&mut self, chain: &AuditChain) {
        let seen = Seen { sequence: chain.last_sequence, hash: hex::encode(&chain.hash) };
        self.seen.insert(chain.account.clone(), seen);
        self.changed = true;
    }

    /// Writes it down, if there is anything new.
    pub(super) fn save(&mut self) -> io::Result<()> {
        if self.changed {
            write_private(&self.path, &serde_json::to_vec(&self.seen)?)?;
            self.changed = false;
        }
        Ok(())
    }
}
