//! Service settings: which there are, what they may be, and what they are if nobody changed them. AWS documents the
//! values that they take and few of the defaults. Not for: what they do.

use muster_ids::Tenant;

/// Which tier new parameters get.
pub(crate) const DEFAULT_PARAMETER_TIER: &str = "/ssm/parameter-store/default-parameter-tier";
/// The role of nodes without one.
const DEFAULT_HOST_ROLE: &str = "/ssm/managed-instance/default-ec2-instance-management-role";
/// In place of a role.
const NO_ROLE: &str = "$None";

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    /// `/ssm/…`
    pub(crate) id: &'static str,
    /// Its value if nobody changed it.
    pub(crate) default: &'static str,
    values: Values,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    /// One of these.
    OneOf(&'static [&'static str]),
    /// The name of a log group.
    LogGroup,
    /// The name of a role, with its path in front if it has one.
    Role,
}

const fn one_of(id: &'static str, default: &'static str, values: &'static [&'static str]) -> Setting {
    Setting { id, default, values: Values::OneOf(values) }
}

const SETTINGS: [Setting; 10] = [
    one_of("/ssm/appmanager/appmanager-enabled", "False", &["True", "False"]),
    one_of("/ssm/automation/customer-script-log-destination", "None", &["CloudWatch", "None"]),
    Setting {
        id: "/ssm/automation/customer-script-log-group-name",
        default: "/aws/ssm/automation/executeScript",
        values: Values::LogGroup,
    },
    one_of("/ssm/automation/enable-adaptive-concurrency", "False", &["True", "False"]),
    one_of("/ssm/documents/console/public-sharing-permission", "Enable", &["Enable", "Disable"]),
    one_of("/ssm/managed-instance/activation-tier", "standard", &["standard", "advanced"]),
    Setting { id: DEFAULT_HOST_ROLE, default: NO_ROLE, values: Values::Role },
    one_of("/ssm/opsinsights/opscenter", "Disabled", &["Enabled", "Disabled"]),
    one_of(DEFAULT_PARAMETER_TIER, "Standard", &["Standard", "Advanced", "Intelligent-Tiering"]),
    one_of("/ssm/parameter-store/high-throughput-enabled", "false", &["true", "false"]),
];

impl Setting {
    /// The setting of this id, or of its ARN in this tenant.
    pub(crate) fn find(text: &str, tenant: &Tenant) -> Option<&'static Self> {
        let own = arn(tenant, "");
        let id = text.strip_prefix(&*own).unwrap_or(text);
        SETTINGS.iter().find(|setting| setting.id == id)
    }

    /// Its ARN.
    pub(crate) fn arn(&self, tenant: &Tenant) -> String {
        arn(tenant, self.id)
    }

    /// Whether it can have this value.
    pub(crate) fn takes(&self, value: &str) -> bool {
        match self.values {
            Values::OneOf(values) => values.contains(&value),
            Values::LogGroup => {
                let letter = |letter: char| {
                    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '/' | '#')
                };
                value.len() <= 512 && value.chars().all(letter)
            }
            Values::Role => value == NO_ROLE || is_role(value),
        }
    }

    /// The role that a value passes to Systems Manager.
    pub(crate) fn passed_role<'a>(&self, value: &'a str) -> Option<&'a str> {
        (self.values == Values::Role && value != NO_ROLE).then_some(value)
    }
}

/// The ARN of a setting, whether there is such a one or not.
pub(crate) fn arn(tenant: &Tenant, id: &str) -> String {
    crate::arn::of("ssm", tenant, &format!("servicesetting{id}"))
}

fn is_role(value: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "+=,.@_-/".contains(letter);
    let name = value.rsplit('/').next().unwrap_or_default();
    (1..=64).contains(&name.len()) && value.len() <= 512 + 64 && value.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;

    #[test]
    fn settings_are_found_by_id_and_by_their_own_arn() {
        let tenant = tenant("r");
        for setting in &SETTINGS {
            assert_eq!(Setting::find(setting.id, &tenant), Some(setting));
            let arn = setting.arn(&tenant);
            assert_eq!(arn, format!("arn:aws:ssm:r:123456789012:servicesetting{}", setting.id));
            assert_eq!(Setting::find(&arn, &tenant), Some(setting));
            assert!(setting.takes(setting.default), "{}", setting.id);
        }
        for unknown in [
            "/ssm/x",
            "",
            "ssm/opsinsights/opscenter",
            "arn:aws:ssm:r:999999999999:servicesetting/ssm/opsinsights/opscenter",
            "arn:aws:ssm:s:123456789012:servicesetting/ssm/opsinsights/opscenter",
        ] {
            assert_eq!(Setting::find(unknown, &tenant), None, "{unknown}");
        }
    }

    #[test]
    fn values_are_those_that_aws_documents() {
        let tenant = tenant("r");
        let takes = |id: &str, value: &str| Setting::find(id, &tenant).unwrap().takes(value);
        assert!(takes(DEFAULT_PARAMETER_TIER, "Intelligent-Tiering"));
        assert!(!takes(DEFAULT_PARAMETER_TIER, "standard"));
        assert!(takes(DEFAULT_HOST_ROLE, "service-role/R"));
        assert!(!takes(DEFAULT_HOST_ROLE, "arn:aws:iam::1:role/R"));
        assert!(!takes(DEFAULT_HOST_ROLE, "path/"));
        assert!(takes("/ssm/automation/customer-script-log-group-name", "/my/group"));
        assert!(!takes("/ssm/automation/customer-script-log-group-name", "my group"));
        let role = Setting::find(DEFAULT_HOST_ROLE, &tenant).unwrap();
        assert_eq!(role.passed_role("R"), Some("R"));
        assert_eq!(role.passed_role(NO_ROLE), None);
    }
}
