//! What can be looked up in a file, as a Bloom filter: it says "no" for certain, or "maybe". So a look-up reads only
//! files that may hold what it wants. Not for: the search itself.

use std::collections::HashSet;

/// Ten bits for a term and seven probes: about one wrong "maybe" in a hundred.
const BITS_PER_TERM: usize = 10;
const PROBES: u64 = 7;
/// A filter grows no larger; beyond some 400,000 terms "maybe" becomes more common.
const MAX_BYTES: usize = 512 << 10;

/// The terms of a file in the making.
#[derive(Debug, Default)]
pub(super) struct Terms(HashSet<u64>);

impl Terms {
    /// Adds a term: an attribute and a value of it.
    pub(super) fn add(&mut self, attribute: &str, value: &str) {
        self.0.insert(hash(attribute, value));
    }

    /// The filter.
    pub(super) fn into_filter(self) -> Vec<u8> {
        let bytes = (self.0.len() * BITS_PER_TERM).div_ceil(8).clamp(8, MAX_BYTES);
        let mut filter = vec![0; bytes];
        for term in self.0 {
            for bit in probes(term, bytes) {
                if let Some(byte) = filter.get_mut(bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
            }
        }
        filter
    }
}

/// Whether the file may hold the term. A filter that cannot be one never says "no".
pub(super) fn may_hold(filter: &[u8], attribute: &str, value: &str) -> bool {
    let set = |bit: usize| filter.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0);
    filter.is_empty() || probes(hash(attribute, value), filter.len()).all(set)
}

fn probes(term: u64, bytes: usize) -> impl Iterator<Item = usize> {
    let bits = (bytes as u64) * 8;
    let (one, other) = (term, mix(term ^ 0x9e37_79b9_7f4a_7c15) | 1);
    (0..PROBES).map(move |probe| {
        usize::try_from(one.wrapping_add(probe.wrapping_mul(other)) % bits).unwrap_or_default()
    })
}

/// FNV-1a with a finish, kept here because files must be read by every later version.
fn hash(attribute: &str, value: &str) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let attribute = attribute.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step);
    mix(value.as_bytes().iter().fold(step(attribute, &0), step))
}

fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_added_is_never_denied(values in proptest::collection::vec(any::<String>(), 0..300)) {
            let mut terms = Terms::default();
            values.iter().for_each(|value| terms.add("EventName", value));
            let filter = terms.into_filter();
            prop_assert!(values.iter().all(|value| may_hold(&filter, "EventName", value)));
        }

        #[test]
        fn any_bytes_are_read(filter in proptest::collection::vec(any::<u8>(), 0..40), value in any::<String>()) {
            may_hold(&filter, "a", &value);
        }
    }

    #[test]
    fn most_of_the_rest_is_denied() {
        let mut terms = Terms::default();
        (0..5_000).for_each(|n| terms.add("EventId", &n.to_string()));
        let filter = terms.into_filter();
        let wrong = (5_000..25_000).filter(|n| may_hold(&filter, "EventId", &n.to_string())).count();
        assert!(wrong < 600, "{wrong} of 20,000");
        assert!(may_hold(&filter, "EventId", "17") && !may_hold(&filter, "EventName", "17"));
    }

    #[test]
    fn the_hash_stays_as_files_have_it() {
        assert_eq!(format!("{:016x}", hash("EventName", "PutParameter")), "24466b3f0867d06d");
    }
}
