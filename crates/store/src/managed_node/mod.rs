//! Managed nodes: who they are, what they last said of themselves, which replica holds their channel. Not for: what
//! makes a node online (the caller gives the moment), or its tags, which are in [`crate::tag`].

mod connection;
mod key;
mod select;

pub use connection::{clear_connected, clear_replica, set_connected, touch_ping_many};
pub use key::{confirm_new_key, replace_key, request_rotation};
pub use select::{
    Column, Listing, Predicate, Test, count_by, find, find_in, find_many, ids_by_tags, is_connected, page,
};

use crate::{Batch, Expect, Row, StoreError, params, tag};
use muster_ids::{ActivationId, ConnectionId, ManagedNodeId, ReplicaId, Tenant};

/// A row of `managed_node`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedNode {
    /// Its id, unique over all tenants.
    pub id: ManagedNodeId,
    /// Account and region.
    pub tenant: Tenant,
    /// What it registered under.
    pub activation_id: Option<ActivationId>,
    /// Name from its activation.
    pub name: Option<String>,
    /// Role that its credentials stand for: a name, or a path and a name.
    pub iam_role: String,
    /// When it registered.
    pub registered_ms: i64,
    /// What it takes its hardware for.
    pub fingerprint: String,
    /// Its key.
    pub key: NodeKey,
    /// What it last said of itself.
    pub information: Information,
    /// Its last sign of life; none before its first.
    pub last_ping_ms: Option<i64>,
    /// The replica that holds its control channel.
    pub connected_replica: Option<ReplicaId>,
    /// That channel.
    pub connection_id: Option<ConnectionId>,
    /// When that channel was opened.
    pub connected_ms: Option<i64>,
    /// When the last channel was lost.
    pub disconnected_ms: Option<i64>,
}

impl ManagedNode {
    /// Whether a replica holds its control channel.
    pub fn connected(&self) -> bool {
        self.connected_replica.is_some()
    }
}

/// The key a node signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKey {
    /// SubjectPublicKeyInfo, DER.
    pub public: Vec<u8>,
    /// `Rsa`.
    pub kind: String,
    /// 1 for the key of the registration, then one more for each change.
    pub generation: i64,
    /// When it came.
    pub created_ms: i64,
    /// The key before, which stays good until the first signature by the new one.
    pub previous: Option<Vec<u8>>,
    /// The node shall be told to change its key.
    pub rotate_requested: bool,
}

/// What a node says of itself. `None` means that it never said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Information {
    /// `amazon-ssm-agent`, `muster-agent`.
    pub agent_name: Option<String>,
    /// Version of the agent.
    pub agent_version: Option<String>,
    /// `Active`, or a stage of an update.
    pub agent_status: Option<String>,
    /// `Linux`, `Windows`, `MacOS`.
    pub platform_type: Option<String>,
    /// Name of the operating system.
    pub platform_name: Option<String>,
    /// Its version.
    pub platform_version: Option<String>,
    /// Host name.
    pub computer_name: Option<String>,
    /// Its address as it sees itself.
    pub ip_address: Option<String>,
    /// Zone, on clouds that have them.
    pub availability_zone: Option<String>,
    /// Id of the zone.
    pub availability_zone_id: Option<String>,
    /// `ssmmessages`, `ec2messages`, or empty when it does not know.
    pub connection_channel: Option<String>,
}

const SELECT: &str = "SELECT node_id, account_id, region, activation_id, name, iam_role, registered_ms, fingerprint, \
    public_key, public_key_type, key_generation, key_created_ms, previous_public_key, rotate_requested, \
    agent_name, agent_version, agent_status, platform_type, platform_name, platform_version, computer_name, \
    ip_address, availability_zone, availability_zone_id, connection_channel, last_ping_ms, connected_replica, \
    connection_id, connected_ms, disconnected_ms FROM managed_node";

fn from_row(row: &Row) -> Result<ManagedNode, StoreError> {
    let text = |column| Ok::<_, StoreError>(row.opt_text(column)?.map(str::to_owned));
    Ok(ManagedNode {
        id: row.parse(0)?,
        tenant: Tenant::new(row.parse(1)?, row.parse(2)?),
        activation_id: row.opt_parse(3)?,
        name: text(4)?,
        iam_role: row.text(5)?.to_owned(),
        registered_ms: row.int(6)?,
        fingerprint: row.text(7)?.to_owned(),
        key: NodeKey {
            public: row.blob(8)?.to_vec(),
            kind: row.text(9)?.to_owned(),
            generation: row.int(10)?,
            created_ms: row.int(11)?,
            previous: row.opt_blob(12)?.map(<[u8]>::to_vec),
            rotate_requested: row.bool(13)?,
        },
        information: Information {
            agent_name: text(14)?,
            agent_version: text(15)?,
            agent_status: text(16)?,
            platform_type: text(17)?,
            platform_name: text(18)?,
            platform_version: text(19)?,
            computer_name: text(20)?,
            ip_address: text(21)?,
            availability_zone: text(22)?,
            availability_zone_id: text(23)?,
            connection_channel: text(24)?,
        },
        last_ping_ms: row.opt_int(25)?,
        connected_replica: row.opt_parse(26)?,
        connection_id: row.opt_parse(27)?,
        connected_ms: row.opt_int(28)?,
        disconnected_ms: row.opt_int(29)?,
    })
}

/// A node as it registers: of no information and without a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its new id.
    pub id: ManagedNodeId,
    /// Account and region.
    pub tenant: Tenant,
    /// What it registers under.
    pub activation_id: Option<ActivationId>,
    /// Its name.
    pub name: Option<String>,
    /// Its role.
    pub iam_role: String,
    /// Now.
    pub registered_ms: i64,
    /// What it takes its hardware for.
    pub fingerprint: String,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// `Rsa`.
    pub public_key_type: String,
}

/// Adds a node. [`StoreError::Duplicate`] if its id is taken.
pub fn insert(node: &Registration) -> Batch {
    Batch::of(
        "INSERT INTO managed_node (node_id, account_id, region, activation_id, name, iam_role, registered_ms, \
         fingerprint, public_key, public_key_type, key_generation, key_created_ms, rotate_requested) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?7, 0)",
        params![
            node.id.as_str(),
            node.tenant.account.as_str(),
            node.tenant.region.as_str(),
            node.activation_id.as_ref().map(ActivationId::as_str),
            node.name.as_deref(),
            &*node.iam_role,
            node.registered_ms,
            &*node.fingerprint,
            &*node.public_key,
            &*node.public_key_type,
        ],
        Expect::Exactly(1),
    )
}

/// Removes a node and its tags. A conflict means that the tenant has no such node.
pub fn delete(tenant: &Tenant, node: &ManagedNodeId) -> Batch {
    let mut batch = Batch::of(
        "DELETE FROM managed_node WHERE node_id = ?1 AND account_id = ?2 AND region = ?3",
        params![node.as_str(), tenant.account.as_str(), tenant.region.as_str()],
        Expect::Exactly(1),
    );
    batch.append(tag::remove_all(tag::Resource::node(tenant, node)));
    batch
}

/// Changes nothing, but holds the node's row until the batch ends: put it in front of what must not outlive the
/// node. A conflict means that the tenant has no such node.
pub fn require(tenant: &Tenant, node: &ManagedNodeId) -> Batch {
    Batch::of(
        "UPDATE managed_node SET iam_role = iam_role WHERE node_id = ?1 AND account_id = ?2 AND region = ?3",
        params![node.as_str(), tenant.account.as_str(), tenant.region.as_str()],
        Expect::Exactly(1),
    )
}

/// Gives a node another role. A conflict means that the tenant has no such node.
pub fn set_role(tenant: &Tenant, node: &ManagedNodeId, iam_role: &str) -> Batch {
    Batch::of(
        "UPDATE managed_node SET iam_role = ?4 WHERE node_id = ?1 AND account_id = ?2 AND region = ?3",
        params![node.as_str(), tenant.account.as_str(), tenant.region.as_str(), iam_role],
        Expect::Exactly(1),
    )
}

/// Takes a heart-beat: what it says replaces what was known, what it leaves out stays, and it is a sign of life. A
/// conflict means that there is no such node.
pub fn update_information(node: &ManagedNodeId, information: &Information, now_ms: i64) -> Batch {
    let Information {
        agent_name,
        agent_version,
        agent_status,
        platform_type,
        platform_name,
        platform_version,
        computer_name,
        ip_address,
        availability_zone,
        availability_zone_id,
        connection_channel,
    } = information;
    Batch::of(
        "UPDATE managed_node SET \
         last_ping_ms = CASE WHEN last_ping_ms > ?2 THEN last_ping_ms ELSE ?2 END, \
         agent_name = COALESCE(?3, agent_name), agent_version = COALESCE(?4, agent_version), \
         agent_version_key = COALESCE(?5, agent_version_key), agent_status = COALESCE(?6, agent_status), \
         platform_type = COALESCE(?7, platform_type), platform_name = COALESCE(?8, platform_name), \
         platform_version = COALESCE(?9, platform_version), computer_name = COALESCE(?10, computer_name), \
         ip_address = COALESCE(?11, ip_address), availability_zone = COALESCE(?12, availability_zone), \
         availability_zone_id = COALESCE(?13, availability_zone_id), \
         connection_channel = COALESCE(?14, connection_channel) \
         WHERE node_id = ?1",
        params![
            node.as_str(),
            now_ms,
            agent_name.as_deref(),
            agent_version.as_deref(),
            agent_version.as_deref().map(select::version_key),
            agent_status.as_deref(),
            platform_type.as_deref(),
            platform_name.as_deref(),
            platform_version.as_deref(),
            computer_name.as_deref(),
            ip_address.as_deref(),
            availability_zone.as_deref(),
            availability_zone_id.as_deref(),
            connection_channel.as_deref(),
        ],
        Expect::Exactly(1),
    )
}

#[cfg(test)]
mod tests;
