//! Rows of nodes as the API shows them.

use crate::domain::managed_node::{INSTANCE_STATUS, SOURCE_TYPE};
use muster_service_model::{Sensitive, Timestamp};
use muster_ssm_api::{
    InstanceInfo, InstanceInformation, InstanceProperty, ManagedStatus, Node, NodeOwnerInfo, NodeType,
    PingStatus, PlatformType, ResourceType, SourceType,
};
use muster_store::managed_node::ManagedNode;

/// An entry of `DescribeInstanceInformation`. Members on associations are left out, as AWS does until one has run.
pub(super) fn information(node: ManagedNode, online: bool) -> InstanceInformation {
    let last_contact = last_contact(&node);
    let is_latest_version = is_latest_version(&node);
    let known = node.information;
    InstanceInformation {
        instance_id: Some(node.id.to_string()),
        ping_status: Some(ping_status(online)),
        last_ping_date_time: Some(last_contact),
        agent_version: known.agent_version,
        is_latest_version,
        platform_type: platform_type(known.platform_type.as_deref()),
        platform_name: known.platform_name,
        platform_version: known.platform_version,
        activation_id: node.activation_id.map(Into::into),
        iam_role: Some(node.iam_role),
        registration_date: Some(Timestamp::from_millis(node.registered_ms)),
        resource_type: Some(ResourceType::ManagedInstance),
        name: node.name,
        ip_address: known.ip_address.map(Sensitive::from),
        computer_name: known.computer_name,
        source_id: Some(node.id.into()),
        source_type: SourceType::from_wire(SOURCE_TYPE),
        ..InstanceInformation::default()
    }
}

/// An entry of `DescribeInstanceProperties`. Members that speak of EC2 are left out.
pub(super) fn property(node: ManagedNode, online: bool) -> InstanceProperty {
    let last_contact = last_contact(&node);
    let known = node.information;
    InstanceProperty {
        name: node.name,
        instance_id: Some(node.id.to_string()),
        ip_address: known.ip_address.map(Sensitive::from),
        ping_status: Some(ping_status(online)),
        last_ping_date_time: Some(last_contact),
        agent_version: known.agent_version,
        platform_type: platform_type(known.platform_type.as_deref()),
        platform_name: known.platform_name,
        platform_version: known.platform_version,
        activation_id: node.activation_id.map(Into::into),
        iam_role: Some(node.iam_role),
        registration_date: Some(Timestamp::from_millis(node.registered_ms)),
        resource_type: Some(ResourceType::ManagedInstance.as_str().to_owned()),
        computer_name: known.computer_name,
        source_id: Some(node.id.into()),
        source_type: SourceType::from_wire(SOURCE_TYPE),
        availability_zone: known.availability_zone.filter(|zone| !zone.is_empty()),
        ..InstanceProperty::default()
    }
}

/// An entry of `ListNodes`.
pub(super) fn node(node: ManagedNode, online: bool) -> Node {
    let capture_time = last_contact(&node);
    let known = node.information;
    let status = if online { INSTANCE_STATUS.0 } else { INSTANCE_STATUS.1 };
    let instance = InstanceInfo {
        agent_type: known.agent_name,
        agent_version: known.agent_version,
        computer_name: known.computer_name,
        instance_status: Some(status.to_owned()),
        ip_address: known.ip_address.map(Sensitive::from),
        managed_status: Some(ManagedStatus::Managed),
        name: node.name,
        platform_type: platform_type(known.platform_type.as_deref()),
        platform_name: known.platform_name,
        platform_version: known.platform_version,
        resource_type: Some(ResourceType::ManagedInstance),
        source_type: SourceType::from_wire(SOURCE_TYPE),
        source_id: Some(node.id.to_string()),
        availability_zone: known.availability_zone.filter(|zone| !zone.is_empty()),
        availability_zone_id: known.availability_zone_id.filter(|zone| !zone.is_empty()),
        ..InstanceInfo::default()
    };
    Node {
        capture_time: Some(capture_time),
        id: Some(node.id.into()),
        owner: Some(NodeOwnerInfo {
            account_id: Some(node.tenant.account.into()),
            ..NodeOwnerInfo::default()
        }),
        region: Some(node.tenant.region.into()),
        node_type: Some(NodeType { instance: Some(instance) }),
    }
}

fn ping_status(online: bool) -> PingStatus {
    if online { PingStatus::Online } else { PingStatus::ConnectionLost }
}

/// The last time that a node was heard of; its registration, if it was never heard of since.
fn last_contact(node: &ManagedNode) -> Timestamp {
    Timestamp::from_millis(node.last_ping_ms.unwrap_or(node.registered_ms))
}

fn platform_type(known: Option<&str>) -> Option<PlatformType> {
    known.and_then(PlatformType::from_wire)
}

/// Known of our own agent alone, which is released with the server: nobody tells us which official agent is the
/// latest.
fn is_latest_version(node: &ManagedNode) -> Option<bool> {
    let ours = node.information.agent_name.as_deref() == Some("muster-agent");
    let version = node.information.agent_version.as_deref().filter(|_| ours)?;
    Some(version == env!("CARGO_PKG_VERSION"))
}
