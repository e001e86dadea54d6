//! AWS's hard limits, as settings. Not for: limits that the wire format itself sets.

use muster_service_model::OperationSchema;
use serde::Deserialize;

const HOUR_MS: i64 = 3_600_000;

/// AWS's limits, with AWS's values as defaults. `[limits]` in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest body of an API call, bytes.
    pub request_body_bytes: usize,
    /// Longest life of an activation, milliseconds: 30 days.
    pub activation_lifetime_ms: i64,
    /// Life of an activation without an expiration date, milliseconds: 24 hours.
    pub activation_default_lifetime_ms: i64,
    /// Tags on one resource.
    pub tags_per_resource: usize,
    /// Users of an account.
    pub users: usize,
    /// Groups of an account.
    pub groups: usize,
    /// Groups that one user is in.
    pub groups_per_user: usize,
    /// Access keys of one user, active or not.
    pub access_keys_per_user: usize,
    /// Characters of all inline policies of a role together, white space not counted.
    pub role_policy_characters: usize,
    /// Characters of all inline policies of a user together, white space not counted.
    pub user_policy_characters: usize,
    /// Characters of all inline policies of a group together, white space not counted.
    pub group_policy_characters: usize,
    /// Characters of a managed policy, white space not counted.
    pub managed_policy_characters: usize,
    /// Characters of a role's trust policy, white space not counted.
    pub trust_policy_characters: usize,
    /// Managed policies attached to one user, group or role.
    pub attached_policies: usize,
    /// Versions of a managed policy.
    pub policy_versions: usize,
    /// Managed policies that an account makes.
    pub policies: usize,
    /// Roles of an account.
    pub roles: usize,
    /// Instance profiles of an account.
    pub instance_profiles: usize,
    /// Life of a node's temporary credentials, milliseconds: one hour.
    pub node_credentials_lifetime_ms: i64,
    /// A node whose key is older than this is told to change it, milliseconds; 0 means never.
    pub node_key_lifetime_ms: i64,
    /// A node is Online for so long after its last sign of life, milliseconds: 5 minutes.
    pub ping_timeout_ms: i64,
    /// Characters of a step's stdout in the API.
    pub stdout_characters: usize,
    /// Characters of a step's stderr in the API.
    pub stderr_characters: usize,
    /// Largest full output of one stream of a step, bytes.
    pub output_bytes: u64,
    /// Commands and their outputs are kept for so long after their end, milliseconds: 30 days.
    pub command_retention_ms: i64,
    /// Names in one call of GetParameters or DeleteParameters.
    pub parameter_names: i64,
    /// Parameters on one page of GetParametersByPath, at most.
    pub parameters_per_page: i64,
    /// Characters of a parameter's value in the standard tier.
    pub parameter_standard_characters: usize,
    /// Characters of a parameter's value in the advanced tier.
    pub parameter_advanced_characters: usize,
    /// Standard parameters of an account in a region.
    pub standard_parameters: i64,
    /// Advanced parameters of an account in a region.
    pub advanced_parameters: i64,
    /// Versions of a parameter that are kept.
    pub parameter_versions: i64,
    /// Labels on one version of a parameter.
    pub parameter_version_labels: usize,
    /// Aliases of one key of KMS.
    pub kms_aliases_per_key: usize,
    /// Rotations of one key of KMS on demand, ever.
    pub kms_on_demand_rotations: usize,
    /// Longest policy of a key of KMS, bytes.
    pub kms_policy_bytes: usize,
    /// Connections at a time; 0 means as many as the process may open files, less a reserve.
    pub connections: usize,
    /// TLS handshakes at a time; more wait their turn.
    pub handshakes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_body_bytes: 2 << 20,
            activation_lifetime_ms: 30 * 24 * HOUR_MS,
            activation_default_lifetime_ms: 24 * HOUR_MS,
            tags_per_resource: 50,
            users: 5_000,
            groups: 300,
            groups_per_user: 10,
            access_keys_per_user: 2,
            role_policy_characters: 10_240,
            user_policy_characters: 2_048,
            group_policy_characters: 5_120,
            managed_policy_characters: 6_144,
            trust_policy_characters: 2_048,
            attached_policies: 10,
            policy_versions: 5,
            policies: 1_500,
            roles: 1_000,
            instance_profiles: 1_000,
            node_credentials_lifetime_ms: HOUR_MS,
            node_key_lifetime_ms: 0,
            ping_timeout_ms: 5 * 60_000,
            stdout_characters: 24_000,
            stderr_characters: 8_000,
            output_bytes: 1 << 30,
            command_retention_ms: 30 * 24 * HOUR_MS,
            parameter_names: 10,
            parameters_per_page: 10,
            parameter_standard_characters: 4096,
            parameter_advanced_characters: 8192,
            standard_parameters: 10_000,
            advanced_parameters: 100_000,
            parameter_versions: 100,
            parameter_version_labels: 10,
            kms_aliases_per_key: 50,
            kms_on_demand_rotations: 25,
            kms_policy_bytes: 32 << 10,
            connections: 0,
            handshakes: 256,
        }
    }
}

impl Limits {
    /// The member of an operation's input whose bound in the model is a setting here.
    pub(crate) fn lifted(&self, operation: &OperationSchema) -> Option<(&'static str, i64)> {
        match (operation.service, operation.name) {
            ("ssm", "GetParameters" | "DeleteParameters") => Some(("Names", self.parameter_names)),
            ("ssm", "GetParametersByPath") => Some(("MaxResults", self.parameters_per_page)),
            _ => None,
        }
    }

    /// The first value that cannot work: the server would refuse everything.
    pub(super) fn check(&self) -> Result<(), String> {
        // Agents treat the last ten minutes of their credentials as expired already.
        const LEAST_CREDENTIALS_MS: i64 = 20 * 60_000;
        let at_least = |name: &str, value: i128, least: i128| {
            (value >= least).then_some(()).ok_or_else(|| format!("limits.{name} must be {least} or more"))
        };
        at_least("request_body_bytes", self.request_body_bytes as i128, 1024)?;
        at_least("activation_lifetime_ms", self.activation_lifetime_ms.into(), 1)?;
        at_least("activation_default_lifetime_ms", self.activation_default_lifetime_ms.into(), 1)?;
        at_least(
            "node_credentials_lifetime_ms",
            self.node_credentials_lifetime_ms.into(),
            LEAST_CREDENTIALS_MS.into(),
        )?;
        at_least("node_key_lifetime_ms", self.node_key_lifetime_ms.into(), 0)?;
        at_least("ping_timeout_ms", self.ping_timeout_ms.into(), 1000)?;
        at_least("parameter_names", self.parameter_names.into(), 1)?;
        at_least("parameters_per_page", self.parameters_per_page.into(), 1)?;
        at_least("parameter_standard_characters", self.parameter_standard_characters as i128, 1)?;
        at_least("parameter_advanced_characters", self.parameter_advanced_characters as i128, 1)?;
        at_least("parameter_versions", self.parameter_versions.into(), 1)?;
        at_least("handshakes", self.handshakes as i128, 1)
    }
}
