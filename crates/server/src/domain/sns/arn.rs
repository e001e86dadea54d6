//! ARNs of topics and subscriptions, and what may be a topic's name.

use super::{Invalid, invalid};
use muster_ids::{AccountId, Region, Tenant};

/// A topic that may exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicName {
    /// Account and region.
    pub(crate) tenant: Tenant,
    /// Its name.
    pub(crate) name: String,
}

impl TopicName {
    /// `arn:aws:sns:REGION:ACCOUNT:NAME`.
    pub(crate) fn arn(&self) -> String {
        crate::arn::of("sns", &self.tenant, &self.name)
    }
}

/// Reads a topic's ARN that came as `parameter`.
pub(crate) fn topic(parameter: &str, arn: &str) -> Result<TopicName, Invalid> {
    match parts(parameter, arn)?.as_slice() {
        ["arn", "aws", "sns", region, account, name] if is_name(name) => {
            match (Region::parse(region), AccountId::parse(account)) {
                (Ok(region), Ok(account)) => {
                    Ok(TopicName { tenant: Tenant::new(account, region), name: (*name).to_owned() })
                }
                _ => invalid(parameter),
            }
        }
        _ => invalid(parameter),
    }
}

/// Reads a subscription's ARN: its topic and its id.
pub(crate) fn subscription(arn: &str) -> Result<(TopicName, String), Invalid> {
    const PARAMETER: &str = "SubscriptionArn";
    let parts = parts(PARAMETER, arn)?;
    match parts.as_slice() {
        [.., id] if parts.len() == 7 && is_id(id) => {
            let of = topic(PARAMETER, arn.strip_suffix(id).unwrap_or(arn).trim_end_matches(':'))?;
            Ok((of, (*id).to_owned()))
        }
        _ => invalid("SubscriptionId"),
    }
}

/// The ARN of a subscription.
pub(crate) fn of_subscription(tenant: &Tenant, topic: &str, id: &str) -> String {
    crate::arn::of("sns", tenant, &format!("{topic}:{id}"))
}

fn parts<'a>(parameter: &str, arn: &'a str) -> Result<Vec<&'a str>, Invalid> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.len() {
        1 if arn.is_empty() && parameter == "SubscriptionArn" => {
            invalid(format_args!("{parameter} Reason: no value for required parameter"))
        }
        count @ 0..6 => {
            invalid(format_args!("{parameter} Reason: An ARN must have at least 6 elements, not {count}"))
        }
        _ => Ok(parts),
    }
}

/// Letters, digits, hyphens, underscores; 1 to 256.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=256).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_id(id: &str) -> bool {
    id.len() == 36 && uuid::Uuid::try_parse(id).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn arns_are_read_as_they_are_written() {
        let name = topic("TopicArn", "arn:aws:sns:us-east-1:123456789012:a-B_9").unwrap();
        assert_eq!(name.arn(), "arn:aws:sns:us-east-1:123456789012:a-B_9");
        let (of, id) = subscription(&of_subscription(&name.tenant, &name.name, ID)).unwrap();
        assert_eq!((of, id.as_str()), (name, ID));
    }

    #[test]
    fn refusals_are_those_of_aws() {
        for (arn, text) in [
            ("", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            ("randomstring", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            ("a:b:c:d:e", "TopicArn Reason: An ARN must have at least 6 elements, not 5"),
            ("arn:aws:sqs:r:123456789012:x", "TopicArn"),
            ("arn:aws:sns:r:123456789012:x:y", "TopicArn"),
            ("arn:aws:sns:r:123:x", "TopicArn"),
            ("arn:aws:sns:r:123456789012:", "TopicArn"),
            ("arn:aws:sns:r:123456789012:a b", "TopicArn"),
        ] {
            assert_eq!(topic("TopicArn", arn).unwrap_err().0, format!("Invalid parameter: {text}"), "{arn}");
        }
        for (arn, text) in [
            ("", "SubscriptionArn Reason: no value for required parameter"),
            ("x", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
            ("arn:aws:sns:r:123456789012:x", "SubscriptionId"),
            ("arn:aws:sns:r:123456789012:x:no-uuid", "SubscriptionId"),
            (&format!("arn:aws:sqs:r:123456789012:x:{ID}"), "SubscriptionArn"),
        ] {
            assert_eq!(subscription(arn).unwrap_err().0, format!("Invalid parameter: {text}"), "{arn}");
        }
    }
}
