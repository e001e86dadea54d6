//! When keys and roles were last used, until a task writes it to the store: a call must not cost a write. What a replica
//! notes in its last seconds before it dies is lost.

use muster_store::access_key::LastUse;
use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

/// Uses since the last writing.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// By access key id.
    keys: Mutex<HashMap<String, LastUse>>,
    /// By unique id of the role.
    roles: Mutex<HashMap<String, LastUse>>,
}

impl Uses {
    /// A signature with this key was good.
    pub(crate) fn key_used(&self, access_key_id: &str, region: &str, service: &str, now_ms: i64) {
        note(&self.keys, access_key_id, region, service, now_ms);
    }

    /// A session of this role called.
    pub(crate) fn role_used(&self, role_id: &str, region: &str, service: &str, now_ms: i64) {
        note(&self.roles, role_id, region, service, now_ms);
    }

    /// The last use of a key, if it is not written yet.
    pub(crate) fn of_key(&self, access_key_id: &str) -> Option<LastUse> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }

    /// The last use of a role, if it is not written yet.
    pub(crate) fn of_role(&self, role_id: &str) -> Option<LastUse> {
        self.roles.lock().unwrap_or_else(PoisonError::into_inner).get(role_id).cloned()
    }

    /// Uses of keys, to be written.
    pub(crate) fn take_keys(&self) -> HashMap<String, LastUse> {
        mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses of roles, to be written.
    pub(crate) fn take_roles(&self) -> HashMap<String, LastUse> {
        mem::take(&mut *self.roles.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn note(uses: &Mutex<HashMap<String, LastUse>>, id: &str, region: &str, service: &str, now_ms: i64) {
    let mut uses = uses.lock().unwrap_or_else(PoisonError::into_inner);
    match uses.get_mut(id) {
        Some(last) => {
            last.time_ms = last.time_ms.max(now_ms);
            if last.region != region || last.service != service {
                (last.region, last.service) = (region.to_owned(), service.to_owned());
            }
        }
        None => {
            let last = LastUse { time_ms: now_ms, region: region.to_owned(), service: service.to_owned() };
            uses.insert(id.to_owned(), last);
        }
    }
}
