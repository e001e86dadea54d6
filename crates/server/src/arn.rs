//! ARNs of the resources that calls are about, in the forms of AWS's Service Authorization Reference. Not for:
//! reading ARNs that come from outside.

use muster_ids::{AccountId, Region, Tenant};

/// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`.
pub(crate) fn of(service: &str, tenant: &Tenant, resource: &str) -> String {
    format!("arn:aws:{service}:{}:{}:{resource}", tenant.region, tenant.account)
}

/// An identity of an account: `user/NAME`, `role/PATH/NAME`, `root`, …
pub(crate) fn iam(account: &AccountId, resource: &str) -> String {
    format!("arn:aws:iam::{account}:{resource}")
}

/// A parameter, or a path of them; one slash stands between the type and the name, whether the name brings it or not.
pub(crate) fn parameter(tenant: &Tenant, name: &str) -> String {
    of("ssm", tenant, &format!("parameter/{}", name.strip_prefix('/').unwrap_or(name)))
}

/// A public parameter, or a path of them: of no account.
pub(crate) fn public_parameter(region: &Region, path: &str) -> String {
    format!("arn:aws:ssm:{region}::parameter{path}")
}

/// A hybrid managed node.
pub(crate) fn managed_instance(tenant: &Tenant, node: &str) -> String {
    of("ssm", tenant, &format!("managed-instance/{node}"))
}

/// A node of any kind: those of EC2 (`i-…`) are EC2's resources.
pub(crate) fn node(tenant: &Tenant, node: &str) -> String {
    if node.starts_with("i-") {
        of("ec2", tenant, &format!("instance/{node}"))
    } else {
        managed_instance(tenant, node)
    }
}

/// A role as callers name it to Systems Manager: its name, with its path in front if it has one.
pub(crate) fn role(account: &AccountId, role: &str) -> String {
    iam(account, &format!("role/{}", role.strip_prefix('/').unwrap_or(role)))
}

/// A document; those of Amazon belong to no account.
pub(crate) fn document(tenant: &Tenant, name: &str) -> String {
    let account =
        if name.starts_with("AWS-") || name.starts_with("Amazon") { "" } else { tenant.account.as_str() };
    format!("arn:aws:ssm:{}:{account}:document/{name}", tenant.region)
}

/// A KMS key by its id.
pub(crate) fn key(tenant: &Tenant, key_id: &str) -> String {
    of("kms", tenant, &format!("key/{key_id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;

    #[test]
    fn names_with_and_without_a_slash_have_the_same_form() {
        let tenant = tenant("r");
        assert_eq!(parameter(&tenant, "/a/b"), "arn:aws:ssm:r:123456789012:parameter/a/b");
        assert_eq!(parameter(&tenant, "a"), "arn:aws:ssm:r:123456789012:parameter/a");
        assert_eq!(node(&tenant, "mi-1"), "arn:aws:ssm:r:123456789012:managed-instance/mi-1");
        assert_eq!(node(&tenant, "i-1"), "arn:aws:ec2:r:123456789012:instance/i-1");
        let service_role = "arn:aws:iam::123456789012:role/service-role/R";
        assert_eq!(role(&tenant.account, "service-role/R"), service_role);
        assert_eq!(role(&tenant.account, "/service-role/R"), service_role);
        assert_eq!(document(&tenant, "AWS-RunShellScript"), "arn:aws:ssm:r::document/AWS-RunShellScript");
    }
}
