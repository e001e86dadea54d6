//! The policies that keys are born with. Not for: what they mean.

use crate::arn;
use muster_ids::{AccountId, Tenant};
use serde_json::{Value, json};

/// Of a key that is made without a policy: the account's own policies decide.
pub(crate) fn of_customer(account: &AccountId) -> String {
    pretty(&json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": arn::iam(account, "root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    }))
}

/// Of a key that a service made for itself: whoever in the account may use the service uses the key through it, and
/// nobody uses it without.
pub(crate) fn of_service(tenant: &Tenant, service: &str) -> String {
    let name = service.to_uppercase();
    pretty(&json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-1"),
        "Statement": [
            {
                "Sid": format!("Allow access through {name} for all principals in the account that are authorized to use {name}"),
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": [
                    "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
                    "kms:DescribeKey"
                ],
                "Resource": "*",
                "Condition": { "StringEquals": {
                    "kms:CallerAccount": tenant.account.as_str(),
                    "kms:ViaService": via(tenant, service),
                } },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": arn::iam(&tenant.account, "root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }))
}

/// `kms:ViaService` of a call that a service makes for its caller.
pub(crate) fn via(tenant: &Tenant, service: &str) -> String {
    format!("{service}.{}.amazonaws.com", tenant.region)
}

fn pretty(document: &Value) -> String {
    format!("{document:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;
    use muster_policy::{Kind, Policy};

    #[test]
    fn they_are_policies() {
        let tenant = tenant("us-east-1");
        for document in [of_customer(&tenant.account), of_service(&tenant, "ssm")] {
            Policy::parse(&document, Kind::Resource).unwrap();
        }
        assert!(of_service(&tenant, "ssm").contains("\"ssm.us-east-1.amazonaws.com\""));
    }
}
