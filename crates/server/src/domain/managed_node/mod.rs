//! Rules of managed nodes: who is online, which of them a caller's filters mean, how they are counted, when a key is
//! to be changed.

mod attribute;
mod information_filter;
mod node_filter;
mod property_filter;
mod summary;

pub(crate) use attribute::{Attribute, Comparison};
pub(crate) use information_filter::{FilterError, information_predicates};
pub(crate) use node_filter::{INSTANCE_STATUS, NodeScope, node_predicates};
pub(crate) use property_filter::{PropertyFilterError, property_predicates};
pub(crate) use summary::groupings;

/// The one type of resource that registers here.
pub(crate) const RESOURCE_TYPE: &str = "ManagedInstance";

/// The one type of source that registers here.
pub(crate) const SOURCE_TYPE: &str = "AWS::SSM::ManagedInstance";

/// The moment after which a node must have shown a sign of life to be online without a channel.
pub(crate) fn online_after_ms(now_ms: i64, timeout_ms: i64) -> i64 {
    now_ms.saturating_sub(timeout_ms)
}

/// Whether a node is `Online`, else it is `ConnectionLost`: it holds a control channel, or showed a sign of life a
/// short while ago. A node that registered and was never heard of again is not. (`Inactive` is never reported, nor
/// does AWS report it any more.) The store's `Predicate::Online` says the same in SQL.
pub(crate) fn is_online(now_ms: i64, last_ping_ms: Option<i64>, connected: bool, timeout_ms: i64) -> bool {
    connected || last_ping_ms.is_some_and(|ping| ping > online_after_ms(now_ms, timeout_ms))
}

/// Whether a node shall change its key: somebody asked for it, or the key is older than a key may be (0: it may be
/// of any age).
pub(crate) fn must_rotate(
    now_ms: i64,
    key_created_ms: i64,
    rotate_requested: bool,
    key_lifetime_ms: i64,
) -> bool {
    rotate_requested || (key_lifetime_ms > 0 && now_ms.saturating_sub(key_created_ms) >= key_lifetime_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_of_life_lasts_for_the_timeout() {
        for (now, ping, connected, expected) in [
            (1_000, None, false, false),
            (1_000, None, true, true),
            (1_000, Some(701), false, true),
            (1_000, Some(700), false, false),
            (1_000, Some(0), true, true),
            (1_000, Some(9_999), false, true),
        ] {
            assert_eq!(is_online(now, ping, connected, 300), expected, "{now} {ping:?} {connected}");
        }
    }

    #[test]
    fn keys_are_changed_on_request_or_by_age() {
        assert!(must_rotate(0, 0, true, 0));
        assert!(!must_rotate(i64::MAX, 0, false, 0));
        assert!(!must_rotate(99, 0, false, 100));
        assert!(must_rotate(100, 0, false, 100));
    }
}
