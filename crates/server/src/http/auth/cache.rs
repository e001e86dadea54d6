//! Derived signing keys: four HMACs and an unsealing saved per request; and session tokens that were opened. Not for:
//! whether a key may still sign, or a session still speaks for somebody, which is read from the store each time.

use crate::secrets::Session;
use muster_protocol::signing::sigv4::{SignedRequest, SigningKey};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
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

/// Sessions by their access key ids, with the token that was opened: only that one is it.
#[derive(Default)]
pub(super) struct SessionCache {
    sessions: Mutex<HashMap<String, (String, Arc<Session>)>>,
}

impl SessionCache {
    pub(super) fn get(&self, access_key_id: &str, token: &str) -> Option<Arc<Session>> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(access_key_id).filter(|(of, _)| of == token).map(|(_, session)| Arc::clone(session))
    }

    pub(super) fn put(&self, access_key_id: &str, token: &str, session: &Arc<Session>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= CAPACITY && !sessions.contains_key(access_key_id) {
            sessions.clear();
        }
        sessions.insert(access_key_id.to_owned(), (token.to_owned(), Arc::clone(session)));
    }
}

impl fmt::Debug for SessionCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionCache([redacted])")
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyCache([redacted])")
    }
}
