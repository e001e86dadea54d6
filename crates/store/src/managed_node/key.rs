//! Change of a node's key. For a while two keys are good: the node cannot know whether its call to change it
//! arrived, so the old key ends only when the new one has been used.

use crate::{Batch, Expect, params};
use muster_ids::ManagedNodeId;

/// The new key was used for a signature: the old one is no longer good. Nothing happens if `public_key` is not the
/// node's current key, or no old key is left.
pub fn confirm_new_key(node: &ManagedNodeId, public_key: &[u8]) -> Batch {
    Batch::of(
        "UPDATE managed_node SET previous_public_key = NULL \
         WHERE node_id = ?1 AND public_key = ?2 AND previous_public_key IS NOT NULL",
        params![node.as_str(), public_key],
        Expect::Any,
    )
}

/// Takes a new key in place of the one of this generation, in one step. The key that the node proved to have stays
/// good: the current one, or the one before if the current one was never used. A conflict means that the key was changed
/// meanwhile, or the node is gone.
pub fn replace_key(
    node: &ManagedNodeId,
    generation: i64,
    public_key: &[u8],
    public_key_type: &str,
    now_ms: i64,
) -> Batch {
    Batch::of(
        "UPDATE managed_node SET previous_public_key = COALESCE(previous_public_key, public_key), public_key = ?3, \
         public_key_type = ?4, key_generation = key_generation + 1, key_created_ms = ?5, rotate_requested = 0 \
         WHERE node_id = ?1 AND key_generation = ?2",
        params![node.as_str(), generation, public_key, public_key_type, now_ms],
        Expect::Exactly(1),
    )
}

/// The node shall be told to change its key when it next asks for credentials. A conflict means that there is no
/// such node.
pub fn request_rotation(node: &ManagedNodeId) -> Batch {
    Batch::of(
        "UPDATE managed_node SET rotate_requested = 1 WHERE node_id = ?1",
        params![node.as_str()],
        Expect::Exactly(1),
    )
}
