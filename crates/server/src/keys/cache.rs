//! What every use of a key needs and no use changes: unsealed material by its id, compiled policies by their revision.
//! Both are read once from the store; a key's row, which is read at each use, says which of them count. Not for: rows.

use crate::domain::kms::ciphertext::MaterialId;
use muster_ids::KeyId;
use muster_policy::Policy;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};
use zeroize::Zeroizing;

/// 32 bytes that encrypt; wiped when the last user lets go.
pub(super) type Bytes = Arc<Zeroizing<[u8; 32]>>;

/// Entries of each kind; beyond, all are forgotten and read again as they are needed.
const CAPACITY: usize = 10_000;

/// Material and policies of the keys that this replica has used.
#[derive(Default)]
pub(crate) struct Keys {
    materials: RwLock<HashMap<MaterialId, (KeyId, Bytes)>>,
    policies: RwLock<HashMap<KeyId, (i64, Arc<Policy>)>>,
}

impl Keys {
    pub(super) fn material(&self, key: &KeyId, id: &MaterialId) -> Option<Bytes> {
        let materials = self.materials.read().unwrap_or_else(PoisonError::into_inner);
        materials.get(id).filter(|(owner, _)| owner == key).map(|(_, bytes)| Arc::clone(bytes))
    }

    pub(super) fn keep_material(&self, key: &KeyId, id: MaterialId, bytes: &Bytes) {
        let mut materials = self.materials.write().unwrap_or_else(PoisonError::into_inner);
        if materials.len() >= CAPACITY {
            materials.clear();
        }
        materials.insert(id, (key.clone(), Arc::clone(bytes)));
    }

    pub(super) fn policy(&self, key: &KeyId, revision: i64) -> Option<Arc<Policy>> {
        let policies = self.policies.read().unwrap_or_else(PoisonError::into_inner);
        policies.get(key).filter(|(known, _)| *known == revision).map(|(_, policy)| Arc::clone(policy))
    }

    pub(super) fn keep_policy(&self, key: &KeyId, revision: i64, policy: &Arc<Policy>) {
        let mut policies = self.policies.write().unwrap_or_else(PoisonError::into_inner);
        if policies.len() >= CAPACITY {
            policies.clear();
        }
        policies.insert(key.clone(), (revision, Arc::clone(policy)));
    }

    /// Forgets a key that is gone.
    pub(crate) fn forget(&self, key: &KeyId) {
        self.materials.write().unwrap_or_else(PoisonError::into_inner).retain(|_, (owner, _)| owner != key);
        self.policies.write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys([redacted])")
    }
}
