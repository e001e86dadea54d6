//! AWS-managed policies: under the ARNs, ids and dates that they have at AWS, with the permissions that AWS documents.
//! They belong to no account and are the same for all. Of each, the default version alone exists here; descriptions are
//! our own words. Not for: policies that accounts make.

use jiff::Timestamp;
use muster_policy::{Kind, Policy};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, LazyLock, OnceLock},
};

const SOURCES: &[&str] = &[
    include_str!("../../../policies/AWSCloudTrail_FullAccess.json"),
    include_str!("../../../policies/AWSCloudTrail_ReadOnlyAccess.json"),
    include_str!("../../../policies/AWSDenyAll.json"),
    include_str!("../../../policies/AWSKeyManagementServicePowerUser.json"),
    include_str!("../../../policies/AWSSSMOpsInsightsServiceRolePolicy.json"),
    include_str!("../../../policies/AWSSystemsManagerAccountDiscoveryServicePolicy.json"),
    include_str!("../../../policies/AWSSystemsManagerOpsDataSyncServiceRolePolicy.json"),
    include_str!("../../../policies/AdministratorAccess.json"),
    include_str!("../../../policies/AmazonEC2FullAccess.json"),
    include_str!("../../../policies/AmazonEC2ReadOnlyAccess.json"),
    include_str!("../../../policies/AmazonEC2RoleforSSM.json"),
    include_str!("../../../policies/AmazonS3FullAccess.json"),
    include_str!("../../../policies/AmazonS3ReadOnlyAccess.json"),
    include_str!("../../../policies/AmazonSNSFullAccess.json"),
    include_str!("../../../policies/AmazonSNSReadOnlyAccess.json"),
    include_str!("../../../policies/AmazonSNSRole.json"),
    include_str!("../../../policies/AmazonSSMAutomationApproverAccess.json"),
    include_str!("../../../policies/AmazonSSMAutomationRole.json"),
    include_str!("../../../policies/AmazonSSMDirectoryServiceAccess.json"),
    include_str!("../../../policies/AmazonSSMFullAccess.json"),
    include_str!("../../../policies/AmazonSSMMaintenanceWindowRole.json"),
    include_str!("../../../policies/AmazonSSMManagedEC2InstanceDefaultPolicy.json"),
    include_str!("../../../policies/AmazonSSMManagedInstanceCore.json"),
    include_str!("../../../policies/AmazonSSMPatchAssociation.json"),
    include_str!("../../../policies/AmazonSSMReadOnlyAccess.json"),
    include_str!("../../../policies/AmazonSSMServiceRolePolicy.json"),
    include_str!("../../../policies/CloudWatchAgentAdminPolicy.json"),
    include_str!("../../../policies/CloudWatchAgentServerPolicy.json"),
    include_str!("../../../policies/CloudWatchLogsFullAccess.json"),
    include_str!("../../../policies/CloudWatchLogsReadOnlyAccess.json"),
    include_str!("../../../policies/CloudWatchReadOnlyAccess.json"),
    include_str!("../../../policies/IAMFullAccess.json"),
    include_str!("../../../policies/IAMReadOnlyAccess.json"),
    include_str!("../../../policies/IAMUserChangePassword.json"),
    include_str!("../../../policies/PowerUserAccess.json"),
    include_str!("../../../policies/ReadOnlyAccess.json"),
    include_str!("../../../policies/ResourceGroupsandTagEditorFullAccess.json"),
    include_str!("../../../policies/ResourceGroupsandTagEditorReadOnlyAccess.json"),
    include_str!("../../../policies/SecretsManagerReadWrite.json"),
    include_str!("../../../policies/SecurityAudit.json"),
    include_str!("../../../policies/ViewOnlyAccess.json"),
];

/// What the ARNs of all of them begin with; path and name follow.
const ARN_PREFIX: &str = "arn:aws:iam::aws:policy";

/// By ARN. A source that cannot be read would be missing; the tests show that none is.
static POLICIES: LazyLock<BTreeMap<String, ManagedPolicy>> = LazyLock::new(|| {
    SOURCES.iter().filter_map(|source| read(source).ok()).map(|policy| (policy.arn.clone(), policy)).collect()
});

/// A policy that AWS manages.
#[derive(Debug)]
pub(crate) struct ManagedPolicy {
    /// `AmazonSSMManagedInstanceCore`
    pub(crate) name: &'static str,
    /// `/`, `/service-role/`, …
    pub(crate) path: &'static str,
    /// `arn:aws:iam::aws:policy/…`
    pub(crate) arn: String,
    /// `ANPA…`
    pub(crate) id: &'static str,
    /// The default version, `v4`.
    pub(crate) version: &'static str,
    /// When AWS made it, milliseconds since the epoch.
    pub(crate) created_ms: i64,
    /// When AWS made the default version, milliseconds since the epoch.
    pub(crate) updated_ms: i64,
    /// What it is for.
    pub(crate) description: &'static str,
    /// The document of the default version, as JSON.
    pub(crate) document: &'static str,
    compiled: OnceLock<Option<Arc<Policy>>>,
}

impl ManagedPolicy {
    /// The document, compiled once.
    pub(crate) fn policy(&self) -> Option<&Arc<Policy>> {
        let compile = || Policy::parse(self.document, Kind::Identity).ok().map(Arc::new);
        self.compiled.get_or_init(compile).as_ref()
    }

    /// Whether users, groups and roles of an account may have it: what is for service-linked roles they may not.
    pub(crate) fn is_attachable(&self) -> bool {
        self.path != "/aws-service-role/"
    }
}

/// The policy of this ARN. AWS's letters count.
pub(crate) fn find(arn: &str) -> Option<&'static ManagedPolicy> {
    POLICIES.get(arn)
}

/// All of them, by ARN.
pub(crate) fn all() -> impl Iterator<Item = &'static ManagedPolicy> {
    POLICIES.values()
}

/// Whether an ARN could only be one of these policies.
pub(crate) fn is_arn(arn: &str) -> bool {
    arn.strip_prefix(ARN_PREFIX).is_some_and(|rest| rest.starts_with('/'))
}

/// A source, as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: &'static str,
    path: &'static str,
    id: &'static str,
    version: &'static str,
    created: &'static str,
    updated: &'static str,
    description: &'static str,
    #[serde(borrow)]
    document: &'static RawValue,
}

fn read(source: &'static str) -> Result<ManagedPolicy, Box<dyn Error>> {
    let source: Source = serde_json::from_str(source)?;
    let time = |text: &str| text.parse::<Timestamp>().map(Timestamp::as_millisecond);
    Ok(ManagedPolicy {
        name: source.name,
        path: source.path,
        arn: format!("{ARN_PREFIX}{}{}", source.path, source.name),
        id: source.id,
        version: source.version,
        created_ms: time(source.created)?,
        updated_ms: time(source.updated)?,
        description: source.description,
        document: source.document.get(),
        compiled: OnceLock::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_source_is_read_and_compiles() {
        let policies: Vec<_> = SOURCES.iter().map(|source| read(source).unwrap()).collect();
        assert_eq!(all().count(), SOURCES.len());
        for policy in &policies {
            let parsed = Policy::parse(policy.document, Kind::Identity);
            assert!(parsed.is_ok(), "{}: {parsed:?}", policy.name);
            assert!(policy.id.starts_with("ANPA") && policy.id.len() == 21, "{}", policy.id);
            assert!(policy.created_ms <= policy.updated_ms, "{}", policy.name);
            assert!(is_arn(&policy.arn));
            assert!(find(&policy.arn).is_some_and(|found| found.policy().is_some()));
        }
        let distinct =
            |key: fn(&ManagedPolicy) -> &'static str| policies.iter().map(key).collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(|policy| policy.id), policies.len());
        assert_eq!(distinct(|policy| policy.name), policies.len());
    }

    #[test]
    fn policies_are_found_where_aws_has_them() {
        for name in [
            "AdministratorAccess",
            "AmazonSSMFullAccess",
            "AmazonSSMManagedInstanceCore",
            "AmazonSSMReadOnlyAccess",
            "CloudWatchAgentServerPolicy",
            "ReadOnlyAccess",
            "aws-service-role/AmazonSSMServiceRolePolicy",
            "job-function/ViewOnlyAccess",
            "service-role/AmazonEC2RoleforSSM",
            "service-role/AmazonSSMAutomationRole",
            "service-role/AmazonSSMMaintenanceWindowRole",
        ] {
            assert!(find(&format!("arn:aws:iam::aws:policy/{name}")).is_some(), "{name}");
        }
        for arn in [
            "arn:aws:iam::aws:policy/amazonssmfullaccess",
            "arn:aws:iam::aws:policy/AmazonSSMAutomationRole",
            "arn:aws:iam::123456789012:policy/AdministratorAccess",
            "arn:aws:iam::aws:policy/",
            "AdministratorAccess",
        ] {
            assert!(find(arn).is_none(), "{arn}");
        }
        assert!(
            !find("arn:aws:iam::aws:policy/aws-service-role/AmazonSSMServiceRolePolicy")
                .unwrap()
                .is_attachable()
        );
    }
}
