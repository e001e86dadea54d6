//! The data keys that this replica has unwrapped: one seals, all of them open. Not for: where they come from.

use super::data_key::{DataKey, KEY_LENGTH, SealError, number};
use muster_store::data_key as rows;
use std::{collections::BTreeMap, sync::Arc};
use zeroize::Zeroizing;

/// Data keys by number. Never empty of number 0.
#[derive(Clone)]
pub(super) struct Ring {
    keys: BTreeMap<u32, (rows::DataKey, Arc<DataKey>)>,
    first: Arc<DataKey>,
    active: u32,
}

impl Ring {
    /// A ring of these keys at this time; none without number 0.
    pub(super) fn new(keys: Vec<(rows::DataKey, Arc<DataKey>)>, now_ms: i64) -> Option<Self> {
        let keys: BTreeMap<_, _> = keys.into_iter().map(|(row, key)| (row.number, (row, key))).collect();
        let (_, first) = keys.get(&0)?;
        let first = Arc::clone(first);
        Some(Self { keys, first, active: 0 }.at(now_ms))
    }

    /// A ring of one key.
    pub(super) fn of_one(key: DataKey) -> Self {
        let (row, first) = (rows::DataKey { number: 0, created_ms: 0, active_ms: 0 }, Arc::new(key));
        Self { keys: BTreeMap::from([(0, (row, Arc::clone(&first)))]), first, active: 0 }
    }

    /// With the key that seals at this time: the newest whose time has come.
    pub(super) fn at(mut self, now_ms: i64) -> Self {
        let come = self.keys.values().filter(|(row, _)| row.active_ms <= now_ms);
        self.active = come.map(|(row, _)| row.number).max().unwrap_or(0);
        self
    }

    /// With another key.
    pub(super) fn with(mut self, row: rows::DataKey, key: Arc<DataKey>) -> Self {
        self.keys.insert(row.number, (row, key));
        self
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.keys.contains_key(&number)
    }

    /// All keys, by number.
    pub(super) fn keys(&self) -> impl Iterator<Item = (u32, &DataKey)> {
        self.keys.iter().map(|(number, (_, key))| (*number, &**key))
    }

    /// The number that a further key gets.
    pub(super) fn next_number(&self) -> u32 {
        self.keys.last_key_value().map_or(0, |(number, _)| number.saturating_add(1))
    }

    pub(super) fn seal(&self, purpose: &str, content: &[u8]) -> Vec<u8> {
        match self.keys.get(&self.active) {
            Some((_, key)) => key.seal(self.active, purpose, content),
            None => self.first.seal(0, purpose, content),
        }
    }

    pub(super) fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (number, rest) = number(sealed)?;
        let (_, key) = self.keys.get(&number).ok_or(SealError)?;
        key.unseal(purpose, rest)
    }

    /// Digests name no key and are compared for ever, so they are all under the first.
    pub(super) fn digest(&self, purpose: &str, content: &[u8]) -> [u8; KEY_LENGTH] {
        self.first.digest(purpose, content)
    }
}
