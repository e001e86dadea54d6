//! Who holds a node's control channel, and the signs of life that come over it.

use crate::{Batch, Expect, params};
use muster_ids::{ConnectionId, ManagedNodeId, ReplicaId};

/// Notes signs of life: for each node the time of its latest. An older time than the known one changes nothing, nor
/// does a node that is gone.
pub fn touch_ping_many(pings: &[(ManagedNodeId, i64)]) -> Batch {
    let mut batch = Batch::new();
    for (node, ping_ms) in pings {
        batch.push(
            "UPDATE managed_node SET last_ping_ms = ?2 \
             WHERE node_id = ?1 AND (last_ping_ms IS NULL OR last_ping_ms < ?2)",
            params![node.as_str(), *ping_ms],
            Expect::Any,
        );
    }
    batch
}

/// A replica opened this channel at that time: it is the node's channel from now on, whoever held an older one. A
/// conflict means that there is no such node, or that it has a newer channel already.
pub fn set_connected(
    node: &ManagedNodeId,
    replica: &ReplicaId,
    connection: &ConnectionId,
    now_ms: i64,
) -> Batch {
    Batch::of(
        "UPDATE managed_node SET connected_replica = ?2, connection_id = ?3, connected_ms = ?4, \
         last_ping_ms = CASE WHEN last_ping_ms > ?4 THEN last_ping_ms ELSE ?4 END \
         WHERE node_id = ?1 AND (connection_id IS NULL OR connected_ms < ?4)",
        params![node.as_str(), replica.as_str(), connection.as_str(), now_ms],
        Expect::Exactly(1),
    )
}

/// This channel is lost. Nothing happens if the node has another one by now, or is gone.
pub fn clear_connected(node: &ManagedNodeId, connection: &ConnectionId, now_ms: i64) -> Batch {
    Batch::of(
        "UPDATE managed_node SET connected_replica = NULL, connection_id = NULL, disconnected_ms = ?3 \
         WHERE node_id = ?1 AND connection_id = ?2",
        params![node.as_str(), connection.as_str(), now_ms],
        Expect::Any,
    )
}

/// A replica is gone, and its channels with it. They were lost after their last signs of life; nobody knows when.
pub fn clear_replica(replica: &ReplicaId) -> Batch {
    Batch::of(
        "UPDATE managed_node SET connected_replica = NULL, connection_id = NULL, disconnected_ms = last_ping_ms \
         WHERE connected_replica = ?1",
        params![replica.as_str()],
        Expect::Any,
    )
}
