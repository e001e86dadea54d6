//! Derived signing keys of stored access keys: four HMACs and an unsealing saved per request. Not for: whether a
//! key may still sign, which is read from the store each time.

use muster_protocol::signing::sigv4::{SignedRequest, SigningKey};
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

/// Keys times regions times services in use at a time; beyond it the cache starts anew.
const CAPACITY: usize = 1024;

/// Only keys whose signature was good come in, so strangers cannot push others out.
#[derive(Default)]
pub(super) struct KeyCache {
    keys: Mutex<HashMap<Scope, Entry>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Scope {
    access_key_id: String,
    scope: String,
}

struct Entry {
    /// What the key was derived from: a changed secret is another one.
    sealed: Vec<u8>,
    key: SigningKey,
}

impl Scope {
    fn of(signed: &SignedRequest) -> Self {
        Self { access_key_id: signed.access_key_id.clone(), scope: signed.scope() }
    }
}

impl KeyCache {
    pub(super) fn get(&self, signed: &SignedRequest, sealed: &[u8]) -> Option<SigningKey> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(&Scope::of(signed)).filter(|entry| entry.sealed == sealed).map(|entry| entry.key.clone())
    }

    pub(super) fn put(&self, signed: &SignedRequest, sealed: Vec<u8>, key: SigningKey) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let scope = Scope::of(signed);
        if keys.len() >= CAPACITY && !keys.contains_key(&scope) {
            keys.clear();
        }
        keys.insert(scope, Entry { sealed, key });
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyCache([redacted])")
    }
}
