//! Who simulated nodes are: ids, fingerprints, and one key for all of them, since making a key takes longer than all
//! the rest of a registration. Kept in a file, a fleet comes back as the same nodes. Not for: registering.

use muster_protocol::{
    ids::{IdError, ManagedNodeId, Region},
    signing::rsa::{KeyError, NodeKey},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{Arc, OnceLock},
};

/// A registered node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeIdentity {
    /// What the server calls it.
    pub id: ManagedNodeId,
    /// What it registered with.
    pub fingerprint: String,
}

/// Registered nodes of one region with one key.
#[derive(Debug, Clone)]
pub struct Identities {
    /// The region that they registered in.
    pub region: Region,
    /// The key of each of them.
    pub key: Arc<NodeKey>,
    /// The nodes.
    pub nodes: Vec<NodeIdentity>,
}

/// Why identities cannot be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file.
    #[error("the file of identities: {0}")]
    File(#[from] io::Error),
    /// What is in it.
    #[error("the file of identities is not valid: {0}")]
    Content(#[from] serde_json::Error),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The region.
    #[error(transparent)]
    Id(#[from] IdError),
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    region: Region,
    key: String,
    nodes: Vec<NodeIdentity>,
}

impl Identities {
    /// No nodes yet, with the key of this process.
    ///
    /// # Errors
    /// A region that is none, or no key for lack of randomness.
    pub fn none(region: &str) -> Result<Self, IdentityError> {
        Ok(Self { region: Region::parse(region)?, key: shared_key()?, nodes: Vec::new() })
    }

    /// Reads a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// A file that is missing or another.
    pub fn load(path: &Path) -> Result<Self, IdentityError> {
        let OnDisk { region, key, nodes } = serde_json::from_slice(&fs::read(path)?)?;
        Ok(Self { region, key: Arc::new(NodeKey::from_pkcs1_base64(&key)?), nodes })
    }

    /// Writes a file that its owner alone can read.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), IdentityError> {
        let key = self.key.to_pkcs1_base64()?.to_string();
        let text =
            serde_json::to_vec(&OnDisk { region: self.region.clone(), key, nodes: self.nodes.clone() })?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(&text)?;
        Ok(file.sync_all()?)
    }

    /// The first `count` of them, or all.
    #[must_use]
    pub fn first(mut self, count: usize) -> Self {
        self.nodes.truncate(count);
        self
    }
}

/// One key for all simulated nodes of this process.
fn shared_key() -> Result<Arc<NodeKey>, KeyError> {
    static KEY: OnceLock<Result<Arc<NodeKey>, KeyError>> = OnceLock::new();
    KEY.get_or_init(|| NodeKey::generate().map(Arc::new)).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn come_back_from_their_file() {
        let path = std::env::temp_dir().join(format!("identities-{}", uuid::Uuid::new_v4()));
        let mut identities = Identities::none("eu-test-1").unwrap();
        identities.nodes = vec![NodeIdentity { id: ManagedNodeId::random(), fingerprint: "f".to_owned() }; 3];
        identities.save(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        let loaded = Identities::load(&path).unwrap().first(2);
        fs::remove_file(&path).unwrap();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!((loaded.nodes.len(), &loaded.nodes[0]), (2, &identities.nodes[0]));
        assert_eq!(loaded.key.public_spki_base64(), identities.key.public_spki_base64());
        assert!(matches!(Identities::load(&path), Err(IdentityError::File(_))));
    }
}
