//! What an ARN stands for, in CloudTrail's words: a type of CloudFormation, and the resource's own name. Not for:
//! making ARNs.

/// An ARN, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource<'a> {
    /// Where it is; empty for what is in all regions.
    pub(super) region: &'a str,
    /// The owner; empty for what is Amazon's.
    pub(super) account: &'a str,
    /// `AWS::SSM::Parameter`; none for what has no such type.
    pub(super) kind: Option<&'static str>,
    /// `/app/name`, `Bob`; of a key the ARN, as in AWS.
    pub(super) name: String,
}

impl<'a> Resource<'a> {
    /// Reads an ARN; none for anything else, such as `*`.
    pub(super) fn of_arn(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (Some("arn"), Some(_), Some(service), Some(region), Some(account), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let (kind, name) = rest.split_once(['/', ':']).unwrap_or((rest, rest));
        let known = match (service, kind) {
            ("ssm", "parameter") => Some("AWS::SSM::Parameter"),
            ("ssm", "managed-instance") => Some("AWS::SSM::ManagedInstance"),
            ("ssm", "document" | "automation-definition") => Some("AWS::SSM::Document"),
            ("ssm", "association") => Some("AWS::SSM::Association"),
            ("ssm", "automation-execution") => Some("AWS::SSM::AutomationExecution"),
            ("ssm", "maintenancewindow") => Some("AWS::SSM::MaintenanceWindow"),
            ("ssm", "opsitem") => Some("AWS::SSM::OpsItem"),
            ("ssm", "patchbaseline") => Some("AWS::SSM::PatchBaseline"),
            ("ssm", "session") => Some("AWS::SSM::Session"),
            ("ec2", "instance") => Some("AWS::EC2::Instance"),
            ("iam", "user") => Some("AWS::IAM::User"),
            ("iam", "group") => Some("AWS::IAM::Group"),
            ("iam", "role") => Some("AWS::IAM::Role"),
            ("iam", "policy") => Some("AWS::IAM::Policy"),
            ("iam", "instance-profile") => Some("AWS::IAM::InstanceProfile"),
            ("kms", "key") => Some("AWS::KMS::Key"),
            ("kms", "alias") => Some("AWS::KMS::Alias"),
            ("sns", _) => Some("AWS::SNS::Topic"),
            _ => None,
        };
        let name = match (service, kind) {
            // A name with a slash begins with one, which the ARN leaves out.
            ("ssm", "parameter") if name.contains('/') => format!("/{name}"),
            ("iam", _) => name.rsplit('/').next().unwrap_or(name).to_owned(),
            ("ssm" | "ec2", _) => name.to_owned(),
            _ => arn.to_owned(),
        };
        Some(Self { region, account, kind: known, name })
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
            assert_eq!((found.account, found.kind, found.name.as_str()), ("1", kind, name), "{arn}");
        }
        for nothing in ["*", "", "arn:aws:ssm", "a:b:c:d:e:f"] {
            assert_eq!(Resource::of_arn(nothing), None, "{nothing}");
        }
    }
}
