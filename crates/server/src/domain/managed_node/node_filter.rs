//! Filters of `ListNodes` and `ListNodesSummary`. Keys are an enumeration of the model; a key that Muster has nothing
//! for (organizational units, source locations) counts as the empty text.

use super::{
    RESOURCE_TYPE, SOURCE_TYPE,
    attribute::{Attribute, Comparison},
};
use muster_ids::Tenant;
use muster_store::managed_node::{Column, Predicate};

/// `InstanceStatus` of a node that is online, and of one that is not. AWS's own list of values is not known.
pub(crate) const INSTANCE_STATUS: (&str, &str) = ("Active", "Inactive");

/// Every node here is managed.
pub(crate) const MANAGED_STATUS: &str = "Managed";

/// What the nodes of a list have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeScope<'a> {
    /// Account and region.
    pub(crate) tenant: &'a Tenant,
}

impl<'a> NodeScope<'a> {
    /// What a filter's or an aggregator's key stands for; `None` if there is no such key.
    pub(crate) fn attribute(self, key: &str) -> Option<Attribute<'a>> {
        Some(match key {
            "AgentType" => Attribute::Column(Column::AgentName),
            "AgentVersion" => Attribute::Column(Column::AgentVersion),
            "ComputerName" => Attribute::Column(Column::ComputerName),
            "InstanceId" | "SourceId" => Attribute::Column(Column::NodeId),
            "InstanceStatus" => Attribute::Online { online: INSTANCE_STATUS.0, lost: INSTANCE_STATUS.1 },
            "IpAddress" => Attribute::Column(Column::IpAddress),
            "ManagedStatus" => Attribute::Fixed(MANAGED_STATUS),
            "PlatformName" => Attribute::Column(Column::PlatformName),
            "PlatformType" => Attribute::Column(Column::PlatformType),
            "PlatformVersion" => Attribute::Column(Column::PlatformVersion),
            "ResourceType" => Attribute::Fixed(RESOURCE_TYPE),
            "Region" => Attribute::Fixed(self.tenant.region.as_str()),
            "AccountId" => Attribute::Fixed(self.tenant.account.as_str()),
            "SourceType" => Attribute::Fixed(SOURCE_TYPE),
            "AvailabilityZone" => Attribute::Column(Column::AvailabilityZone),
            "AvailabilityZoneId" => Attribute::Column(Column::AvailabilityZoneId),
            "OrganizationalUnitId" | "OrganizationalUnitPath" | "SourceLocation" => Attribute::Fixed(""),
            _ => return None,
        })
    }
}

/// The condition of one filter: `Ok(None)` if every node satisfies it, `Err` if there is no such key.
pub(crate) fn node_predicates(
    scope: NodeScope<'_>,
    key: &str,
    comparison: Comparison,
    values: &[String],
) -> Result<Option<Predicate>, ()> {
    let attribute = scope.attribute(key).ok_or(())?;
    // `All` is a value of this key that stands for every other.
    if key == "ManagedStatus" && values.iter().any(|value| value == "All") {
        return Ok((comparison == Comparison::NotEqual).then_some(Predicate::Never));
    }
    Ok(attribute.predicate(comparison, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_ids::{AccountId, Region};

    #[test]
    fn keys_of_the_tenant_and_of_every_node() {
        let tenant = Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse("here").unwrap());
        let scope = NodeScope { tenant: &tenant };
        let parse =
            |key, comparison, value: &str| node_predicates(scope, key, comparison, &[value.to_owned()]);
        use Comparison::{BeginWith, Equal, NotEqual};
        for (key, comparison, value, expected) in [
            ("Region", Equal, "here", Ok(None)),
            ("Region", Equal, "there", Ok(Some(Predicate::Never))),
            ("AccountId", BeginWith, "1234", Ok(None)),
            ("ManagedStatus", Equal, "All", Ok(None)),
            ("ManagedStatus", NotEqual, "All", Ok(Some(Predicate::Never))),
            ("ManagedStatus", Equal, "Unmanaged", Ok(Some(Predicate::Never))),
            ("InstanceStatus", Equal, "Active", Ok(Some(Predicate::Online(true)))),
            ("OrganizationalUnitId", Equal, "ou-1", Ok(Some(Predicate::Never))),
            ("Colour", Equal, "red", Err(())),
        ] {
            assert_eq!(parse(key, comparison, value), expected, "{key} {value}");
        }
        for key in muster_ssm_api::NodeFilterKey::ALL {
            assert!(scope.attribute(key.as_str()).is_some(), "{key}");
        }
    }
}
