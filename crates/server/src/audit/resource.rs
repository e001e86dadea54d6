//! What an ARN stands for, in CloudTrail's words: a type of CloudFormation, and the resource's own name. Not for:
//! making ARNs.

use std::borrow::Cow;

/// An ARN, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resource<'a> {
    arn: &'a str,
    service: &'a str,
    /// Where it is; empty for what is in all regions.
    pub(super) region: &'a str,
    /// The owner; empty for what is Amazon's.
    pub(super) account: &'a str,
    word: &'a str,
    rest: &'a str,
}

impl<'a> Resource<'a> {
    /// Reads an ARN; none for anything else, such as `*`.
    pub(super) fn of_arn(arn: &'a str) -> Option<Self> {
        let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
        let (_, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let (account, name) = (parts.next()?, parts.next()?);
        let (word, rest) = name.split_once(['/', ':']).unwrap_or((name, name));
        Some(Self { arn, service, region, account, word, rest })
    }

    /// `AWS::SSM::Parameter`; none for what has no such type.
    pub(super) fn kind(&self) -> Option<&'static str> {
        Some(match (self.service, self.word) {
            ("ssm", "parameter") => "AWS::SSM::Parameter",
            ("ssm", "managed-instance") => "AWS::SSM::ManagedInstance",
            ("ssm", "document" | "automation-definition") => "AWS::SSM::Document",
            ("ssm", "association") => "AWS::SSM::Association",
            ("ssm", "automation-execution") => "AWS::SSM::AutomationExecution",
            ("ssm", "maintenancewindow") => "AWS::SSM::MaintenanceWindow",
            ("ssm", "opsitem") => "AWS::SSM::OpsItem",
            ("ssm", "patchbaseline") => "AWS::SSM::PatchBaseline",
            ("ssm", "session") => "AWS::SSM::Session",
            ("ec2", "instance") => "AWS::EC2::Instance",
            ("iam", "user") => "AWS::IAM::User",
            ("iam", "group") => "AWS::IAM::Group",
            ("iam", "role") => "AWS::IAM::Role",
            ("iam", "policy") => "AWS::IAM::Policy",
            ("iam", "instance-profile") => "AWS::IAM::InstanceProfile",
            ("kms", "key") => "AWS::KMS::Key",
            ("kms", "alias") => "AWS::KMS::Alias",
            ("sns", _) => "AWS::SNS::Topic",
            _ => return None,
        })
    }

    /// `/app/name`, `Bob`; of a key the ARN, as in AWS.
    pub(super) fn name(&self) -> Cow<'a, str> {
        match (self.service, self.word) {
            // A name with a slash begins with one, which the ARN leaves out.
            ("ssm", "parameter") if self.rest.contains('/') => Cow::Owned(format!("/{}", self.rest)),
            ("iam", _) => Cow::Borrowed(self.rest.rsplit('/').next().unwrap_or(self.rest)),
            ("ssm" | "ec2", _) => Cow::Borrowed(self.rest),
            _ => Cow::Borrowed(self.arn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_gives_type_owner_and_name() {
        for (arn, kind, name) in [
            ("arn:aws:ssm:r:1:parameter/a/b", Some("AWS::SSM::Parameter"), "/a/b"),
            ("arn:aws:ssm:r:1:parameter/a", Some("AWS::SSM::Parameter"), "a"),
            ("arn:aws:ssm:r:1:managed-instance/mi-1", Some("AWS::SSM::ManagedInstance"), "mi-1"),
            ("arn:aws:iam::1:role/service-role/Nodes", Some("AWS::IAM::Role"), "Nodes"),
            ("arn:aws:iam::1:root", None, "root"),
            ("arn:aws:kms:r:1:key/x", Some("AWS::KMS::Key"), "arn:aws:kms:r:1:key/x"),
            ("arn:aws:sns:r:1:topic", Some("AWS::SNS::Topic"), "arn:aws:sns:r:1:topic"),
            ("arn:aws:ssm:r:1:", None, ""),
        ] {
            let found = Resource::of_arn(arn).unwrap();
            assert_eq!((found.account, found.kind(), found.name().as_ref()), ("1", kind, name), "{arn}");
        }
        for nothing in ["*", "", "arn:aws:ssm", "a:b:c:d:e:f"] {
            assert_eq!(Resource::of_arn(nothing), None, "{nothing}");
        }
    }
}
