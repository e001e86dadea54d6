//! Roles that belong to services: each service's role has a name and a policy of AWS's choice. Here are those of Systems
//! Manager. Not for: roles that the account makes for a service.

/// A service that has a role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServiceRole {
    /// `ssm.amazonaws.com`
    pub(crate) service: &'static str,
    /// The role's name.
    pub(crate) role: &'static str,
    /// ARN of the policy that it has.
    pub(crate) policy_arn: &'static str,
}

const ALL: &[ServiceRole] = &[
    ServiceRole {
        service: "accountdiscovery.ssm.amazonaws.com",
        role: "AWSServiceRoleForAmazonSSM_AccountDiscovery",
        policy_arn: "arn:aws:iam::aws:policy/aws-service-role/AWSSystemsManagerAccountDiscoveryServicePolicy",
    },
    ServiceRole {
        service: "opsdatasync.ssm.amazonaws.com",
        role: "AWSServiceRoleForSystemsManagerOpsDataSync",
        policy_arn: "arn:aws:iam::aws:policy/aws-service-role/AWSSystemsManagerOpsDataSyncServiceRolePolicy",
    },
    ServiceRole {
        service: "opsinsights.ssm.amazonaws.com",
        role: "AWSServiceRoleForAmazonSSM_OpsInsights",
        policy_arn: "arn:aws:iam::aws:policy/aws-service-role/AWSSSMOpsInsightsServiceRolePolicy",
    },
    ServiceRole {
        service: "ssm.amazonaws.com",
        role: "AWSServiceRoleForAmazonSSM",
        policy_arn: "arn:aws:iam::aws:policy/aws-service-role/AmazonSSMServiceRolePolicy",
    },
];

/// The role of a service, if it has one.
pub(crate) fn of(service: &str) -> Option<&'static ServiceRole> {
    ALL.iter().find(|role| role.service == service)
}

impl ServiceRole {
    /// The role's path.
    pub(crate) fn path(&self) -> String {
        format!("/aws-service-role/{}/", self.service)
    }

    /// The trust policy: the service alone may assume it.
    pub(crate) fn trust_policy(&self) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}}"#,
            self.service
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::iam::managed;
    use muster_policy::{Kind, Policy};

    #[test]
    fn each_has_a_policy_that_exists_and_a_trust_policy() {
        for role in ALL {
            assert!(managed::find(role.policy_arn).is_some(), "{}", role.policy_arn);
            assert!(Policy::parse(&role.trust_policy(), Kind::Trust).is_ok());
            assert_eq!(of(role.service), Some(role));
        }
        assert_eq!(of("ec2.amazonaws.com"), None);
    }
}
