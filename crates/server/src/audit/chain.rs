//! The chain of an account's files: hashes that nobody without the master key can make. Each file's covers the row
//! that describes it and the hash of the file before; the proof of the chain covers its two ends. Not for: the store.

use crate::secrets::Secrets;
use aws_lc_rs::{constant_time, hmac};
use muster_ids::AccountId;
use muster_store::audit::{AuditChain, AuditFile};

/// What stands before the first file.
pub(super) const NOTHING: [u8; 32] = [0; 32];

/// The keys of all chains.
#[derive(Debug)]
pub(super) struct ChainKey(hmac::Key);

impl ChainKey {
    /// The key under this master key.
    pub(super) fn new(secrets: &Secrets) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &secrets.digest("audit-chain", b"")))
    }

    /// The hash of a file, as it should be.
    pub(super) fn hash(&self, file: &AuditFile) -> Vec<u8> {
        let AuditFile { tenant, sequence, key, first_ms, last_ms, events, bytes, sealed_ms, .. } = file;
        let mut parts = Parts::new(&self.0, "file");
        parts.text(tenant.account.as_str()).text(tenant.region.as_str()).text(key);
        [sequence, first_ms, last_ms, events, bytes, sealed_ms].into_iter().for_each(|n| parts.number(*n));
        parts.bytes(&file.sha256).bytes(&file.summary).bytes(&file.previous_hash);
        parts.finish()
    }

    /// The proof of a chain's row, as it should be.
    pub(super) fn proof(&self, chain: &AuditChain) -> Vec<u8> {
        let AuditChain {
            account, first_sequence, anchor, last_sequence, hash, removed_events, breaks, ..
        } = chain;
        let mut parts = Parts::new(&self.0, "chain");
        parts.text(account.as_str()).bytes(anchor).bytes(hash);
        [first_sequence, last_sequence, removed_events, breaks].into_iter().for_each(|n| parts.number(*n));
        parts.finish()
    }

    /// Whether the row is as we wrote it.
    pub(super) fn is_proven(&self, chain: &AuditChain) -> bool {
        constant_time::verify_slices_are_equal(&self.proof(chain), &chain.proof).is_ok()
    }

    /// The chain with its proof.
    pub(super) fn proven(&self, mut chain: AuditChain) -> AuditChain {
        chain.proof = self.proof(&chain);
        chain
    }

    /// The 16 characters that end the name of a file: the same for the same events, however often they are sealed.
    pub(super) fn file_name(&self, segment: &str, account: &str, region: &str) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut parts = Parts::new(&self.0, "name");
        parts.text(segment).text(account).text(region);
        let hash = parts.finish();
        let letters = hash.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 62)));
        letters.take(16).map(|letter| char::from(*letter)).collect()
    }
}

/// A chain without files.
pub(super) fn empty(account: &AccountId) -> AuditChain {
    AuditChain {
        account: account.clone(),
        first_sequence: 1,
        anchor: NOTHING.to_vec(),
        last_sequence: 0,
        hash: NOTHING.to_vec(),
        removed_events: 0,
        breaks: 0,
        proof: Vec::new(),
    }
}

/// Parts of what is hashed, each with its length before it, so that no two lists of parts look the same.
struct Parts(hmac::Context);

impl Parts {
    fn new(key: &hmac::Key, label: &str) -> Self {
        let mut parts = Self(hmac::Context::with_key(key));
        parts.text(label);
        parts
    }

    fn bytes(&mut self, part: &[u8]) -> &mut Self {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    fn text(&mut self, part: &str) -> &mut Self {
        self.bytes(part.as_bytes())
    }

    fn number(&mut self, part: i64) {
        self.bytes(&part.to_be_bytes());
    }

    fn finish(self) -> Vec<u8> {
        self.0.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;
    use proptest::prelude::*;

    fn file() -> AuditFile {
        AuditFile {
            tenant: tenant("r"),
            sequence: 4,
            key: "key".to_owned(),
            first_ms: 1,
            last_ms: 2,
            events: 3,
            bytes: 100,
            sealed_ms: 5,
            sha256: vec![1; 32],
            summary: vec![2; 16],
            previous_hash: vec![3; 32],
            hash: Vec::new(),
        }
    }

    #[test]
    fn every_column_counts() {
        let secrets = Secrets::ephemeral();
        let key = ChainKey::new(&secrets);
        let hash = key.hash(&file());
        assert_eq!(ChainKey::new(&secrets).hash(&file()), hash);
        assert_ne!(ChainKey::new(&Secrets::ephemeral()).hash(&file()), hash);
        let changes: [fn(&mut AuditFile); 10] = [
            |file| file.tenant = tenant("s"),
            |file| file.sequence += 1,
            |file| file.key.push('x'),
            |file| file.first_ms += 1,
            |file| file.last_ms += 1,
            |file| file.events -= 1,
            |file| file.bytes += 1,
            |file| file.sealed_ms += 1,
            |file| file.summary.push(0),
            |file| std::mem::swap(&mut file.sha256, &mut file.previous_hash),
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut changed = file();
            change(&mut changed);
            assert_ne!(key.hash(&changed), hash, "change {place}");
        }

        let chain = key.proven(empty(&tenant("r").account));
        assert!(key.is_proven(&chain));
        let changes: [fn(&mut AuditChain); 6] = [
            |chain| chain.first_sequence += 1,
            |chain| chain.last_sequence += 1,
            |chain| chain.anchor = vec![1; 32],
            |chain| chain.hash = vec![1; 32],
            |chain| chain.removed_events += 1,
            |chain| chain.breaks += 1,
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut changed = chain.clone();
            change(&mut changed);
            assert!(!key.is_proven(&changed), "change {place}");
        }
    }

    proptest! {
        #[test]
        fn every_bit_of_bytes_counts(at in 0_usize..80, bit in 0_u8..8) {
            let key = ChainKey::new(&Secrets::ephemeral());
            let mut changed = file();
            let place = match at {
                0..32 => &mut changed.sha256[at],
                32..48 => &mut changed.summary[at - 32],
                _ => &mut changed.previous_hash[at - 48],
            };
            *place ^= 1 << bit;
            prop_assert_ne!(key.hash(&changed), key.hash(&file()));
        }
    }
}
